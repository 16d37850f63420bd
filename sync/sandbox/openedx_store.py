"""What the imitated Open edX holds: its tables, loaded from and dumped to a document.

In: the object under ``openedx`` of a document. Out: rows in the store. A user who is
loaded where a permission waits for the address is enrolled, as registering would do.
"""

# ruff: noqa: S608 - names of tables and columns are our own, all values are bound

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sync.sandbox.errors import DocumentError
from sync.sandbox.exchange import encode
from sync.sandbox.openedx_people import bad_username, register
from sync.sandbox.part import Part

if TYPE_CHECKING:
    from sync.sandbox.world import World

Rows = list[dict[str, Any]]

_NEEDED = ""
"""The default of a field that must be there and must not be blank."""
_LISTS: dict[str, dict[str, Any]] = {
    "users": {
        "username": _NEEDED,
        "email": _NEEDED,
        "active": True,
        "retired": False,
        "filtered": False,
    },
    "courses": {
        "id": _NEEDED,
        "default_mode": "audit",
        "white_label": False,
        "cohorted": True,
        "modes": [],
        "cohorts": [],
    },
    "enrollments": {
        "username": _NEEDED,
        "course_id": _NEEDED,
        "is_active": True,
        "mode": "audit",
        "created": "2026-01-01 00:00",
    },
    "permissions": {"email": _NEEDED, "course_id": _NEEDED, "auto_enroll": True},
    "cohort_members": {"course_id": _NEEDED, "cohort": _NEEDED, "identifier": _NEEDED},
    "outbox": {"to": _NEEDED, "course_id": _NEEDED, "message": _NEEDED},
    "audit": {"identifier": _NEEDED, "course_id": _NEEDED, "action": _NEEDED},
}
_STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS openedx_users (username TEXT PRIMARY KEY"
    " COLLATE NOCASE, email TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    " active INTEGER NOT NULL, retired INTEGER NOT NULL, filtered INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS openedx_courses (id TEXT PRIMARY KEY,"
    " default_mode TEXT NOT NULL, white_label INTEGER NOT NULL,"
    " cohorted INTEGER NOT NULL, modes TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS openedx_cohorts (id INTEGER PRIMARY KEY,"
    " course_id TEXT NOT NULL, name TEXT NOT NULL, assignment_type TEXT NOT NULL,"
    " UNIQUE (course_id, name))",
    "CREATE TABLE IF NOT EXISTS openedx_enrollments (n INTEGER PRIMARY KEY,"
    " username TEXT NOT NULL COLLATE NOCASE, course_id TEXT NOT NULL,"
    " is_active INTEGER NOT NULL, mode TEXT NOT NULL, created TEXT NOT NULL,"
    " UNIQUE (username, course_id))",
    "CREATE INDEX IF NOT EXISTS openedx_by_course"
    " ON openedx_enrollments (course_id, n)",
    "CREATE INDEX IF NOT EXISTS openedx_by_time ON openedx_enrollments (created, n)",
    "CREATE TABLE IF NOT EXISTS openedx_permissions (email TEXT NOT NULL"
    " COLLATE NOCASE, course_id TEXT NOT NULL, auto_enroll INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS openedx_allowed"
    " ON openedx_permissions (email, course_id)",
    "CREATE TABLE IF NOT EXISTS openedx_members (course_id TEXT NOT NULL,"
    " identifier TEXT NOT NULL COLLATE NOCASE, cohort TEXT NOT NULL,"
    " PRIMARY KEY (course_id, identifier))",
    'CREATE TABLE IF NOT EXISTS openedx_outbox (n INTEGER PRIMARY KEY, "to" TEXT,'
    " course_id TEXT, message TEXT)",
    "CREATE TABLE IF NOT EXISTS openedx_audit (n INTEGER PRIMARY KEY,"
    " identifier TEXT, course_id TEXT, action TEXT)",
    "CREATE TABLE IF NOT EXISTS openedx_ticks (kind TEXT NOT NULL, at REAL NOT NULL)",
)
_TABLES = (
    "openedx_users",
    "openedx_courses",
    "openedx_cohorts",
    "openedx_enrollments",
    "openedx_permissions",
    "openedx_members",
    "openedx_outbox",
    "openedx_audit",
    "openedx_ticks",
)
_FLAGS = frozenset(
    name
    for fields in _LISTS.values()
    for name, default in fields.items()
    if isinstance(default, bool)
)


def load(world: World, document: Mapping[str, Any]) -> dict[str, int]:
    """Merge the object under ``openedx``; raises DocumentError."""
    unknown = sorted(set(document) - set(_LISTS))
    if unknown:
        msg = f"openedx has no collection {', '.join(unknown)}"
        raise DocumentError(msg)
    lists = {name: _rows(name, document.get(name, [])) for name in _LISTS}
    _load_users(world, lists["users"])
    _load_courses(world, lists["courses"])
    _load_enrollments(world, lists["enrollments"])
    _load_permissions(world, lists["permissions"])
    _load_members(world, lists["cohort_members"])
    for name in ("outbox", "audit"):
        _insert(world, name, lists[name])
    return {f"openedx.{name}": len(rows) for name, rows in lists.items() if rows}


def _rows(name: str, items: Any) -> Rows:
    if not isinstance(items, list):
        msg = f"openedx.{name} is not a list"
        raise DocumentError(msg)
    return [_row(name, number, item) for number, item in enumerate(items)]


def _row(name: str, number: int, item: Any) -> dict[str, Any]:
    fields, where = _LISTS[name], f"openedx.{name}[{number}]"
    if not isinstance(item, dict) or not fields.keys() >= item.keys():
        msg = f"{where} is not an object of {', '.join(fields)}"
        raise DocumentError(msg)
    row = {**fields, **item}
    for field, default in fields.items():
        if type(row[field]) is not type(default) or row[field] == "":
            msg = f"{where}.{field} is missing, blank or of another type"
            raise DocumentError(msg)
    return row


def _load_users(world: World, rows: Rows) -> None:
    store, own = world.store, {row["username"].lower(): row for row in rows}
    held = store.rows("SELECT username, email, active FROM openedx_users")
    owners = {email.lower(): username.lower() for username, email, _ in held}
    were = {username.lower() for username, _, active in held if active}
    for row in rows:
        name = row["username"].lower()
        if bad_username(row["username"]) or own[name] is not row:
            msg = f"openedx.users: the username {row['username']} is impossible"
            raise DocumentError(msg)
        if owners.setdefault(row["email"].lower(), name) != name:
            msg = f"openedx.users: {row['username']} has the address of another user"
            raise DocumentError(msg)
    store.connection.executemany(
        "INSERT INTO openedx_users VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (username) DO UPDATE SET email = excluded.email, active ="
        " excluded.active, retired = excluded.retired, filtered = excluded.filtered",
        [tuple(row.values()) for row in rows],
    )
    for row in rows:
        if row["active"] and not row["retired"] and row["username"].lower() not in were:
            register(world, row["username"], row["email"])


def _load_courses(world: World, rows: Rows) -> None:
    columns = ("id", "default_mode", "white_label", "cohorted")
    world.store.connection.executemany(
        "INSERT OR REPLACE INTO openedx_courses VALUES (?, ?, ?, ?, ?)",
        [(*(row[name] for name in columns), encode(row["modes"])) for row in rows],
    )
    for row in rows:
        for cohort in row["cohorts"]:
            if not isinstance(cohort, str) or not cohort:
                msg = f"openedx.courses: the cohorts of {row['id']} are not names"
                raise DocumentError(msg)
            world.store.run(
                "INSERT OR IGNORE INTO openedx_cohorts"
                " (course_id, name, assignment_type) VALUES (?, ?, 'manual')",
                row["id"],
                cohort,
            )


def _load_enrollments(world: World, rows: Rows) -> None:
    users = {name for (name,) in world.store.rows("SELECT username FROM openedx_users")}
    courses = {key for (key,) in world.store.rows("SELECT id FROM openedx_courses")}
    for number, row in enumerate(rows):
        if row["username"] not in users or row["course_id"] not in courses:
            msg = f"openedx.enrollments[{number}] names an unknown user or course"
            raise DocumentError(msg)
    world.store.connection.executemany(
        "INSERT INTO openedx_enrollments (username, course_id, is_active, mode,"
        " created) VALUES (?, ?, ?, ?, ?) ON CONFLICT (username, course_id) DO UPDATE"
        " SET is_active = excluded.is_active, mode = excluded.mode,"
        " created = excluded.created",
        [tuple(row.values()) for row in rows],
    )


def _load_permissions(world: World, rows: Rows) -> None:
    pairs = [(row["email"], row["course_id"]) for row in rows]
    world.store.connection.executemany(
        "DELETE FROM openedx_permissions WHERE email = ? COLLATE BINARY"
        " AND course_id = ?",
        pairs,
    )
    _insert(world, "permissions", rows)


def _load_members(world: World, rows: Rows) -> None:
    known = set(world.store.rows("SELECT course_id, name FROM openedx_cohorts"))
    for number, row in enumerate(rows):
        if (row["course_id"], row["cohort"]) not in known:
            msg = f"openedx.cohort_members[{number}] names an unknown cohort"
            raise DocumentError(msg)
    world.store.connection.executemany(
        "INSERT OR REPLACE INTO openedx_members (course_id, cohort, identifier)"
        " VALUES (?, ?, ?)",
        [tuple(row.values()) for row in rows],
    )


def _insert(world: World, name: str, rows: Rows) -> None:
    columns = ", ".join(f'"{field}"' for field in _LISTS[name])
    marks = ", ".join("?" for _ in _LISTS[name])
    world.store.connection.executemany(
        f"INSERT INTO openedx_{name} ({columns}) VALUES ({marks})",
        [tuple(row.values()) for row in rows],
    )


def dump(world: World) -> dict[str, Any]:
    """Return everything; ``audit`` has each pair ever touched, ``outbox`` each mail."""
    order = {
        "users": "username",
        "enrollments": "course_id, username",
        "permissions": "course_id, email",
        "cohort_members": "course_id, identifier",
        "outbox": "n",
        "audit": "n",
    }
    lists = {name: _all(world, name, by) for name, by in order.items()}
    return {"users": lists.pop("users"), "courses": _courses(world), **lists}


def _all(world: World, name: str, order: str) -> Rows:
    fields = tuple(_LISTS[name])
    columns = ", ".join(f'"{field}"' for field in fields)
    table = "members" if name == "cohort_members" else name
    found = world.store.rows(f"SELECT {columns} FROM openedx_{table} ORDER BY {order}")
    return [_shown(dict(zip(fields, row, strict=True))) for row in found]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {key: bool(row[key]) if key in _FLAGS else row[key] for key in row}


def _courses(world: World) -> Rows:
    cohorts: dict[str, list[str]] = {}
    for key, name in world.store.rows(
        "SELECT course_id, name FROM openedx_cohorts ORDER BY id"
    ):
        cohorts.setdefault(key, []).append(name)
    found = world.store.rows("SELECT * FROM openedx_courses ORDER BY id")
    rows = [dict(zip(_LISTS["courses"], row, strict=False)) for row in found]
    for row in rows:
        row["modes"] = json.loads(row["modes"])
        row["cohorts"] = cohorts.get(row["id"], [])
    return [_shown(row) for row in rows]


PART = Part("openedx", _STATEMENTS, _TABLES, load, dump)
