"""The object under ``schoology`` of a sandbox document, checked field by field.

In: ``users``, ``courses``, ``sections``, ``groups``, ``grading_periods``, ``roles`` and
``enrollments``; ids are digits as text or numbers. Out: rows of the store, and the same
object again with every field filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from sync.sandbox.errors import DocumentError
from sync.sandbox.exchange import encode
from sync.sandbox.part import Part
from sync.sandbox.schoology_store import (
    ARCHIVED,
    COLUMNS,
    REALMS,
    STATEMENTS,
    STATES,
    TABLES,
    Enrollment,
    enrollments,
    records,
    save_all,
    whole,
)

if TYPE_CHECKING:
    from sync.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Kind:
    """One list of records: its fields with what stands where none is given."""

    fields: Mapping[str, Any]
    key: str = "id"
    code: str = "title"
    parent: str | None = None
    required: tuple[str, ...] = ()


KINDS = {
    "users": Kind(
        {
            "school_uid": "",
            "name_title": "",
            "name_title_show": "0",
            "name_first": "",
            "name_first_preferred": "",
            "name_middle": "",
            "name_middle_show": "0",
            "name_last": "",
            "username": "",
            "primary_email": "",
            "role_id": "",
            "building_id": "",
            "active": 1,
        },
        key="uid",
        code="school_uid",
    ),
    "courses": Kind(
        {"title": "", "course_code": "", "building_id": ""}, code="course_code"
    ),
    "sections": Kind(
        {
            "course_id": "",
            "section_code": "",
            "section_school_code": "",
            "title": "",
            "grading_periods": [],
            "active": 1,
            "building_id": "",
            "access_code": "",
        },
        code="section_school_code",
        parent="course_id",
        required=("course_id",),
    ),
    "groups": Kind(
        {"title": "", "group_code": "", "building_id": "", "access_code": ""},
        code="group_code",
    ),
    "grading_periods": Kind({"title": "", "start": "", "end": "", "active": 1}),
    "roles": Kind({"title": "", "faculty": 0, "role_type": 1}),
}
_SMALL = frozenset({"active", "faculty", "role_type"})


def load(world: World, part: Mapping[str, Any]) -> dict[str, int]:
    """Merge the object of a document; raises DocumentError."""
    unknown = sorted(set(part) - {*KINDS, "enrollments"})
    if unknown:
        _wrong(f"has no list {unknown[0]}")
    counts = {}
    for name, items in part.items():
        if not isinstance(items, list):
            _wrong(f"{name} is not a list")
        if name == "enrollments":
            save_all(world, [_enrollment(n, item) for n, item in enumerate(items)])
        else:
            _load(world, name, items)
        counts[f"schoology.{name}"] = len(items)
    return counts


def _wrong(text: str) -> NoReturn:
    msg = f"schoology: {text}"
    raise DocumentError(msg)


def _load(world: World, name: str, items: list[Any]) -> None:
    kind = KINDS[name]
    made = [_complete(kind, f"{name}[{n}]", item) for n, item in enumerate(items)]
    rows = [
        (
            name,
            int(item[kind.key]),
            item[kind.code],
            int(item[kind.parent]) if kind.parent else None,
            item.get("active", 1),
            encode(item),
        )
        for item in made
    ]
    world.store.connection.executemany(
        "INSERT OR REPLACE INTO schoology_records VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def _complete(kind: Kind, where: str, item: Any) -> dict[str, Any]:
    """Return a record with every field, each in the type that documents have."""
    if not isinstance(item, dict):
        _wrong(f"{where} is not an object")
    unknown = sorted(set(item) - {kind.key, *kind.fields})
    if unknown:
        _wrong(f"{where} has an unknown field {unknown[0]}")
    made = {kind.key: _id(item, kind.key, where)}
    for name, default in kind.fields.items():
        value = item.get(name, default)
        if name in kind.required:
            value = _id(item, name, where)
        elif name in _SMALL:
            value = _within(item, name, where, {0, 1, 2}, default)
        elif isinstance(default, list):
            value = _ids(value, f"{where}.{name}")
        elif not isinstance(value, str):
            _wrong(f"{where}.{name} is not a text")
        made[name] = value
    return made


def _id(item: Mapping[str, Any], name: str, where: str) -> str:
    number = whole(item.get(name))
    if number is None:
        _wrong(f"{where}.{name} is not a whole number")
    return str(number)


def _ids(value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        _wrong(f"{where} is not a list")
    return [_id({"id": one}, "id", f"{where}[{n}]") for n, one in enumerate(value)]


def _within(
    item: Mapping[str, Any],
    name: str,
    where: str,
    allowed: Iterable[int],
    default: int | None = None,
) -> int:
    number = whole(item.get(name, default))
    if number is None or number not in allowed:
        _wrong(f"{where}.{name} is none of {', '.join(map(str, sorted(allowed)))}")
    return number or 0


def _enrollment(number: int, item: Any) -> Enrollment:
    where = f"enrollments[{number}]"
    if not isinstance(item, dict) or set(item) - set(COLUMNS):
        _wrong(f"{where} is no object of {', '.join(COLUMNS)}")
    realm = item.get("realm")
    if realm not in REALMS:
        _wrong(f"{where}.realm is neither section nor group")
    key, realm_id, uid = (int(_id(item, n, where)) for n in ("id", "realm_id", "uid"))
    states = STATES if realm == "section" else STATES - {ARCHIVED}
    admin = _within(item, "admin", where, {0, 1}, 0)
    status = _within(item, "status", where, states, 1)
    return Enrollment(key, str(realm), realm_id, uid, admin, status)


def dump(world: World) -> dict[str, Any]:
    """Return everything, each list by id."""
    lists: dict[str, Any] = {
        name: list(records(world, "kind = ? ORDER BY id", name)) for name in KINDS
    }
    lists["enrollments"] = [
        {
            "id": str(e.id),
            "realm": e.realm,
            "realm_id": str(e.realm_id),
            "uid": str(e.uid),
            "admin": e.admin,
            "status": e.status,
        }
        for e in enrollments(world, "1 ORDER BY id")
    ]
    return lists


PART = Part(
    name="schoology",
    statements=STATEMENTS,
    tables=TABLES,
    load=load,
    dump=dump,
)
