"""OneRoster's JSON records -> frames, in either version's shape.

Comes in: the records of one page. Goes out: a frame with ``_id``, String columns as
the record says them, ``_rest`` and ``_frozen``. Strict on identifiers and references,
tolerant of everything else: references come as objects, nested objects or bare texts,
guardians under three names, roles in a list (1.2) or as one with several orgs (1.1).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.targets.common.records import Record, frame, joined, record, text
from sync.targets.oneroster.shapes import AGENTS, PERSON_TEXTS, Shape

NOTHING: tuple[Any, ...] = (None, "", [], {})
"""All of these say the same: nothing."""

_NOISE = {"href", "name", "type"}
"""What a reference may hold beside its ``sourcedId``: the server's own words for the
record that it names."""
_SECRETS = {"password"}
_PERSON_TEXTS = frozenset((*PERSON_TEXTS, "role"))
_PERSON_ORGS = frozenset(("primaryOrg", "orgs", "org"))
_NOT_CARRIED = {"sourcedId", "status", "dateLastModified", *_SECRETS}


def reader(shape: Shape) -> Callable[[Sequence[Any]], pl.DataFrame]:
    """The reader of one collection but the users."""
    texts = frozenset(shape.texts)
    own = frozenset(pointer.name for pointer in shape.pointers.values())

    def misfit(row: Record) -> bool:
        return any(
            row.get(one.name) not in NOTHING and not _pointed(row, one.name)
            for one in shape.pointers.values()
        )

    def read(found: Sequence[Any]) -> pl.DataFrame:
        rows = [record(one) for one in found]
        columns: dict[str, list[str | None]] = {
            name: [_scalar(row.get(name)) for row in rows]
            for name in ("status", *shape.texts)
        }
        columns |= {
            name: [joined(row.get(name)) for row in rows] for name in shape.lists
        }
        columns |= {
            column: [",".join(_pointed(row, one.name)) or None for row in rows]
            for column, one in shape.pointers.items()
        }
        columns["_rest"] = [_rest(row, texts, own) for row in rows]
        return frame(rows, columns, misfit=misfit)

    return read


def people(found: Sequence[Any]) -> pl.DataFrame:
    """Users as they are listed: texts, ``grades``, ``roles``, ``primaryOrgSourcedId``,
    ``_agents`` (null where the record does not say), ``_rest``."""
    rows = [record(one) for one in found]
    columns: dict[str, list[str | None]] = {
        name: [text(row.get(name)) for row in rows]
        for name in ("status", *PERSON_TEXTS)
    }
    columns |= {
        "grades": [joined(row.get("grades")) for row in rows],
        "primaryOrgSourcedId": [_home(row) for row in rows],
        "roles": [_encoded(row) for row in rows],
        "_agents": [_agents(row) for row in rows],
        "_rest": [_rest(row, _PERSON_TEXTS, _PERSON_ORGS) for row in rows],
    }
    return frame(rows, columns, misfit=_odd_person)


def _scalar(value: Any) -> str | None:
    """A value as text; a whole number that came as 2027.0 without its point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return text(value)


def _pointed(row: Record, name: str) -> list[str]:
    """The identifiers under a reference, or list of references, in any form."""
    value = row.get(name)
    if value is None:
        stem = name.removesuffix("s")
        value = row.get(f"{name}SourcedId", row.get(f"{stem}SourcedIds"))
    return _identifiers(value)


