"""The default class of a course at a school, which EduBridge makes when it is needed.

In: the ids of both. Out: the class, with a term, and with a school year where the
store has no term at all.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sync.sandbox.people import names_from
from sync.sandbox.tables import DEFAULT_CLASS
from sync.sandbox.views import complete

if TYPE_CHECKING:
    from sync.sandbox.world import World

_SCHOOL_YEAR_STARTS = 8
"""The month in which a made-up school year begins."""


async def default_class_of(world: World, course: str, school: str) -> dict[str, Any]:
    """Return the class; where requests make it at the same time, count the race."""
    where = "course = ? AND school = ? AND is_default = 1 AND status != 'tobedeleted'"
    found = world.store.all("classes", where, course, school)
    if found:
        return found[0]
    pair = (course, school)
    if pair in world.creating:
        world.store.run(
            "INSERT INTO races VALUES (?, ?, 1)"
            " ON CONFLICT (course, school) DO UPDATE SET count = count + 1",
            *pair,
        )
    world.creating.add(pair)
    try:
        await asyncio.sleep(world.settings.class_creation)
    finally:
        world.creating.discard(pair)
    found = world.store.all("classes", where, course, school)
    return found[0] if found else _make_class(world, course, school)


def _make_class(world: World, course: str, school: str) -> dict[str, Any]:
    with world.store.atomic():
        term = _term(world, school)
        item = {
            "sourcedId": world.new_id(),
            "title": world.store.name("courses", course),
            "course": {"sourcedId": course},
            "school": {"sourcedId": school},
            "terms": [{"sourcedId": term}],
            "metadata": {DEFAULT_CLASS: True},
        }
        made = complete("classes", item, world.now(), names_from(world))
        world.store.put("classes", [made])
    return made


def _term(world: World, school: str) -> str:
    """Return the id of a term; a school year and a term are made where none is."""
    row = world.store.one(
        "SELECT sourcedId FROM academicSessions WHERE type = 'term'"
        " AND status = 'active' ORDER BY sourcedId"
    )
    if row is not None:
        return str(row[0])
    year, term = _sessions(world.new_id(), world.new_id(), school)
    names = names_from(world)
    made = [complete("academicSessions", s, world.now(), names) for s in (year, term)]
    world.store.put("academicSessions", made)
    return str(term["sourcedId"])


def _sessions(
    year_id: str, term_id: str, school: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    today = datetime.now(UTC).date()
    first = today.year - (today.month < _SCHOOL_YEAR_STARTS)
    common = {
        "startDate": date(first, _SCHOOL_YEAR_STARTS, 1).isoformat(),
        "endDate": date(first + 1, _SCHOOL_YEAR_STARTS - 1, 31).isoformat(),
        "schoolYear": first + 1,
        "org": {"sourcedId": school},
    }
    title = f"{first}-{first + 1}"
    year = {"sourcedId": year_id, "type": "schoolYear", "title": title, **common}
    term = {"sourcedId": term_id, "type": "term", "title": f"Term {title}", **common}
    return year, {**term, "parent": {"sourcedId": year_id}}
