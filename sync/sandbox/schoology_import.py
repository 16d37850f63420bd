"""Imports of enrollments into course sections by codes, without any id.

In: items with ``school_uid`` and the codes of a section. Out: results without ids; the
enrollment's shows in ``location`` alone, at times behind a doubled slash. Source: the
REST API's page on enrollments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sync.sandbox import schoology_items as items
from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.schoology_bulk import Batch, Result, run
from sync.sandbox.schoology_enrollments import enroll, link
from sync.sandbox.schoology_lists import numbers, parameters
from sync.sandbox.schoology_store import (
    Enrollment,
    members,
    record,
    remove,
    save,
    sections_of,
    with_code,
)

if TYPE_CHECKING:
    from sync.sandbox.world import World

_ASIDE = frozenset({2, 5})
"""Expired and archived."""
_OPTIONS = ("admin", "delete")
_CODES = ("course_code", "section_code", "school_uid")
_SCHOOL_CODE = ("section_school_code", "school_uid")


def import_by_codes(world: World, call: Call, sent: Sequence[items.Item]) -> Reply:
    """Import by course code and section code within grading periods."""
    parameters(call)
    periods = numbers(call.values[0], "grading_period_id")
    for period in periods:
        if record(world, "grading_periods", period) is None:
            raise Refusal(404, "there is no such grading period")

    def find(world: World, item: items.Item) -> list[dict[str, Any]]:
        return _in_periods(world, item, {str(period) for period in periods})

    return run(world, call, sent, _batch(_CODES, find, ()))


def import_by_school_code(
    world: World, call: Call, sent: Sequence[items.Item]
) -> Reply:
    """Import by the section's school code, which is unique."""
    parameters(call)

    def find(world: World, item: items.Item) -> list[dict[str, Any]]:
        return with_code(world, "sections", item["section_school_code"])

    return run(world, call, sent, _batch(_SCHOOL_CODE, find, ("section_school_code",)))


def _in_periods(
    world: World, item: items.Item, periods: set[str]
) -> list[dict[str, Any]]:
    """Return the sections with these codes in the grading periods."""
    needed = len(periods) if world.settings.schoology_import_periods == "all" else 1
    return [
        section
        for course in with_code(world, "courses", item["course_code"])
        for section in sections_of(world, course["id"])
        if section["section_code"] == item["section_code"]
        and len(periods.intersection(section["grading_periods"])) >= needed
    ]


def _batch(
    names: tuple[str, ...],
    find: Callable[[World, items.Item], list[dict[str, Any]]],
    more: tuple[str, ...],
) -> Batch:
    def key(item: items.Item) -> tuple[str, ...]:
        return tuple(str(item.get(name, "")) for name in names)

    def apply(world: World, item: items.Item) -> Result:
        items.checked(item, names, _OPTIONS)
        for name in names:
            items.code(item, name)
        section = _only(find(world, item))
        of = items.person_with(world, item["school_uid"])
        location = _imported(world, int(section["id"]), int(of["uid"]), item)
        course = record(world, "courses", int(section["course_id"])) or {}
        return {
            "location": location,
            "school_uid": item["school_uid"],
            **{name: section[name] for name in more},
            "course_code": course.get("course_code", ""),
            "section_code": section["section_code"],
        }

    return Batch(key, apply)


def _only(found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        raise Refusal(404, "there is no section with these codes")
    if len(found) > 1:
        raise Refusal(400, "several sections have these codes")
    return found[0]


def _imported(world: World, section: int, uid: int, item: items.Item) -> str:
    """Make, change or delete an enrollment; return where it is, empty if it is gone."""
    admin = items.flag(item, "admin")
    held = next(iter(members(world, "section", section, uid)), None)
    if items.flag(item, "delete", 0):
        if held is None:
            raise Refusal(404, "the user is not enrolled there")
        remove(world, held)
        return ""
    if held is None:
        new = enroll(world, ("section", section), uid, admin or 0, 1)
    else:
        new = _updated(world, held, admin)
        save(world, new)
    return _location(world, new)


def _updated(world: World, held: Enrollment, admin: int | None) -> Enrollment:
    settings = world.settings
    if admin is None:
        admin = 0 if settings.schoology_import_resets_admin else held.admin
    back = held.status in _ASIDE and settings.schoology_import_reactivates
    return replace(held, admin=admin, status=1 if back else held.status)


def _location(world: World, held: Enrollment) -> str:
    """Return the address, which has a doubled slash for every other id."""
    address, _, key = link(world, held).rpartition("/")
    return f"{address}//{key}" if held.id % 2 else f"{address}/{key}"
