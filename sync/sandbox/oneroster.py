"""The OneRoster api of TimeBack, ``v1p2``: lists and single records.

Source: its OpenAPI description and the enrollments reference (limits 1 to 3000,
five counts in the body). Paths are taken with and without a slash at their end.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sync.sandbox.exchange import Call, Refusal, Reply, Route, Service, encode
from sync.sandbox.filters import project
from sync.sandbox.listing import Collection, Dialect, Page, page_of, selected_fields
from sync.sandbox.oneroster_writes import ROUTES as WRITES
from sync.sandbox.people import agents_of, settle
from sync.sandbox.store import Selection
from sync.sandbox.tokens import API_SCOPE
from sync.sandbox.views import API

if TYPE_CHECKING:
    from sync.sandbox.world import World

_READ = frozenset({API_SCOPE + "roster.readonly", API_SCOPE + "roster-core.readonly"})
_READ_DEMOGRAPHICS = frozenset({API_SCOPE + "roster-demographics.readonly"})
_DIALECT = Dialect(
    default_limit=100,
    ascending="asc",
    descending="desc",
    operators=frozenset({"=", "!=", "~", ">", ">=", "<", "<=", "@"}),
)
_NAMES = ("givenName", "familyName", "email")
_USERS = Collection("users", "api_users", "users", "user", searched=_NAMES)
COLLECTIONS = (
    Collection("orgs", "orgs", "orgs", "org", searched=("name",)),
    Collection("schools", "orgs", "orgs", "org", "type = 'school'", ("name",)),
    Collection(
        "academicSessions", "academicSessions", "academicSessions", "academicSession"
    ),
    Collection("terms", "academicSessions", "terms", "term", "type = 'term'"),
    Collection(
        "gradingPeriods",
        "academicSessions",
        "gradingPeriods",
        "gradingPeriod",
        "type = 'gradingPeriod'",
    ),
    Collection(
        "courses", "courses", "courses", "course", searched=("title", "courseCode")
    ),
    Collection("classes", "classes", "classes", "class", searched=("title",)),
    _USERS,
    Collection("students", "api_users", "users", "user", "student = 1", _NAMES),
    Collection("teachers", "api_users", "users", "user", "teacher = 1", _NAMES),
    Collection("enrollments", "enrollments", "enrollments", "enrollment"),
    Collection("demographics", "demographics", "demographics", "demographics"),
)
_MINOR = {
    400: "invaliddata",
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    405: "unsupported",
    409: "invaliddata",
    415: "invaliddata",
    422: "invaliddata",
    429: "server_busy",
}


def imsx_error(refusal: Refusal) -> dict[str, Any]:
    """Return the error body of OneRoster 1.2."""
    minor = refusal.minor or _MINOR.get(refusal.status, "internal_server_error")
    return {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": refusal.text,
        "imsx_CodeMinor": {
            "imsx_codeMinorField": [
                {
                    "imsx_codeMinorFieldName": "TargetEndSystem",
                    "imsx_codeMinorFieldValue": minor,
                }
            ]
        },
        "imsx_error_details": list(refusal.details),
    }


def _counts(page: Page) -> dict[str, int]:
    return {
        "totalCount": page.total,
        "pageCount": math.ceil(page.total / page.limit),
        "pageNumber": page.offset // page.limit + 1,
        "offset": page.offset,
        "limit": page.limit,
    }


def _headers(world: World, call: Call, page: Page) -> tuple[tuple[bytes, bytes], ...]:
    if not world.settings.total_header:
        return ()
    total = (b"x-total-count", str(page.total).encode())
    after = page.offset + page.limit
    if after >= page.total:
        return (total,)
    query = {name: values[0] for name, values in call.parameters().items()}
    query |= {"limit": str(page.limit), "offset": str(after)}
    host = call.header(b"host")
    link = f'<http://{host}{call.path}?{urlencode(query)}>; rel="next"'
    return (total, (b"link", link.encode("latin-1")))


def _scopes(collection: Collection) -> frozenset[str]:
    demographics = collection.table == "demographics"
    return _READ_DEMOGRAPHICS if demographics else _READ


def _list(collection: Collection) -> Route:
    def handler(world: World, call: Call) -> Reply:
        settle(world)
        page = page_of(world, call, collection, _DIALECT, world.settings.page_cap_api)
        counts = _counts(page) if world.settings.totals else {}
        body = page.body(collection.key, counts)
        return Reply(200, body, _headers(world, call, page))

    path = f"{API}/{collection.path}"
    return Route("GET", path, handler, _scopes(collection))


def _single(collection: Collection) -> Route:
    where = f"{collection.where} AND sourcedId = ?"

    def handler(world: World, call: Call) -> Reply:
        settle(world)
        paths = selected_fields(call, collection)
        texts = world.store.texts(collection.table, Selection(where, call.values))
        if not texts:
            raise Refusal(404, f"there is no {collection.single} {call.values[0]}")
        if paths:
            texts = [encode(project(json.loads(texts[0]), paths))]
        return Reply(200, f'{{"{collection.single}":{texts[0]}}}'.encode())

    path = f"{API}/{collection.path}/{{}}"
    return Route("GET", path, handler, _scopes(collection))


def get_agents(world: World, call: Call) -> Reply:
    """List a person's agents as whole users."""
    settle(world)
    if not world.store.has("api_users", call.values[0]):
        raise Refusal(404, f"there is no user {call.values[0]}")
    texts: list[str] = []
    for agent in agents_of(world, call.values[0]):
        texts += world.store.texts("api_users", Selection("sourcedId = ?", (agent,)))
    return Reply(200, f'{{"agents":[{",".join(texts)}]}}'.encode())


SERVICE = Service(
    name="api",
    host="api",
    realm="api",
    prefixes=("/ims/oneroster/rostering/v1p2",),
    routes=(
        *(_list(collection) for collection in COLLECTIONS),
        *(_single(collection) for collection in COLLECTIONS),
        Route("GET", f"{API}/users/{{}}/agents", get_agents, _READ),
        *WRITES,
    ),
    error=imsx_error,
    slash=True,
)
