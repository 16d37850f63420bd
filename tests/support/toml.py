"""Writes a configuration: nested mappings in, TOML out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

SECRETS = ("env", "file")


def toml_text(document: Mapping[str, Any]) -> str:
    """The document as TOML; a mapping with ``env`` or ``file`` stays on one line."""
    return "\n".join(_lines(document, ())) + "\n"


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, table by table; None takes a key out."""
    result = dict(base)
    for name, value in changes.items():
        old = result.get(name)
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(old, Mapping):
            result[name] = merged(old, value)
        else:
            result[name] = value
    return result


def _lines(table: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[str]:
    inner = {name: one for name, one in table.items() if _is_table(one)}
    for name, value in table.items():
        if name not in inner:
            yield f"{name} = {_value(value)}"
    for name, value in inner.items():
        path = (*place, name)
        yield f"\n[{'.'.join(path)}]"
        yield from _lines(value, path)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(name in value for name in SECRETS)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{name} = {_value(one)}" for name, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # A JSON string, number or boolean is one of TOML as well.
    return json.dumps(value)
