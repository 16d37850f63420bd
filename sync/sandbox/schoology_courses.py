"""Schoology's courses, sections, groups and grading periods, to be read only.

In: calls. Out: lists, single records, and redirects from codes to sections. Source:
the REST API's pages on courses, sections, groups and grading periods.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sync.sandbox.exchange import Call, Refusal, Reply, Route
from sync.sandbox.schoology_forms import ROOT, answer, see_other
from sync.sandbox.schoology_lists import (
    SCHOOL,
    Wanted,
    in_building,
    item_of,
    page,
    paging,
    parameters,
)
from sync.sandbox.schoology_store import record, whole, with_code

if TYPE_CHECKING:
    from sync.sandbox.world import World

_TABLE = "schoology_records"
# A section is over once every grading period that it has, and that is known, is.
_CURRENT = (
    "(json_array_length(item, '$.grading_periods') = 0 OR EXISTS (SELECT 1 FROM"
    " json_each(schoology_records.item, '$.grading_periods') AS given LEFT JOIN"
    " schoology_records AS known ON known.kind = 'grading_periods'"
    " AND known.id = CAST(given.value AS INTEGER) WHERE"
    " coalesce(nullif(json_extract(known.item, '$.end'), ''), '9999') >= ?))"
)


def _course(item: dict[str, Any]) -> dict[str, Any]:
    names = ("title", "course_code", "building_id")
    shown = {name: item[name] for name in names}
    return {"id": int(item["id"]), **shown, "school_id": SCHOOL}


def _section(world: World, item: dict[str, Any]) -> dict[str, Any]:
    course = record(world, "courses", int(item["course_id"])) or {}
    return {
        "id": item["id"],
        "course_id": item["course_id"],
        "course_title": course.get("title", ""),
        "course_code": course.get("course_code", ""),
        "school_id": SCHOOL,
        "building_id": item["building_id"],
        "section_title": item["title"],
        "section_code": item["section_code"],
        "section_school_code": item["section_school_code"],
        "active": item["active"],
        "grading_periods": [int(period) for period in item["grading_periods"]],
    }


def _group(item: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "title", "group_code", "building_id")
    return {**{name: item[name] for name in names}, "school_id": SCHOOL}


def _period(item: dict[str, Any]) -> dict[str, Any]:
    names = ("title", "start", "end")
    shown = {name: item[name] for name in names}
    return {"id": int(item["id"]), **shown, "active": str(item["active"])}


def list_courses(world: World, call: Call) -> Reply:
    """List the courses, whose total is a text."""
    asked = paging(world, call, "building_id")
    where, values = in_building("kind = 'courses'", asked.others)

    def show(text: str) -> dict[str, Any]:
        return _course(item_of(text))

    wanted = Wanted("course", _TABLE, where, values, show, total=str)
    return page(world, call, asked, wanted)


def list_sections(world: World, call: Call) -> Reply:
    """List the sections of a course, those that are over only with ``include_past``."""
    asked = paging(world, call, "include_past")
    course = whole(call.values[0])
    if record(world, "courses", course) is None:
        raise Refusal(404, "there is no such course")
    where = "kind = 'sections' AND parent = ?"
    values: tuple[Any, ...] = (course,)
    past = asked.others.get("include_past", "0")
    if past not in ("0", "1"):
        raise Refusal(400, "include_past must be 0 or 1")
    if past == "0":
        where, values = f"{where} AND {_CURRENT}", (*values, world.now()[:10])

    def show(text: str) -> dict[str, Any]:
        return _section(world, item_of(text))

    return page(world, call, asked, Wanted("section", _TABLE, where, values, show))


def get_section(world: World, call: Call) -> Reply:
    """Answer one section."""
    parameters(call)
    held = record(world, "sections", whole(call.values[0]))
    if held is None:
        raise Refusal(404, "there is no such section")
    return answer(call, 200, _section(world, held))


def section_by_code(world: World, call: Call) -> Reply:
    """Send the caller to the section with a school code."""
    parameters(call)
    found = with_code(world, "sections", call.values[0])
    if not found:
        raise Refusal(404, "there is no section with this section_school_code")
    return see_other(call, f"sections/{found[0]['id']}")


def list_groups(world: World, call: Call) -> Reply:
    """List the groups."""
    asked = paging(world, call, "building_id")
    where, values = in_building("kind = 'groups'", asked.others)

    def show(text: str) -> dict[str, Any]:
        return _group(item_of(text))

    return page(world, call, asked, Wanted("group", _TABLE, where, values, show))


def get_group(world: World, call: Call) -> Reply:
    """Answer one group."""
    parameters(call)
    held = record(world, "groups", whole(call.values[0]))
    if held is None:
        raise Refusal(404, "there is no such group")
    return answer(call, 200, _group(held))


def list_periods(world: World, call: Call) -> Reply:
    """List the grading periods, or those with a title, or with a beginning of one."""
    asked = paging(world, call, "title", "startswith")
    where, values = "kind = 'grading_periods'", ()
    wanted = Wanted("gradingperiods", _TABLE, where, values, _shown_period)
    title = asked.others.get("title")
    if title is not None:
        begins = asked.others.get("startswith") == "1"
        length = len(title) if begins else -1
        some = f"{where} AND CASE ? WHEN -1 THEN code ELSE substr(code, 1, ?) END = ?"
        wanted = replace(wanted, where=some, values=(length, length, title))
    return page(world, call, asked, wanted)


def _shown_period(text: str) -> dict[str, Any]:
    return _period(item_of(text))


ROUTES = (
    Route("GET", f"{ROOT}/courses", list_courses, None),
    Route("GET", f"{ROOT}/courses/{{}}/sections", list_sections, None),
    Route("GET", f"{ROOT}/sections/{{}}", get_section, None),
    Route("GET", f"{ROOT}/sections/ext/{{}}", section_by_code, None),
    Route("GET", f"{ROOT}/groups", list_groups, None),
    Route("GET", f"{ROOT}/groups/{{}}", get_group, None),
    Route("GET", f"{ROOT}/gradingperiods", list_periods, None),
)
