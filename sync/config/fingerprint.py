"""The digest of what matters for a plan: a plan of another configuration is refused.

Level 2, under ``sync.config``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from sync.config.model import TargetConfig
from sync.config.values import SecretRef

_OF_NO_MATTER = frozenset(
    {
        *("name", "limits", "settle", "full_read_every"),
        *("mapping", "require", "complete"),
    }
)
"""Pace and patience change no operation; what mapping, required files and sentinel made
of the drop is under the digest of the roster."""


def fingerprint(config: TargetConfig) -> str:
    """SHA-256 of kind, addresses and every setting that changes what is planned.

    Neither secrets nor where they stand are in it: a rotated credential leaves a
    reviewed plan valid.
    """
    facts = {
        key: value for key, value in _facts(config).items() if key not in _OF_NO_MATTER
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def place(config: TargetConfig) -> str:
    """SHA-256 of where a target is and under which identities it holds its records:
    of its kind and the settings of that kind, without limits on harm and removals."""
    facts = {"kind": config.kind, "settings": _plain(config.settings)}
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _facts(table: BaseModel) -> dict[str, Any]:
    return {
        name: _plain(getattr(table, name))
        for name in type(table).model_fields
        if not isinstance(getattr(table, name), SecretRef)
    }


def _plain(value: object) -> Any:
    match value:
        case BaseModel():
            return _facts(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted(map(str, value))
        case _:
            return to_jsonable_python(value)
