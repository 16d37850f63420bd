"""The Schoology REST API v1: enrollments of sections and groups, and what they name.

Source: its public reference. Not served: ``multiget`` and everything that changes
users, courses, sections or groups. Error bodies are not documented; here they are
plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sync.sandbox import schoology_bulk as bulk
from sync.sandbox import schoology_courses as courses
from sync.sandbox import schoology_enrollments as single
from sync.sandbox import schoology_import as imports
from sync.sandbox import schoology_items as items
from sync.sandbox import schoology_people as people
from sync.sandbox.exchange import Call, Handler, Refusal, Reply, Route, Service
from sync.sandbox.schoology_auth import admit, only_own
from sync.sandbox.schoology_forms import MARK, ROOT, body
from sync.sandbox.schoology_lists import parameters
from sync.sandbox.schoology_store import drawn, whole

if TYPE_CHECKING:
    from sync.sandbox.world import World

_PAGE = (
    b"<html><head><title>Slow down</title></head><body>You have gone over the"
    b" request limit of 15 requests per 5 seconds.</body></html>"
)
Many = Callable[["World", Call, Sequence[items.Item]], Reply]


def _create(realm: str) -> Handler:
    """Enroll one person, or many: the wrapper in the body tells which."""

    def handler(world: World, call: Call) -> Reply:
        parameters(call)
        only_own(world)
        items.place(world, realm, whole(call.values[0]))
        sent = body(call)
        if "enrollments" in sent:
            return bulk.create_many(realm, world, call, bulk.unwrapped(sent))
        return single.create_one(realm, world, call, sent)

    return handler


def _join(realm: str) -> Handler:
    def handler(world: World, call: Call) -> Reply:
        parameters(call)
        items.place(world, realm, whole(call.values[0]))
        return single.join(realm, world, call, body(call))

    return handler


def _change(realm: str) -> Handler:
    def handler(world: World, call: Call) -> Reply:
        return single.change_one(realm, world, call, body(call))

    return handler


def _change_many(realm: str) -> Handler:
    def handler(world: World, call: Call) -> Reply:
        parameters(call)
        only_own(world)
        items.place(world, realm, whole(call.values[0]))
        sent = bulk.unwrapped(body(call))
        return bulk.change_many(realm, world, call, sent)

    return handler


def _in_realm(realm: str, work: Callable[[str, World, Call], Reply]) -> Handler:
    def handler(world: World, call: Call) -> Reply:
        return work(realm, world, call)

    return handler


def _many(work: Many) -> Handler:
    def handler(world: World, call: Call) -> Reply:
        only_own(world)
        return work(world, call, bulk.unwrapped(body(call)))

    return handler


def _delete_many(world: World, call: Call) -> Reply:
    only_own(world)
    return bulk.delete_many(world, call)


def _of_realm(realm: str) -> tuple[Route, ...]:
    root = f"{ROOT}/{realm}s/{{}}"
    path = f"{root}/enrollments"
    return (
        Route("GET", path, _in_realm(realm, single.list_members), None),
        Route("POST", path, _create(realm), None),
        Route("PUT", path, _change_many(realm), None),
        Route("GET", f"{path}/{{}}", _in_realm(realm, single.get_one), None),
        Route("PUT", f"{path}/{{}}", _change(realm), None),
        Route("DELETE", f"{path}/{{}}", _in_realm(realm, single.delete_one), None),
        Route("POST", f"{root}/accesscode", _join(realm), None),
    )


def refused(_world: World, _call: Call, refusal: Refusal) -> Reply:
    """Answer an error as plain text."""
    text = refusal.text.encode()
    return Reply(refusal.status, text, MARK, b"text/plain; charset=utf-8")


def _troubled(route: Route) -> Route:
    """Let a route meet the troubles of whole requests that the settings tell."""

    def handler(world: World, call: Call) -> Reply:
        settings = world.settings
        shares = {
            "page": settings.schoology_limit_page,
            "500": settings.schoology_500_after,
        }
        trouble = drawn(world, "requests", shares)
        if trouble == "page":
            return Reply(200, _PAGE, content_type=b"text/html")
        # No handler of this service waits for anything.
        reply = cast("Reply", route.handler(world, call))
        if trouble == "500":
            raise Refusal(500, "the sandbox was told to fail here")
        return reply

    return replace(route, handler=handler)


_EVERYWHERE = f"{ROOT}/enrollments"
_IMPORT = f"{_EVERYWHERE}/import/course"

_ROUTES = (
    *_of_realm("section"),
    *_of_realm("group"),
    Route("POST", _EVERYWHERE, _many(bulk.create_anywhere), None),
    Route("DELETE", _EVERYWHERE, _delete_many, None),
    Route("POST", _IMPORT, _many(imports.import_by_school_code), None),
    Route("POST", f"{_IMPORT}/{{}}", _many(imports.import_by_codes), None),
    *people.ROUTES,
    *courses.ROUTES,
)

SERVICE = Service(
    name="schoology",
    host="schoology",
    realm="schoology",
    prefixes=(f"{ROOT}/",),
    routes=tuple(map(_troubled, _ROUTES)),
    error=lambda refusal: refusal.text,
    admit=admit,
    render=refused,
)
