"""EduBridge: enrollments by course and school, without classes and sessions.

Source: the enrollments guide and the EduBridge reference. Enrolling finds or makes
the default class of course and school, with a school year and a term; unenrolling
names no role and ends all of them.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sync.sandbox import strict
from sync.sandbox.exchange import (
    NO_CONTENT,
    Call,
    Refusal,
    Reply,
    Route,
    Service,
    json_reply,
)
from sync.sandbox.oneroster import imsx_error
from sync.sandbox.oneroster_shapes import ENROLLMENT_ROLE
from sync.sandbox.oneroster_writes import end
from sync.sandbox.people import names_from
from sync.sandbox.tables import DEFAULT_CLASS, reference_id
from sync.sandbox.tokens import API_SCOPE
from sync.sandbox.views import complete

if TYPE_CHECKING:
    from sync.sandbox.world import World

_READ = frozenset({API_SCOPE + "roster.readonly", API_SCOPE + "roster-core.readonly"})
_WRITE = frozenset({API_SCOPE + "roster.createput"})
_END = _WRITE | {API_SCOPE + "roster.delete"}
ROOT = "/edubridge/enrollments"
_SCHOOL_YEAR_STARTS = 8
"""The month in which a made-up school year begins."""

_BODY = strict.Shape(
    {
        "sourcedId": strict.text,
        "role": ENROLLMENT_ROLE,
        "beginDate": strict.moment,
        "metadata": strict.mapping,
    }
)
_ACTIVE = '"user" = ? AND course = ? AND school = ? AND status = ' + "'active'"


async def enroll(world: World, call: Call) -> Reply:
    """Enroll a person; one that is enrolled in this role already stays as it is."""
    wanted = strict.checked(call, _BODY, status=422) if call.body.strip() else {}
    user, course, school = _known(world, call.values)
    role = wanted.get("role", "student")
    at = (user, course, school, role)
    held = _active(world, at)
    if held is None:
        group = await _default_class(world, course, school)
        # Another request for the same may have come while the class was made.
        held = _active(world, at) or _made(world, wanted, at, group["sourcedId"])
    return json_reply(201, {"data": _shown(world, held)})


def _active(world: World, at: tuple[str, str, str, str]) -> dict[str, Any] | None:
    found = world.store.all("enrollments", f"{_ACTIVE} AND role = ?", *at)
    return found[0] if found else None


def _made(
    world: World, wanted: dict[str, Any], at: tuple[str, str, str, str], group: str
) -> dict[str, Any]:
    user, course, school, role = at
    key = _free_id(world, wanted.get("sourcedId"), at)
    item = {
        "sourcedId": key,
        "role": role,
        "beginDate": wanted.get("beginDate", world.now())[:10],
        "metadata": wanted.get("metadata"),
        "user": {"sourcedId": user},
        "class": {"sourcedId": group},
        "course": {"sourcedId": course},
        "school": {"sourcedId": school},
    }
    made = complete("enrollments", item, world.now(), names_from(world))
    world.store.put("enrollments", [made])
    return made


def _known(world: World, keys: tuple[str, ...]) -> tuple[str, str, str]:
    user, course, school = keys
    tables = {"users": user, "courses": course, "orgs": school}
    for table, key in tables.items():
        if not world.store.has(table, key):
            raise Refusal(404, f"{table}: there is no {key}", minor="unknownobject")
    return user, course, school


def _free_id(world: World, asked: str | None, at: tuple[str, ...]) -> str:
    """Return the id for a new enrollment; an ended one of the same is taken up."""
    if asked is None:
        return world.new_id()
    held = world.store.get("enrollments", asked)
    if held is not None:
        names = ("user", "course", "school")
        same = (*(reference_id(held, name) for name in names), held["role"]) == at
        if not same:
            raise Refusal(422, f"{asked} is the id of another enrollment")
    return asked


async def _default_class(world: World, course: str, school: str) -> dict[str, Any]:
    where = "course = ? AND school = ? AND is_default = 1"
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


def _course(world: World, key: str) -> dict[str, Any]:
    held = world.store.get("courses", key) or {}
    return {
        "id": key,
        "title": held.get("title"),
        "metadata": held.get("metadata") or {},
        "subjects": held.get("subjects") or [],
        "grades": held.get("grades") or [],
    }


def _shown(world: World, item: dict[str, Any]) -> dict[str, Any]:
    course, school = (reference_id(item, name) or "" for name in ("course", "school"))
    begin, finish = item["beginDate"], item["endDate"]
    return {
        "id": item["sourcedId"],
        "role": item["role"],
        "beginDate": f"{begin}T00:00:00.000Z" if begin else None,
        "endDate": f"{finish}T00:00:00.000Z" if finish else None,
        "metadata": item["metadata"],
        "course": _course(world, course),
        "school": {"id": school, "name": world.store.name("orgs", school)},
    }


def unenroll(world: World, call: Call) -> Reply:
    """End every role of a person in a course at a school."""
    found = world.store.all("enrollments", _ACTIVE, *call.values)
    if not found:
        raise Refusal(404, "there is no such active enrollment", minor="unknownobject")
    with world.store.atomic():
        for item in found:
            end(world, "enrollments", item)
    return NO_CONTENT


def of_user(world: World, call: Call) -> Reply:
    """List a person's active enrollments, all at once."""
    user = call.values[0]
    if not world.store.has("users", user):
        raise Refusal(404, f"there is no user {user}", minor="unknownobject")
    where = "\"user\" = ? AND status = 'active'"
    found = world.store.all("enrollments", where, user)
    return json_reply(200, {"data": [_shown(world, item) for item in found]})


async def default_class(world: World, call: Call) -> Reply:
    """Answer the default class, which is made where it is not there."""
    course, school = call.values
    for table, key in (("courses", course), ("orgs", school)):
        if not world.store.has(table, key):
            raise Refusal(404, f"{table}: there is no {key}", minor="unknownobject")
    held = await _default_class(world, course, school)
    names = ("title", "classCode", "subjectCodes", "subjects", "grades", "periods")
    shown = {"id": held["sourcedId"], **{name: held[name] for name in names}}
    return json_reply(200, {"data": {**shown, "course": _course(world, course)}})


SERVICE = Service(
    name="edubridge",
    host="api",
    realm="api",
    prefixes=("/edubridge",),
    routes=(
        Route("POST", f"{ROOT}/enroll/{{}}/{{}}/{{}}", enroll, _WRITE),
        Route("DELETE", f"{ROOT}/unenroll/{{}}/{{}}/{{}}", unenroll, _END),
        Route("GET", f"{ROOT}/user/{{}}", of_user, _READ),
        Route("GET", f"{ROOT}/defaultClass/{{}}/{{}}", default_class, _READ),
    ),
    error=imsx_error,
    slash=True,
)
