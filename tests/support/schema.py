"""A small judge of JSON Schema: the words that our own schemas use, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
SAYS_NOTHING = {
    *("title", "description", "default", "$schema", "$defs", "$id", "examples"),
    *("deprecated", "format", "propertyNames"),
}


def conforms(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What of a value is not as the schema wants it; ValueError for an unknown word."""
    return list(_faults(value, schema, schema, "$"))


def _faults(value: Any, schema: Any, root: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(schema, bool):
        if not schema:
            yield f"{at}: nothing may stand here"
        return
    for word, wanted in schema.items():
        judge = _JUDGES.get(word)
        if judge is not None:
            yield from judge(value, wanted, schema, root, at)
        elif word not in SAYS_NOTHING:
            message = f"{at}: this judge does not know {word}"
            raise ValueError(message)


def _ref(v: Any, w: Any, _s: Any, root: Any, at: str) -> Iterator[str]:
    found: Any = root
    for part in w.removeprefix("#/").split("/"):
        found = found[part]
    yield from _faults(v, found, root, at)


def _type(v: Any, w: Any, _s: Any, _r: Any, at: str) -> Iterator[str]:
    names = [w] if isinstance(w, str) else w
    fits = any(
        isinstance(v, TYPES[name]) and (name == "boolean" or not isinstance(v, bool))
        for name in names
    )
    if not fits:
        yield f"{at}: not {w}"


def _properties(v: Any, w: Any, _s: Any, root: Any, at: str) -> Iterator[str]:
    for name in w.keys() & v.keys() if isinstance(v, dict) else ():
        yield from _faults(v[name], w[name], root, f"{at}.{name}")


def _additional(v: Any, w: Any, schema: Any, root: Any, at: str) -> Iterator[str]:
    patterns = schema.get("patternProperties", {})
    for name in v if isinstance(v, dict) else ():
        named = name in schema.get("properties", {})
        if not named and not any(re.search(one, name) for one in patterns):
            yield from _faults(v[name], w, root, f"{at}.{name}")


def _patterns(v: Any, w: Any, _s: Any, root: Any, at: str) -> Iterator[str]:
    for name in v if isinstance(v, dict) else ():
        for pattern, inner in w.items():
            if re.search(pattern, name):
                yield from _faults(v[name], inner, root, f"{at}.{name}")


def _required(v: Any, w: Any, _s: Any, _r: Any, at: str) -> Iterator[str]:
    missing = [name for name in w if isinstance(v, dict) and name not in v]
    yield from (f"{at}: no {name}" for name in missing)


def _items(v: Any, w: Any, schema: Any, root: Any, at: str) -> Iterator[str]:
    first = len(schema.get("prefixItems", ()))
    for number, one in enumerate(v if isinstance(v, list) else ()):
        if number >= first:
            yield from _faults(one, w, root, f"{at}[{number}]")


def _prefix(v: Any, w: Any, _s: Any, root: Any, at: str) -> Iterator[str]:
    for number, (one, inner) in enumerate(zip(v, w, strict=False)):
        yield from _faults(one, inner, root, f"{at}[{number}]")


def _any_of(v: Any, w: Any, _s: Any, root: Any, at: str) -> Iterator[str]:
    tried = [list(_faults(v, one, root, at)) for one in w]
    if all(tried):
        yield f"{at}: none of {len(w)} forms: {tried}"


def _all_of(v: Any, w: Any, _s: Any, root: Any, at: str) -> Iterator[str]:
    for one in w:
        yield from _faults(v, one, root, at)


def _not(v: Any, w: Any, _s: Any, root: Any, at: str) -> Iterator[str]:
    if not list(_faults(v, w, root, at)):
        yield f"{at}: must not be so"


def _enum(v: Any, w: Any, _s: Any, _r: Any, at: str) -> Iterator[str]:
    if v not in w:
        yield f"{at}: {v!r} is none of {w}"


def _const(v: Any, w: Any, _s: Any, _r: Any, at: str) -> Iterator[str]:
    if v != w:
        yield f"{at}: not {w!r}"


def _pattern(v: Any, w: Any, _s: Any, _r: Any, at: str) -> Iterator[str]:
    if isinstance(v, str) and not re.search(w, v):
        yield f"{at}: {v!r} does not match {w}"


def _bound(v: Any, holds: bool, at: str, text: str) -> Iterator[str]:
    if not holds:
        yield f"{at}: {v!r} {text}"


def _number(v: Any) -> bool:
    return isinstance(v, int | float) and not isinstance(v, bool)


_JUDGES: Mapping[str, Any] = {
    "$ref": _ref,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "patternProperties": _patterns,
    "required": _required,
    "items": _items,
    "prefixItems": _prefix,
    "anyOf": _any_of,
    "oneOf": _any_of,
    "allOf": _all_of,
    "not": _not,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": lambda v, w, _s, _r, at: _bound(
        v, not _number(v) or v >= w, at, f"is below {w}"
    ),
    "maximum": lambda v, w, _s, _r, at: _bound(
        v, not _number(v) or v <= w, at, f"is above {w}"
    ),
    "exclusiveMinimum": lambda v, w, _s, _r, at: _bound(
        v, not _number(v) or v > w, at, f"is not above {w}"
    ),
    "minLength": lambda v, w, _s, _r, at: _bound(
        v, not isinstance(v, str) or len(v) >= w, at, "is too short"
    ),
    "maxLength": lambda v, w, _s, _r, at: _bound(
        v, not isinstance(v, str) or len(v) <= w, at, "is too long"
    ),
    "minItems": lambda v, w, _s, _r, at: _bound(
        v, not isinstance(v, list) or len(v) >= w, at, "has too few"
    ),
    "maxItems": lambda v, w, _s, _r, at: _bound(
        v, not isinstance(v, list) or len(v) <= w, at, "has too many"
    ),
    "minProperties": lambda v, w, _s, _r, at: _bound(
        v, not isinstance(v, dict) or len(v) >= w, at, "has too few"
    ),
    "uniqueItems": lambda v, w, _s, _r, at: _bound(
        v,
        not (w and isinstance(v, list)) or len({repr(one) for one in v}) == len(v),
        at,
        "repeats itself",
    ),
}
