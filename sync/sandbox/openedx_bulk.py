"""``POST /api/bulk_enroll/v1/bulk_enroll/``: every identifier into every course.

Source: the vendor's page and the stock application. What it sends on is forwarded as a
form, so that the inner view reads words where the outer one reads booleans; a course
that is not there ends the call in the middle of its loop.
"""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sync.sandbox.exchange import Call, Refusal, Reply, json_reply
from sync.sandbox.openedx_gate import EMPTY, HTML, need_route, need_staff
from sync.sandbox.openedx_people import (
    Course,
    account,
    course_of,
    enroll,
    has_cohort,
    is_email,
    is_key,
    put_into_cohort,
    snapshot,
    unenroll,
)
from sync.sandbox.tokens import FORM

if TYPE_CHECKING:
    from sync.sandbox.world import World

PATH = "/api/bulk_enroll/v1/bulk_enroll/"
_FIELDS = (
    *("identifiers", "courses", "cohorts", "action"),
    *("auto_enroll", "email_students"),
)
"""All six are required by the vendor's page; the stock application wants three."""
_STOCK = frozenset({"identifiers", "courses", "action"})
_AT_ONCE = 403
"""The status of a refusal that comes before anything is done."""
_TRUE = ("t", "T", "y", "Y", "yes", "Yes", "true", "True", "TRUE", "on", "1")
_FALSE = ("f", "F", "n", "N", "no", "No", "false", "False", "FALSE", "off", "0")
_WHOLE = "non_field_errors"
"""The key of what is wrong with the fields together."""
_REQUIRED = "This field is required."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that has passed validation; the ``inner`` flags are what is acted on."""

    action: str
    courses: list[str]
    cohorts: list[str]
    identifiers: list[str]
    auto_enroll: bool
    email_students: bool
    inner_auto_enroll: bool
    inner_email_students: bool


@dataclass(slots=True)
class _Trace:
    """What no rollback undoes: pairs that were touched, and mails that left."""

    pairs: list[tuple[str, str, str]] = field(default_factory=list)
    mails: list[tuple[str, str, str]] = field(default_factory=list)

    def keep(self, world: World) -> None:
        connection = world.store.connection
        connection.executemany(
            "INSERT INTO openedx_audit (identifier, course_id, action)"
            " VALUES (?, ?, ?)",
            self.pairs,
        )
        connection.executemany(
            'INSERT INTO openedx_outbox ("to", course_id, message) VALUES (?, ?, ?)',
            self.mails,
        )


def bulk_enroll(world: World, call: Call) -> Reply:
    """Enroll or unenroll identifiers in courses, the whole cross product."""
    need_route(world.settings.openedx_bulk)
    need_staff(world)
    wanted = _validated(world, _body(call))
    barred = world.settings.openedx_barred
    refused = [key for key in wanted.courses if key in barred]
    if refused and world.settings.openedx_barred_status == _AT_ONCE:
        raise Refusal(403, "You do not have permission to perform this action.")
    trace = _Trace()
    rollback = world.settings.openedx_rollback
    try:
        with world.store.atomic() if rollback else nullcontext():
            courses = _courses(world, wanted, trace)
    finally:
        trace.keep(world)
    _maybe_fail(world)
    return json_reply(200, _spoiled(world, wanted, courses))


def _body(call: Call) -> dict[str, Any]:
    kind = call.header(b"content-type").split(";")[0].strip().lower()
    if kind == FORM:
        return dict(parse_qsl(call.body.decode(), keep_blank_values=True))
    if kind != "application/json":
        raise Refusal(415, f'Unsupported media type "{kind}" in request.')
    try:
        body = json.loads(call.body)
    except ValueError as problem:
        raise Refusal(400, f"JSON parse error - {problem}") from problem
    if not isinstance(body, dict):
        raise _invalid(_WHOLE, "Invalid data. Expected a dictionary.")
    return body


def _invalid(name: str, text: str) -> Refusal:
    return Refusal(400, text, details=({name: text},))


def _validated(world: World, body: dict[str, Any]) -> Wanted:
    strict = world.settings.openedx_strict_fields
    wrong = {
        name: _REQUIRED
        for name in _FIELDS
        if name not in body and (strict or name in _STOCK)
    }
    courses, cohorts = (_list(body.get(name)) for name in ("courses", "cohorts"))
    flags = {name: _flag(body.get(name, False)) for name in _FIELDS[-2:]}
    wrong |= {name: "Must be a valid boolean." for name in flags if flags[name] is None}
    wrong |= _wrong_texts(body, courses)
    if wrong:
        details = tuple({name: text} for name, text in wrong.items())
        raise Refusal(400, "the call is not valid", details=details)
    _check_cohorts(world, body["action"], courses, cohorts)
    return Wanted(
        action=body["action"],
        courses=courses,
        cohorts=cohorts,
        identifiers=_split(str(body["identifiers"])),
        auto_enroll=bool(flags["auto_enroll"]),
        email_students=bool(flags["email_students"]),
        inner_auto_enroll=_inner(body.get("auto_enroll")),
        inner_email_students=_inner(body.get("email_students")),
    )


def _list(value: Any) -> list[str]:
    """Split at commas without trimming; of an array only the first member counts."""
    if not value:
        return []
    first = value[0] if isinstance(value, list) else value
    if not isinstance(first, str):
        raise Refusal(500, "it has no method to be split with", minor=HTML)
    return first.split(",")


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,]", text) if part]


def _flag(value: Any) -> bool | None:
    word = str(value) if isinstance(value, bool | str | int) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _inner(value: Any) -> bool:
    return value is True or value in ("true", "True")


def _wrong_texts(body: dict[str, Any], courses: list[str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    who = body.get("identifiers", "x")
    if not isinstance(who, str):
        wrong["identifiers"] = "Not a valid string."
    elif not who.strip():
        wrong["identifiers"] = "This field may not be blank."
    for key in courses:
        if not is_key(key):
            wrong.setdefault("courses", f"Course key not valid: {key}")
    action = body.get("action", "enroll")
    if action not in ("enroll", "unenroll"):
        wrong["action"] = f'"{action}" is not a valid choice.'
    return wrong


def _check_cohorts(
    world: World, action: str, courses: list[str], cohorts: list[str]
) -> None:
    if not cohorts:
        return
    if action != "enroll":
        raise _invalid(_WHOLE, "Cohorts can only be used for enrollments.")
    if len(cohorts) != len(courses):
        raise _invalid(_WHOLE, "The cohorts and courses should have equal number.")
    for course, cohort in zip(courses, cohorts, strict=True):
        if not has_cohort(world, course, cohort):
            raise _invalid(_WHOLE, f"cohort {cohort} not found in course {course}.")


def _courses(world: World, wanted: Wanted, trace: _Trace) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for key, cohort in zip_longest(wanted.courses, wanted.cohorts):
        course = course_of(world, key)
        if course is None:
            raise Refusal(404, "", minor=EMPTY)
        if key in world.settings.openedx_barred:
            raise Refusal(500, "the inner view's refusal is not JSON", minor=HTML)
        with world.store.atomic():
            results = [
                _one(world, wanted, course, i, trace) for i in wanted.identifiers
            ]
            if cohort:
                _into_cohort(world, key, cohort, results)
        answer[key] = {
            "action": wanted.action,
            "results": results,
            "auto_enroll": wanted.inner_auto_enroll,
        }
    return answer


def _one(
    world: World, wanted: Wanted, course: Course, identifier: str, trace: _Trace
) -> dict[str, Any]:
    person = account(world, identifier)
    email = person.email if person else identifier
    trace.pairs.append((identifier, course.key, wanted.action))
    if not is_email(email):
        return {"identifier": identifier, "invalidIdentifier": True}
    before = snapshot(world, email, course.key)
    if person is not None and person.filtered:
        asked = person.active if wanted.action == "enroll" else before["enrollment"]
        if asked:
            return {"identifier": identifier, "error": True}
    if wanted.action == "enroll":
        mail = enroll(world, email, course, wanted.inner_auto_enroll)
        mails = [] if mail is None else [mail]
    else:
        mails = unenroll(world, email, course.key)
    if wanted.inner_email_students:
        trace.mails += [(email, course.key, mail) for mail in mails]
    after = snapshot(world, email, course.key)
    return {"identifier": identifier, "before": before, "after": after}


def _into_cohort(
    world: World, course: str, cohort: str, results: list[dict[str, Any]]
) -> None:
    for result in results:
        after = result.get("after", {})
        if after.get("enrollment") or after.get("allowed"):
            _, before = put_into_cohort(world, result["identifier"], course, cohort)
            result["before"]["cohort"] = before
            after["cohort"] = cohort


def _maybe_fail(world: World) -> None:
    """Answer 500 although all was done, as often as the settings say."""
    row = world.store.one("SELECT COUNT(*) FROM openedx_ticks WHERE kind = 'failed'")
    if row is not None and row[0] < world.settings.openedx_fails_after:
        world.store.run("INSERT INTO openedx_ticks VALUES ('failed', 0)")
        raise Refusal(500, "the sandbox was told to fail after the work", minor=HTML)


def _spoiled(world: World, wanted: Wanted, courses: dict[str, Any]) -> dict[str, Any]:
    """Return the whole answer, with the faults that the settings ask for."""
    settings = world.settings
    if settings.openedx_misses_course and courses:
        courses.popitem()
    for course in courses.values():
        if settings.openedx_misses_result:
            course["results"] = course["results"][:-1]
        if settings.openedx_other_case:
            for result in course["results"]:
                result["identifier"] = result["identifier"].upper()
    return {
        "auto_enroll": wanted.auto_enroll,
        "email_students": wanted.email_students,
        "action": wanted.action,
        "courses": courses,
    }
