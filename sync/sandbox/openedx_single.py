"""One enrollment at a time, and what a course is: the stock enrollment API.

In: a username (never an address) and a course key. Out: the enrollment as it stands
then. Only this way says a mode.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sync.sandbox.exchange import Call, Refusal, Reply, json_reply
from sync.sandbox.openedx_gate import MESSAGE, need_route
from sync.sandbox.openedx_people import (
    Course,
    account,
    course_of,
    enrollment,
    has_cohort,
    put_into_cohort,
    set_enrollment,
)

if TYPE_CHECKING:
    from sync.sandbox.world import World

ROOT = "/api/enrollment/v1"
_FREE = ("audit", "honor")
"""The modes that need no staff."""


def _message(status: int, text: str) -> Refusal:
    return Refusal(status, text, minor=MESSAGE)


def _details(course: Course) -> dict[str, Any]:
    modes = [
        {"slug": mode, "name": mode.title(), "min_price": 0, "currency": "usd"}
        for mode in course.modes
    ]
    dates = ("enrollment_start", "enrollment_end", "course_start", "course_end")
    return {
        "course_id": course.key,
        "course_name": course.key,
        **dict.fromkeys(dates),
        "invite_only": False,
        "course_modes": modes,
        "pacing_type": "Instructor Paced",
    }


def _shown(world: World, username: str, course: Course) -> dict[str, Any] | None:
    row = world.store.one(
        "SELECT created, mode, is_active, username FROM openedx_enrollments"
        " WHERE username = ? AND course_id = ?",
        username,
        course.key,
    )
    if row is None:
        return None
    return {
        "created": f"{row[0].replace(' ', 'T')}:00Z",
        "mode": row[1],
        "is_active": bool(row[2]),
        "user": row[3],
        "course_details": _details(course),
    }


def course_details(world: World, call: Call) -> Reply:
    """Answer what a course is; an unknown one is 400, not 404."""
    need_route(world.settings.openedx_single)
    course = course_of(world, call.values[0])
    if course is None:
        text = f"No course found for course ID '{call.values[0]}'"
        raise _message(400, text)
    return json_reply(200, _details(course))


def read_one(world: World, call: Call) -> Reply:
    """Answer ``{username},{course}``; 200 without a body where there is none."""
    need_route(world.settings.openedx_single)
    username, comma, key = call.values[0].partition(",")
    if not comma or not world.settings.openedx_staff:
        raise Refusal(404, "Not found.")
    course = course_of(world, key)
    shown = None if course is None else _shown(world, username, course)
    return Reply(200) if shown is None else json_reply(200, shown)


def of_user(world: World, call: Call) -> Reply:
    """List the active enrollments of ``?user=``."""
    need_route(world.settings.openedx_single)
    username = call.parameters().get("user", [""])[0]
    if not world.settings.openedx_staff and username:
        raise Refusal(404, "Not found.")
    keys = world.store.rows(
        "SELECT course_id FROM openedx_enrollments WHERE username = ? AND is_active"
        " ORDER BY n",
        username,
    )
    courses = (course_of(world, key) for (key,) in keys)
    found = [_shown(world, username, course) for course in courses if course]
    return json_reply(200, found)


def enroll_one(world: World, call: Call) -> Reply:
    """Make or change one enrollment, with a mode where it is said."""
    need_route(world.settings.openedx_single)
    body = _body(call)
    details = body.get("course_details")
    key = details.get("course_id") if isinstance(details, dict) else None
    if not isinstance(key, str) or not key:
        raise _message(400, "Course ID must be specified to create a new enrollment.")
    mode, staff = body.get("mode"), world.settings.openedx_staff
    if not staff and body.get("user"):
        raise Refusal(404, "Not found.")
    if mode is not None and mode not in _FREE and not staff:
        text = f"User does not have permission to create enrollment with mode [{mode}]."
        raise _message(403, text)
    if not isinstance(body.get("is_active", True), bool):
        text = f"'{body['is_active']}' is an invalid enrollment activation status."
        raise _message(400, text)
    username = str(body.get("user") or "")
    person = None if "@" in username else account(world, username)
    if person is None:
        raise _message(406, f"The user {username} does not exist.")
    course = course_of(world, key)
    if course is None:
        raise _message(400, f"No course '{key}' found for enrollment")
    if person.filtered:
        raise _message(400, "The enrollment is not allowed.")
    return _apply(world, person.username, course, body)


def _body(call: Call) -> dict[str, Any]:
    kind = call.header(b"content-type").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, f'Unsupported media type "{kind}" in request.')
    try:
        body = json.loads(call.body)
    except ValueError as problem:
        raise Refusal(400, f"JSON parse error - {problem}") from problem
    if not isinstance(body, dict):
        raise Refusal(400, "Send a JSON object.")
    return body


def _apply(world: World, username: str, course: Course, body: dict[str, Any]) -> Reply:
    mode, active = body.get("mode"), body.get("is_active", True)
    held = enrollment(world, username, course.key)
    if not active and held is not None and mode not in (None, held[1]):
        text = f"Enrollment mode mismatch: active mode={held[1]}, requested mode={mode}"
        raise _message(400, f"{text}. Won't deactivate.")
    if mode is not None and mode not in course.modes:
        text = f"The [{mode}] course mode is expired or otherwise unavailable"
        message = f"{text} for course run [{course.key}]."
        return json_reply(400, {"message": message, "course_details": _details(course)})
    if active:
        kept = held[1] if held is not None and held[0] else course.mode
        set_enrollment(world, username, course.key, mode or kept)
    elif held is not None:
        set_enrollment(world, username, course.key, held[1], active=False)
    world.store.run(
        "INSERT INTO openedx_audit (identifier, course_id, action) VALUES (?, ?, ?)",
        username,
        course.key,
        "enroll" if active else "unenroll",
    )
    return _with_cohort(world, username, course, body)


def _with_cohort(
    world: World, username: str, course: Course, body: dict[str, Any]
) -> Reply:
    """The cohort is looked at when the enrollment has been done already."""
    cohort = body.get("cohort")
    if cohort is not None:
        if not isinstance(cohort, str) or not has_cohort(world, course.key, cohort):
            raise _message(400, "The cohort does not exist in this course.")
        put_into_cohort(world, username, course.key, cohort)
    return json_reply(200, _shown(world, username, course))
