"""Persons, enrollments and permissions of the imitated Open edX, one pair at a time.

In: an address or a username, and a course. Out: what is known of the pair, or a change
of it, as the instructor's enrolling of the stock platform does it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.sandbox.world import World

_EMAIL = re.compile(
    r"[-!#$%&'*+/=?^_`{}|~0-9A-Z]+(\.[-!#$%&'*+/=?^_`{}|~0-9A-Z]+)*"
    r"@([A-Z0-9]([A-Z0-9-]{0,61}[A-Z0-9])?\.)+[A-Z0-9-]{2,63}(?<!-)",
    re.IGNORECASE | re.ASCII,
)
_KEY = re.compile(
    r"course-v1:[\w\-~.]+\+[\w\-~.]+\+[\w\-~.]+|[\w\-~.]+/[\w\-~.]+/[\w\-~.]+"
)
_USERNAME = re.compile(r"[\w.+-]+")


@dataclass(frozen=True, slots=True)
class Account:
    """A registered person."""

    username: str
    email: str
    active: bool
    filtered: bool


@dataclass(frozen=True, slots=True)
class Course:
    """A course run: the mode that enrolling gives, and those that it offers."""

    key: str
    mode: str
    modes: tuple[str, ...]
    cohorted: bool


def now() -> str:
    """Return the time as an enrollment's ``created`` has it: minutes, no zone."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def is_email(text: str) -> bool:
    """Tell whether a text could be an address."""
    return _EMAIL.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Tell whether a text is a course key, of the new form or the old."""
    return _KEY.fullmatch(text) is not None


def bad_username(text: str) -> bool:
    """Tell whether no account may have this name: ``@`` would make it an address."""
    return _USERNAME.fullmatch(text) is None


def course_of(world: World, key: str) -> Course | None:
    """Return the course with this key."""
    row = world.store.one(
        "SELECT default_mode, white_label, modes, cohorted FROM openedx_courses"
        " WHERE id = ?",
        key,
    )
    if row is None:
        return None
    mode = "honor" if row[1] else row[0]
    return Course(key, mode, tuple(json.loads(row[2])) or (mode,), bool(row[3]))


def account(world: World, identifier: str) -> Account | None:
    """Return whom an address or a username means; nobody who has been erased."""
    column = "email" if "@" in identifier else "username"
    row = world.store.one(
        "SELECT username, email, active, filtered FROM openedx_users"  # noqa: S608 - ours
        f" WHERE {column} = ? {_collation(world)} AND retired = 0",
        identifier,
    )
    return None if row is None else Account(row[0], row[1], bool(row[2]), bool(row[3]))


def _collation(world: World) -> str:
    return "COLLATE BINARY" if world.settings.openedx_case_matters else ""


def _erased(world: World, email: str) -> bool:
    found = world.store.one(
        "SELECT 1 FROM openedx_users WHERE email = ? AND retired = 1", email
    )
    return found is not None


def enrollment(world: World, username: str, course: str) -> tuple[bool, str] | None:
    """Return ``is_active`` and the mode, or None where there never was one."""
    row = world.store.one(
        "SELECT is_active, mode FROM openedx_enrollments"
        " WHERE username = ? AND course_id = ?",
        username,
        course,
    )
    return None if row is None else (bool(row[0]), str(row[1]))


def set_enrollment(
    world: World, username: str, course: str, mode: str, active: bool = True
) -> None:
    """Make or change an enrollment; its ``created`` stays."""
    world.store.run(
        "INSERT INTO openedx_enrollments (username, course_id, is_active, mode,"
        " created) VALUES (?, ?, ?, ?, ?) ON CONFLICT (username, course_id)"
        " DO UPDATE SET is_active = excluded.is_active, mode = excluded.mode",
        username,
        course,
        active,
        mode,
        now(),
    )


def _permission(world: World, email: str, course: str) -> tuple[int, bool] | None:
    row = world.store.one(
        "SELECT rowid, auto_enroll FROM openedx_permissions"  # noqa: S608 - ours
        f" WHERE email = ? {_collation(world)} AND course_id = ?",
        email,
        course,
    )
    return None if row is None else (int(row[0]), bool(row[1]))


def snapshot(world: World, email: str, course: str) -> dict[str, bool]:
    """Return the four bits of ``before`` and ``after``."""
    person = account(world, email)
    held = enrollment(world, person.username, course) if person else None
    permission = _permission(world, email, course)
    return {
        "user": person is not None,
        "enrollment": held is not None and held[0],
        "allowed": permission is not None,
        "auto_enroll": permission is not None and permission[1],
    }


def enroll(world: World, email: str, course: Course, auto_enroll: bool) -> str | None:
    """Enroll an active account, allow anybody else; return which mail it would send.

    Who is enrolled keeps the mode; who comes back gets the course's. Erased addresses
    get nothing.
    """
    person = account(world, email)
    if person is not None and person.active:
        held = enrollment(world, person.username, course.key)
        mode = held[1] if held is not None and held[0] else course.mode
        set_enrollment(world, person.username, course.key, mode)
        return "enrolled_enroll"
    if _erased(world, email):
        return None
    held_permission = _permission(world, email, course.key)
    if held_permission is None:
        world.store.run(
            "INSERT INTO openedx_permissions VALUES (?, ?, ?)",
            email,
            course.key,
            auto_enroll,
        )
    else:
        world.store.run(
            "UPDATE openedx_permissions SET auto_enroll = ? WHERE rowid = ?",
            auto_enroll,
            held_permission[0],
        )
    return "allowed_enroll"


def unenroll(world: World, email: str, course: str) -> list[str]:
    """End an active enrollment and delete a permission; return the mails for it."""
    mails: list[str] = []
    person = account(world, email)
    held = enrollment(world, person.username, course) if person else None
    if person is not None and held is not None and held[0]:
        set_enrollment(world, person.username, course, held[1], active=False)
        mails.append("enrolled_unenroll")
    permission = _permission(world, email, course)
    if permission is not None:
        world.store.run(
            "DELETE FROM openedx_permissions WHERE rowid = ?", permission[0]
        )
        mails.append("allowed_unenroll")
    return mails


def register(world: World, username: str, email: str) -> None:
    """Do what waits for a new account: enrollments by permission, its cohorts.

    The permission stays, as it does on the stock platform.
    """
    waiting = world.store.rows(
        "SELECT course_id FROM openedx_permissions WHERE email = ? AND auto_enroll",
        email,
    )
    for (key,) in waiting:
        course = course_of(world, key)
        if course is not None:
            set_enrollment(world, username, key, course.mode)
    world.store.run(
        "UPDATE OR REPLACE openedx_members SET identifier = ? WHERE identifier = ?",
        username,
        email,
    )


def put_into_cohort(
    world: World, identifier: str, course: str, cohort: str
) -> tuple[str, str | None]:
    """Place a person; return ``present``, ``changed``, ``added`` or ``preassigned``,
    and the cohort before. Nobody is told the earlier cohort of a pre-assignment.
    """
    person = account(world, identifier)
    key = person.username if person else identifier
    row = world.store.one(
        "SELECT cohort FROM openedx_members WHERE course_id = ? AND identifier = ?",
        course,
        key,
    )
    before = None if row is None or person is None else str(row[0])
    if before == cohort:
        return "present", before
    world.store.run(
        "INSERT OR REPLACE INTO openedx_members VALUES (?, ?, ?)", course, key, cohort
    )
    if person is None:
        return "preassigned", None
    return ("added" if before is None else "changed"), before


def has_cohort(world: World, course: str, name: str) -> bool:
    """Tell whether a course has a cohort of this name."""
    found = world.store.one(
        "SELECT 1 FROM openedx_cohorts WHERE course_id = ? AND name = ?", course, name
    )
    return found is not None
