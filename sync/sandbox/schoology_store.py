"""What Schoology keeps: people, courses, sections, groups, periods and enrollments.

In: ids and codes. Out: records as documents have them, and enrollments. Ids are whole
numbers in the store and texts in documents.
"""

# ruff: noqa: S608 - names of tables and columns are our own, all values are bound

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.sandbox.world import World

REALMS = ("section", "group")
STATES = frozenset(range(1, 6))
"""1 active, 2 expired, 3 invite pending, 4 request pending, 5 archived."""
ARCHIVED = 5
"""The status that only sections have."""
FIRST_NUMBER = 900_001
"""The lowest id that is given to a new enrollment."""
_TOP = 10**18

TABLES = ("schoology_records", "schoology_enrollments", "schoology_numbers")
STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS schoology_records (kind TEXT, id INTEGER, code TEXT,"
    " parent INTEGER, active INTEGER, item TEXT, PRIMARY KEY (kind, id))",
    "CREATE INDEX IF NOT EXISTS schoology_active"
    " ON schoology_records (kind, active, id)",
    "CREATE INDEX IF NOT EXISTS schoology_codes ON schoology_records (kind, code, id)",
    "CREATE INDEX IF NOT EXISTS schoology_parents"
    " ON schoology_records (kind, parent, id)",
    "CREATE TABLE IF NOT EXISTS schoology_enrollments (id INTEGER PRIMARY KEY,"
    " realm TEXT, realm_id INTEGER, uid INTEGER, admin INTEGER, status INTEGER)",
    "CREATE INDEX IF NOT EXISTS schoology_members"
    " ON schoology_enrollments (realm, realm_id, uid)",
    "CREATE INDEX IF NOT EXISTS schoology_lists"
    " ON schoology_enrollments (realm, realm_id, id)",
    "CREATE TABLE IF NOT EXISTS schoology_numbers (name TEXT PRIMARY KEY,"
    " last INTEGER)",
)
COLUMNS = ("id", "realm", "realm_id", "uid", "admin", "status")


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One person in one section or group."""

    id: int
    realm: str
    realm_id: int
    uid: int
    admin: int
    status: int

    @property
    def path(self) -> str:
        """Where it is, below the root of the service."""
        return f"{self.realm}s/{self.realm_id}/enrollments/{self.id}"


def whole(value: Any) -> int | None:
    """Return a whole number that came as a number or as digits, else None."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value) if len(value) < len(str(_TOP)) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _TOP else None


def record(world: World, kind: str, number: int | None) -> dict[str, Any] | None:
    """Return one record, or None."""
    if number is None:
        return None
    where = "kind = ? AND id = ?"
    return next(records(world, where, kind, number), None)


def with_code(world: World, kind: str, code: str) -> list[dict[str, Any]]:
    """Return the records with this code, by id."""
    return list(records(world, "kind = ? AND code = ? ORDER BY id", kind, code))


def sections_of(world: World, course: str) -> list[dict[str, Any]]:
    """Return the sections of a course, by id."""
    where = "kind = 'sections' AND parent = ? ORDER BY id"
    return list(records(world, where, int(course)))


def records(world: World, where: str, *values: Any) -> Iterator[dict[str, Any]]:
    """Yield the records that ``where`` selects."""
    statement = f"SELECT item FROM schoology_records WHERE {where}"
    for (item,) in world.store.rows(statement, *values):
        yield json.loads(item)


def enrollment(world: World, number: int | None) -> Enrollment | None:
    """Return one enrollment, or None."""
    return next(enrollments(world, "id = ?", number), None)


def members(world: World, realm: str, realm_id: int, uid: int) -> list[Enrollment]:
    """Return the enrollments of a person in one place: hardly ever more than one."""
    where = "realm = ? AND realm_id = ? AND uid = ? ORDER BY id"
    return list(enrollments(world, where, realm, realm_id, uid))


def enrollments(world: World, where: str, *values: Any) -> Iterator[Enrollment]:
    """Yield the enrollments that ``where`` selects."""
    columns = ", ".join(COLUMNS)
    statement = f"SELECT {columns} FROM schoology_enrollments WHERE {where}"
    for row in world.store.rows(statement, *values):
        yield Enrollment(*row)


def save(world: World, item: Enrollment) -> None:
    """Store an enrollment, in place of the one with its id."""
    save_all(world, [item])


def save_all(world: World, items: Iterable[Enrollment]) -> None:
    """Store enrollments, in place of those with their ids."""
    world.store.connection.executemany(
        "INSERT OR REPLACE INTO schoology_enrollments VALUES (?, ?, ?, ?, ?, ?)",
        ((e.id, e.realm, e.realm_id, e.uid, e.admin, e.status) for e in items),
    )


def remove(world: World, item: Enrollment) -> None:
    """Delete an enrollment for good."""
    world.store.run(
        "INSERT INTO schoology_numbers VALUES ('enrollments', ?) ON CONFLICT (name)"
        " DO UPDATE SET last = MAX(last, excluded.last)",
        item.id,
    )
    world.store.run("DELETE FROM schoology_enrollments WHERE id = ?", item.id)


def new_enrollment_id(world: World) -> int:
    """Return an id that no enrollment has, or had."""
    highest = world.store.one("SELECT MAX(id) FROM schoology_enrollments")
    used = 0 if highest is None else highest[0] or 0
    return next_number(world, "enrollments", max(used, FIRST_NUMBER - 1) + 1)


def next_number(world: World, name: str, least: int = 1) -> int:
    """Count on: return a number above all that were given, and at least ``least``."""
    row = world.store.one(
        "INSERT INTO schoology_numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
        " SET last = MAX(last + 1, excluded.last) RETURNING last",
        name,
        least,
    )
    return least if row is None else int(row[0])


def drawn(world: World, what: str, shares: Mapping[str, float]) -> str | None:
    """Draw what the next one of ``what`` meets, by the seed and how many were before.

    ``shares`` holds a share of 1 for each kind of trouble.
    """
    if not any(shares.values()):
        return None
    number = next_number(world, what)
    point = random.Random(f"{world.settings.seed}:{what}:{number}").random()  # noqa: S311 - repeatable
    for kind, share in shares.items():
        if point < share:
            return kind
        point -= share
    return None