def _identifiers(value: Any) -> list[str]:
    """None of a list where one of it cannot be read: a part is not the whole."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    parts = value if isinstance(value, list) else [value]
    ids = [_identifier(part) for part in parts if part not in NOTHING]
    known = [one for one in ids if one is not None]
    return known if len(known) == len(ids) else []


def _identifier(value: Any) -> str | None:
    if not isinstance(value, dict):
        return text(value)
    if value.get("sourcedId") is not None:
        return text(value["sourcedId"])
    nested = [one for one in value.values() if isinstance(one, dict)]
    return _identifier(nested[0]) if len(nested) == 1 else None


def _roles(row: Record) -> list[tuple[str, str, str]] | None:
    """(roleType, role, org) of each; null where they cannot be read."""
    value = row.get("roles")
    if value in NOTHING:
        role, orgs = text(row.get("role")), _orgs(row)
        if role is None:
            return []
        kinds = ["primary", *("secondary" for _ in orgs[1:])]
        return [(k, role, o) for k, o in zip(kinds, orgs or [""], strict=True)]
    told = value if isinstance(value, list) else [value]
    found = [one for one in told if isinstance(one, dict) and text(one.get("role"))]
    if len(found) < len(told):
        return None
    return [
        (
            text(one.get("roleType")) or "primary",
            text(one["role"]) or "",
            next(iter(_pointed(one, "org")), ""),
        )
        for one in found
    ]


def _orgs(row: Record) -> list[str]:
    """The orgs of a user in 1.1's shape, in their order."""
    return _pointed(row, "orgs") or _pointed(row, "org")


def _encoded(row: Record) -> str | None:
    """The roles, encoded as in the roster."""
    found = {FIELD_SEPARATOR.join(one) for one in _roles(row) or ()}
    return ROLE_SEPARATOR.join(sorted(found)) or None


def _home(row: Record) -> str | None:
    """The primary org: the record's own, else the first of its orgs (1.1), else that
    of its primary role."""
    own = _pointed(row, "primaryOrg") or _orgs(row)
    if own:
        return own[0]
    primary = [org for kind, _, org in _roles(row) or () if kind == "primary" and org]
    return primary[0] if primary else None


def _told_agents(row: Record) -> Any:
    return next((row[name] for name in AGENTS if row.get(name) is not None), None)


def _agents(row: Record) -> str | None:
    """The guardians between field separators; null where the record does not say."""
    value = _told_agents(row)
    if value is None:
        return None
    return FIELD_SEPARATOR.join(sorted(set(_identifiers(value))))


def _odd_person(row: Record) -> bool:
    agents = _told_agents(row)
    unread = agents not in NOTHING and not _identifiers(agents)
    return unread or _roles(row) is None


def _rest(row: Record, texts: frozenset[str], pointers: frozenset[str]) -> str | None:
    """What a replacing write must repeat, as JSON; null for nothing.

    Everything that the columns do not hold as it was said: unknown fields, arrays,
    numbers, references that say more than an identifier. Passwords are dropped here,
    and what servers change by themselves, so that it is no change of the record.
    """
    kept = {
        name: clean
        for name, value in row.items()
        if name not in _NOT_CARRIED
        and not (name in texts and isinstance(value, str | bool))
        and not (name in pointers and _only_names(value))
        and (clean := _cleaned(value)) not in NOTHING
    }
    if _plain_roles(kept.get("roles")):
        del kept["roles"]
    if not kept:
        return None
    written = json.dumps(kept, sort_keys=True, ensure_ascii=False)
    return text(written)


def _only_names(value: Any) -> bool:
    """Whether it says nothing but which records it names."""
    parts = value if isinstance(value, list) else [value]
    return all(isinstance(one, str) or _is_plain(one) for one in parts)


def _is_plain(value: Any) -> bool:
    """Whether it is a reference that says nothing but whom it names."""
    return isinstance(value, dict) and value.keys() - _NOISE == {"sourcedId"}


def _plain_roles(value: Any) -> bool:
    said = {"roleType", "role", "org"}
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and {k for k, v in one.items() if v not in NOTHING} <= said
        for one in value
    )


def _cleaned(value: Any) -> Any:
    """Without passwords, blanks, and the noise of references, which are in order."""
    if isinstance(value, list):
        return _ordered([_cleaned(one) for one in value])
    if not isinstance(value, dict):
        return value
    if _is_plain(value):
        return {name: value[name] for name in ("sourcedId", "type") if value.get(name)}
    return {
        name: clean
        for name, one in value.items()
        if name.casefold() not in _SECRETS and (clean := _cleaned(one)) not in NOTHING
    }


def _ordered(values: list[Any]) -> list[Any]:
    if values and all(_is_plain(one) for one in values):
        return sorted(values, key=lambda one: str(one["sourcedId"]))
    return values
