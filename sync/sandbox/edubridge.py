"""EduBridge: enrollments by course and school, without classes and sessions.

Source: the enrollments guide and the EduBridge reference. Enrolling finds or makes
the default class of course and school, with a school year and a term; unenrolling
names no role and ends all of them. Both take the user's primary org where the path
has no school.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sync.sandbox import strict
from sync.sandbox.edubridge_classes import default_class_of
from sync.sandbox.exchange import (
    NO_CONTENT,
    Call,
    Refusal,
    Reply,
    Route,
    Service,
    json_reply,
)
from sync.sandbox.oneroster_answers import imsx_error
from sync.sandbox.oneroster_shapes import ENROLLMENT_ROLE
from sync.sandbox.oneroster_writes import end
from sync.sandbox.people import names_from
from sync.sandbox.tables import reference_id
from sync.sandbox.tokens import API_SCOPE
from sync.sandbox.views import complete

if TYPE_CHECKING:
    from sync.sandbox.world import World

_READ = frozenset({API_SCOPE + "roster.readonly", API_SCOPE + "roster-core.readonly"})
_WRITE = frozenset({API_SCOPE + "roster.createput"})
_END = _WRITE | {API_SCOPE + "roster.delete"}
ROOT = "/edubridge/enrollments"


def _amount(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{where} must be a number"


def _boolean(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{where} must be true or false"


_GOALS = (
    "dailyXp",
    "dailyLessons",
    "dailyActiveMinutes",
    "dailyAccuracy",
    "dailyMasteredUnits",
)
_BODY = strict.Shape(
    {
        "sourcedId": strict.text,
        "role": ENROLLMENT_ROLE,
        "beginDate": strict.moment,
        "metadata": strict.Shape(
            {
                "goals": strict.Shape(
                    dict.fromkeys(_GOALS, _amount),
                    open=True,
                ),
                "metrics": strict.Shape(
                    dict.fromkeys(("totalXp", "totalLessons"), _amount),
                    open=True,
                ),
                "studentSpecificGoals": _boolean,
            },
            open=True,
        ),
    }
)
_ACTIVE = '"user" = ? AND course = ? AND school = ? AND status = ' + "'active'"


async def enroll(world: World, call: Call) -> Reply:
    """Enroll a person; one that is enrolled in this role already stays as it is."""
    wanted = strict.checked(call, _BODY, status=422) if call.body.strip() else {}
    user, course, school = _known(world, _whole(world, call.values))
    role = wanted.get("role", "student")
    at = (user, course, school, role)
    held = _active(world, at)
    again = world.settings.edubridge_again
    if held is not None and again == "refused":
        raise Refusal(409, "the user is enrolled already", minor="invaliddata")
    if held is None or again == "another":
        group = await default_class_of(world, course, school)
        # Another request for the same may have come while the class was made.
        held = None if again == "another" else _active(world, at)
        held = held or _made(world, wanted, at, group["sourcedId"])
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


def _whole(world: World, keys: tuple[str, ...]) -> tuple[str, str, str]:
    """Return user, course and school; Refusal 404 or 422 where none follows."""
    user, course, *rest = keys
    if rest:
        return user, course, rest[0]
    held = world.store.get("users", user)
    if held is None:
        raise Refusal(404, f"users: there is no {user}", minor="unknownobject")
    school = reference_id(held, "primaryOrg")
    if school is None:
        text = "name a school: the user has no primary org"
        raise Refusal(422, text, minor="invaliddata")
    return user, course, school


def _known(world: World, keys: tuple[str, ...]) -> tuple[str, str, str]:
    user, course, school = keys
    tables = {"users": user, "courses": course, "orgs": school}
    for table, key in tables.items():
        if not world.store.has(table, key):
            raise Refusal(404, f"{table}: there is no {key}", minor="unknownobject")
    return user, course, school


def _free_id(world: World, asked: str | None, at: tuple[str, ...]) -> str:
    """Return the id for a new enrollment; an ended one of the same is taken up."""
    if asked is None or world.settings.allocate_ids:
        return world.new_id()
    held = world.store.get("enrollments", asked)
    if held is not None:
        if held["status"] == "active":
            raise Refusal(422, f"{asked} is the id of an enrollment that goes on")
        names = ("user", "course", "school")
        same = (*(reference_id(held, name) for name in names), held["role"]) == at
        if not same:
            raise Refusal(422, f"{asked} is the id of another enrollment")
    return asked


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
    found = world.store.all("enrollments", _ACTIVE, *_whole(world, call.values))
    if not found:
        raise Refusal(404, "there is no such active enrollment", minor="unknownobject")
    with world.store.atomic():
        for item in found:
            end(world, "enrollments", item)
    return NO_CONTENT


def of_user(world: World, call: Call) -> Reply:
    """List a person's enrollments, all at once; usually the active ones alone."""
    user = call.values[0]
    if not world.store.has("users", user):
        raise Refusal(404, f"there is no user {user}", minor="unknownobject")
    where = '"user" = ?'
    if not world.settings.edubridge_shows_ended:
        where += " AND status = 'active'"
    found = world.store.all("enrollments", where, user)
    return json_reply(200, {"data": [_shown(world, item) for item in found]})


