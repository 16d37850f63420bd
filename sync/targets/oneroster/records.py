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
from sync.targets.common.columns import Record
from sync.targets.common.records import frame, joined, record, text
from sync.targets.oneroster.shapes import AGENTS, PERSON_TEXTS, Shape

_REFERENCE = frozenset({"sourcedId", "href", "name", "type"})
"""What a reference may hold: beside the ``sourcedId`` the server's own words for the
record that it names."""
_SECRETS = frozenset({"password"})
_PERSON_TEXTS = frozenset((*PERSON_TEXTS, "role"))
_PERSON_ORGS = frozenset(("primaryOrg", "orgs", "org"))
_NOT_CARRIED = frozenset({"sourcedId", "status", "dateLastModified"})


def reader(shape: Shape) -> Callable[[Sequence[Any]], pl.DataFrame]:
    """The reader of one collection but the users."""
    texts = frozenset(shape.texts)
    own = frozenset(pointer.name for pointer in shape.pointers.values())

    def read(found: Sequence[Any]) -> pl.DataFrame:
        rows = [record(one) for one in found]
        columns: dict[str, list[str | None]] = {
            name: [_scalar(row.get(name)) for row in rows]
            for name in ("status", *shape.texts)
        }
        columns |= {
            name: [joined(row.get(name)) for row in rows] for name in shape.lists
        }
        odd = [False] * len(rows)
        for column, one in shape.pointers.items():
            columns[column] = named = [_names(row, one.name) for row in rows]
            for place, (name, row) in enumerate(zip(named, rows, strict=True)):
                if name is None and not _blank(row.get(one.name)):
                    odd[place] = True  # it is there and cannot be read
        columns["_rest"] = [_rest(row, texts, own) for row in rows]
        return _marked(frame(rows, columns), odd)

    return read


def people(found: Sequence[Any]) -> pl.DataFrame:
    """Users as they are listed: texts, ``grades``, ``roles``, ``primaryOrgSourcedId``,
    ``_agents`` (null where the record does not say), ``_rest``."""
    rows = [record(one) for one in found]
    roles = [_roles(row) for row in rows]
    agents = [_agents(row) for row in rows]
    columns: dict[str, list[str | None]] = {
        name: [text(row.get(name)) for row in rows]
        for name in ("status", *PERSON_TEXTS)
    }
    columns |= {
        "grades": [joined(row.get("grades")) for row in rows],
        "primaryOrgSourcedId": [
            _home(row, told or ()) for row, told in zip(rows, roles, strict=True)
        ],
        "roles": [_encoded(told or ()) for told in roles],
        "_agents": [None if ids is None else _listed(ids) for ids, _ in agents],
        "_rest": [_rest(row, _PERSON_TEXTS, _PERSON_ORGS) for row in rows],
    }
    odd = [
        told is None or unread for told, (_, unread) in zip(roles, agents, strict=True)
    ]
    return _marked(frame(rows, columns), odd)


def _marked(read: pl.DataFrame, odd: Sequence[bool]) -> pl.DataFrame:
    """The frame in which these records too are frozen."""
    marks = pl.Series(odd, dtype=pl.Boolean)
    return read.with_columns(_frozen=pl.col("_frozen") | marks)


def _blank(value: Any) -> bool:
    """Null, "", [] and {} say the same: nothing."""
    return not value and value is not False and value != 0


def _scalar(value: Any) -> str | None:
    """A value as text; a whole number that came as 2027.0 without its point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return text(value)


def _names(row: Record, name: str) -> str | None:
    """The identifiers under a reference, or list of references, between commas."""
    value = row.get(name)
    if type(value) is dict and type(own := value.get("sourcedId")) is str:
        return text(own)  # as nearly all of them are
    return ",".join(_pointed(row, name)) or None


def _pointed(row: Record, name: str) -> list[str]:
    """The same one by one, in any form."""
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
    ids = [_identifier(part) for part in parts if not _blank(part)]
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
    if _blank(value):
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


Roles = Sequence[tuple[str, str, str]]


def _encoded(roles: Roles) -> str | None:
    """The roles, encoded as in the roster."""
    found = {FIELD_SEPARATOR.join(one) for one in roles}
    return ROLE_SEPARATOR.join(sorted(found)) or None


def _home(row: Record, roles: Roles) -> str | None:
    """The primary org: the record's own, else the first of its orgs (1.1), else that
    of its primary role."""
    own = _names(row, "primaryOrg")
    if own:
        return own.partition(",")[0]
    primary = [org for kind, _, org in roles if kind == "primary" and org]
    return next(iter(_orgs(row) or primary), None)


def _agents(row: Record) -> tuple[list[str] | None, bool]:
    """The guardians, null where the record does not say; and whether they are there
    and cannot be read."""
    value = next((row[name] for name in AGENTS if row.get(name) is not None), None)
    if value is None:
        return None, False
    ids = _identifiers(value)
    return ids, not ids and not _blank(value)


def _listed(ids: Sequence[str]) -> str:
    return FIELD_SEPARATOR.join(sorted(set(ids)))


def _rest(row: Record, texts: frozenset[str], pointers: frozenset[str]) -> str | None:
    """What a replacing write must repeat, as JSON; null for nothing.

    Everything that the columns do not hold as it was said: unknown fields, arrays,
    numbers, references that say more than an identifier. Passwords are dropped here,
    and what servers change by themselves, so that it is no change of the record.
    """
    kept = {}
    for name, value in row.items():
        if name in _NOT_CARRIED or _blank(value):
            continue
        if name in texts and isinstance(value, str | bool):
            continue
        if name in pointers and _only_names(value):
            continue
        if name.casefold() not in _SECRETS and not _blank(clean := _cleaned(value)):
            kept[name] = clean
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
    return (
        isinstance(value, dict)
        and isinstance(value.get("sourcedId"), str)
        and not any(isinstance(one, dict | list) for one in value.values())
        and value.keys() <= _REFERENCE
    )


_ROLE = frozenset({"roleType", "role", "org"})


def _plain_roles(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and one.keys() <= _ROLE for one in value
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
        if name.casefold() not in _SECRETS and not _blank(clean := _cleaned(one))
    }


def _ordered(values: list[Any]) -> list[Any]:
    if values and all(_is_plain(one) for one in values):
        return sorted(values, key=lambda one: str(one["sourcedId"]))
    return values
