"""Cohorts of a course: the stock cohort API, by course and with real arrays.

Whoever is not of the staff of a course is answered 404, as if it were not there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sync.sandbox import strict
from sync.sandbox.exchange import NO_CONTENT, Call, Refusal, Reply, json_reply
from sync.sandbox.openedx_gate import need_route
from sync.sandbox.openedx_people import (
    Course,
    account,
    course_of,
    is_email,
    put_into_cohort,
)

if TYPE_CHECKING:
    from sync.sandbox.world import World

ROOT = "/api/cohorts/v1"
_SIZE, _MOST = 10, 100
"""Rows of a page: by default, and the most that may be asked for."""
_NEW = strict.Shape(
    {"name": strict.text, "assignment_type": strict.one_of("manual", "random")},
    required=frozenset({"name", "assignment_type"}),
)
_USERS = strict.Shape(
    {"users": strict.list_of(strict.text)}, required=frozenset({"users"})
)


def _boolean(value: Any, where: str) -> Any:
    if not isinstance(value, bool):
        yield f"{where} must be true or false"


_SETTINGS = strict.Shape({"is_cohorted": _boolean}, required=frozenset({"is_cohorted"}))


def _course(world: World, key: str) -> Course:
    need_route(world.settings.openedx_cohort_api)
    course = course_of(world, key)
    mine = world.settings.openedx_staff and key not in world.settings.openedx_barred
    if course is None or not mine:
        raise Refusal(404, "Not found.")
    return course


def _cohort(world: World, call: Call) -> tuple[int, str, str]:
    """Return id, course and name of the cohort in the path."""
    key, text = call.values[:2]
    _course(world, key)
    number = int(text) if text.isascii() and text.isdigit() else -1
    row = world.store.one(
        "SELECT name FROM openedx_cohorts WHERE course_id = ? AND id = ?", key, number
    )
    if row is None:
        raise Refusal(404, "Not found.")
    return number, key, str(row[0])


def _shown(world: World, course: str) -> list[dict[str, Any]]:
    found = world.store.rows(
        "SELECT c.id, c.name, c.assignment_type, COUNT(u.username)"
        " FROM openedx_cohorts AS c LEFT JOIN openedx_members AS m"
        " ON m.course_id = c.course_id AND m.cohort = c.name"
        " LEFT JOIN openedx_users AS u ON u.username = m.identifier"
        " WHERE c.course_id = ? GROUP BY c.id ORDER BY c.id",
        course,
    )
    return [
        {
            "name": name,
            "id": number,
            "user_count": count,
            "assignment_type": kind,
            "user_partition_id": None,
            "group_id": None,
        }
        for number, name, kind, count in found
    ]


def _page(call: Call) -> tuple[int, int]:
    """Return number and size of the page; sizes above the most are cut in silence."""
    query = call.parameters()
    texts = (query.get(name, [""])[0] for name in ("page", "page_size"))
    page, size = (int(t) if t.isascii() and t.isdigit() else 0 for t in texts)
    if not page and "page" in query:
        raise Refusal(404, "Invalid page.")
    return page or 1, min(size or _SIZE, _MOST)


def settings(world: World, call: Call) -> Reply:
    """Answer whether a course has cohorts."""
    course = _course(world, call.values[0])
    shown = {"id": 1, "is_cohorted": course.cohorted}
    return json_reply(200, shown)


def set_settings(world: World, call: Call) -> Reply:
    """Switch the cohorts of a course on or off."""
    course = _course(world, call.values[0])
    body = strict.checked(call, _SETTINGS, status=400)
    world.store.run(
        "UPDATE openedx_courses SET cohorted = ? WHERE id = ?",
        body["is_cohorted"],
        course.key,
    )
    return json_reply(200, {"id": 1, "is_cohorted": body["is_cohorted"]})


def cohorts(world: World, call: Call) -> Reply:
    """List a page of cohorts: an array without an envelope, 404 behind the last."""
    course = _course(world, call.values[0])
    page, size = _page(call)
    rows = _shown(world, course.key)
    if page > max(1, math.ceil(len(rows) / size)):
        raise Refusal(404, "Invalid page.")
    return json_reply(200, rows[(page - 1) * size : page * size])


def make_cohort(world: World, call: Call) -> Reply:
    """Make a cohort; a name that is there already is refused."""
    course = _course(world, call.values[0])
    body = strict.checked(call, _NEW, status=400)
    made = world.store.run(
        "INSERT OR IGNORE INTO openedx_cohorts (course_id, name, assignment_type)"
        " VALUES (?, ?, ?)",
        course.key,
        body["name"],
        body["assignment_type"],
    )
    if not made:
        raise Refusal(400, "You cannot create two cohorts with the same name")
    [shown] = [c for c in _shown(world, course.key) if c["name"] == body["name"]]
    return json_reply(200, shown)


def users(world: World, call: Call) -> Reply:
    """List a page of a cohort's registered users."""
    _, course, name = _cohort(world, call)
    page, size = _page(call)
    found = world.store.rows(
        "SELECT u.username, u.email FROM openedx_members AS m JOIN openedx_users AS u"
        " ON u.username = m.identifier WHERE m.course_id = ? AND m.cohort = ?"
        " ORDER BY u.username",
        course,
        name,
    )
    pages = max(1, math.ceil(len(found) / size))
    if page > pages:
        raise Refusal(404, "Invalid page.")
    shown = [
        {"username": username, "email": email, "name": username}
        for username, email in found[(page - 1) * size : page * size]
    ]
    envelope = {
        "count": len(found),
        "num_pages": pages,
        "current_page": page,
        "start": (page - 1) * size,
        "next": _link(call, page + 1, size) if page < pages else None,
        "previous": _link(call, page - 1, size) if page > 1 else None,
        "results": shown,
    }
    return json_reply(200, envelope)


def _link(call: Call, page: int, size: int) -> str:
    query = urlencode({"page": page, "page_size": size})
    return f"http://{call.header(b'host')}{call.path}?{query}"


def add_users(world: World, call: Call) -> Reply:
    """Put usernames and addresses into a cohort; answer what became of each."""
    _, course, name = _cohort(world, call)
    body = strict.checked(call, _USERS, status=400)
    names = ("added", "changed", "present", "unknown", "preassigned", "invalid")
    answer: dict[str, Any] = {"success": True, **{name: [] for name in names}}
    with world.store.atomic():
        for identifier in body["users"]:
            kind, shown = _place(world, identifier, course, name)
            answer[kind].append(shown)
    return json_reply(200, answer)


def _place(world: World, identifier: str, course: str, cohort: str) -> tuple[str, Any]:
    person = account(world, identifier)
    if person is None and not is_email(identifier):
        return ("invalid" if "@" in identifier else "unknown"), identifier
    kind, before = put_into_cohort(world, identifier, course, cohort)
    if person is None or kind == "present":
        return kind, identifier
    shown = {"username": person.username, "email": person.email}
    return kind, shown if before is None else {**shown, "previous_cohort": before}


def remove_user(world: World, call: Call) -> Reply:
    """Take a user out of a cohort."""
    _, course, name = _cohort(world, call)
    person = account(world, call.values[2])
    if person is None:
        raise Refusal(404, "There is no such user.")
    gone = world.store.run(
        "DELETE FROM openedx_members WHERE course_id = ? AND cohort = ?"
        " AND identifier = ?",
        course,
        name,
        person.username,
    )
    if not gone:
        raise Refusal(400, "The user is not in this cohort.")
    return NO_CONTENT
