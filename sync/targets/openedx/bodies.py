"""Operations -> the requests that enroll and unenroll.

Sources: MOOCit's enrollments page (bulk enroll), the stock platform's enrollment API
(single enrollment, which alone can name a mode).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sync.model.operation import Operation, Verb
from sync.model.request import Json, Request
from sync.targets.openedx.config import SERVICE, OpenedxSettings
from sync.targets.openedx.courses import COURSE, IDENTIFIER
from sync.targets.openedx.project import COHORT, DEFAULT_MODE
from sync.targets.openedx.rectangles import Pair, Rectangle, rectangles

BULK = "/api/bulk_enroll/v1/bulk_enroll/"
"""The slash at the end belongs to it."""
SINGLE = "/api/enrollment/v1/enrollment"


def requests(
    operations: Sequence[Operation], settings: OpenedxSettings
) -> Iterator[Request]:
    """The fewest requests that carry out exactly these operations."""
    alone = [one for one in operations if _keeps_mode(one, settings)]
    bulk = [one for one in operations if not _keeps_mode(one, settings)]
    for ends in (False, True):
        pairs = {_pair(one): one.id for one in bulk if one.ends is ends}
        if len(pairs) < sum(one.ends is ends for one in bulk):
            message = "two operations name one person in one course"
            raise ValueError(message)
        for part in rectangles(pairs):
            done = tuple(pairs[pair] for pair in part.pairs())
            yield _call(part, done, settings, ends=ends)
    for one in alone:
        yield _single(one)


def _values(operation: Operation) -> dict[str, Any]:
    return operation.after or operation.before or {}


def _pair(operation: Operation) -> Pair:
    values = _values(operation)
    cohort = "" if operation.ends else values.get(COHORT) or ""
    return values[IDENTIFIER], values[COURSE], cohort


def _call(
    part: Rectangle, done: tuple[str, ...], settings: OpenedxSettings, *, ends: bool
) -> Request:
    courses = [course for course, _ in part.places]
    cohorts = [cohort for _, cohort in part.places]
    body: dict[str, Json] = {
        "action": "unenroll" if ends else "enroll",
        "auto_enroll": settings.auto_enroll,
        "email_students": settings.email_students,
        "courses": ",".join(courses),
        "cohorts": ",".join(cohorts) if any(cohorts) else "",
        "identifiers": ",".join(part.identifiers),
    }
    return Request(
        SERVICE,
        "POST",
        BULK,
        body,
        repeatable=not settings.email_students,
        lanes=_lanes(courses),
        operations=done,
    )


def _lanes(courses: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"course:{course}" for course in courses)


def _keeps_mode(operation: Operation, settings: OpenedxSettings) -> bool:
    back = operation.verb is Verb.REACTIVATE and settings.preserve_mode
    rest = operation.rest  # of the enrollment that there was
    told = bool(rest.get("mode")) and bool(rest.get("username"))
    return back and told and rest["mode"] != DEFAULT_MODE


def _single(operation: Operation) -> Request:
    values, rest = _values(operation), operation.rest
    body: dict[str, Json] = {
        "user": rest["username"],
        "course_details": {"course_id": values[COURSE]},
        "is_active": True,
        "mode": rest["mode"],
    }
    if values.get(COHORT):
        body["cohort"] = values[COHORT]
    return Request(
        SERVICE,
        "POST",
        SINGLE,
        body,
        lanes=_lanes([values[COURSE]]),
        operations=(operation.id,),
    )


def named(request: Request) -> list[tuple[str, str, str]]:
    """Operation, course and identifier of each pair of a bulk request, in order."""
    body: Any = request.body
    pairs = [
        (course, one)
        for course in body["courses"].split(",")
        for one in body["identifiers"].split(",")
    ]
    return [
        (operation, course, one)
        for operation, (course, one) in zip(request.operations, pairs, strict=True)
    ]