async def default_class(world: World, call: Call) -> Reply:
    """Answer the default class, which is made where it is not there."""
    course, school = call.values
    for table, key in (("courses", course), ("orgs", school)):
        if not world.store.has(table, key):
            raise Refusal(404, f"{table}: there is no {key}", minor="unknownobject")
    held = await default_class_of(world, course, school)
    names = ("title", "classCode", "subjectCodes", "subjects", "grades", "periods")
    shown = {"id": held["sourcedId"], **{name: held[name] for name in names}}
    return json_reply(200, {"data": {**shown, "course": _course(world, course)}})


def reset_progress(world: World, call: Call) -> Reply:
    """Forget how far a person has come in a course."""
    user, course = call.values
    for table, key in (("users", user), ("courses", course)):
        if not world.store.has(table, key):
            raise Refusal(404, f"{table}: there is no {key}", minor="unknownobject")
    where = "\"user\" = ? AND course = ? AND status = 'active'"
    for item in world.store.all("enrollments", where, user, course):
        rest = {k: v for k, v in (item["metadata"] or {}).items() if k != "metrics"}
        _change(world, item, rest)
    return NO_CONTENT


def propagate_goals(world: World, call: Call) -> Reply:
    """Give the goals of a course to everybody in it who has none of their own."""
    course = world.store.get("courses", call.values[0])
    if course is None:
        raise Refusal(404, f"there is no {call.values[0]}", minor="unknownobject")
    goals = (course.get("metadata") or {}).get("goals")
    if goals is None:
        raise Refusal(422, "the course has no goals", minor="invaliddata")
    where = "course = ? AND status = 'active'"
    found = [
        item
        for item in world.store.all("enrollments", where, course["sourcedId"])
        if not (item["metadata"] or {}).get("studentSpecificGoals")
    ]
    for item in found:
        _change(world, item, {**(item["metadata"] or {}), "goals": goals})
    return json_reply(200, {"data": {"updated": len(found), "errors": []}})


def _change(world: World, item: dict[str, Any], metadata: dict[str, Any]) -> None:
    made = {**item, "metadata": metadata, "dateLastModified": world.now()}
    world.store.put("enrollments", [made])


SERVICE = Service(
    name="edubridge",
    host="api",
    realm="api",
    prefixes=("/edubridge",),
    routes=(
        Route("POST", f"{ROOT}/enroll/{{}}/{{}}/{{}}", enroll, _WRITE),
        Route("POST", f"{ROOT}/enroll/{{}}/{{}}", enroll, _WRITE),
        Route("DELETE", f"{ROOT}/unenroll/{{}}/{{}}/{{}}", unenroll, _END),
        Route("DELETE", f"{ROOT}/unenroll/{{}}/{{}}", unenroll, _END),
        Route("DELETE", f"{ROOT}/resetProgress/{{}}/{{}}", reset_progress, _END),
        Route("POST", f"{ROOT}/propagateGoals/{{}}", propagate_goals, _WRITE),
        Route("GET", f"{ROOT}/user/{{}}", of_user, _READ),
        Route("GET", f"{ROOT}/defaultClass/{{}}/{{}}", default_class, _READ),
    ),
    error=imsx_error,
    slash=True,
)
