"""The TimeBack platform: ``rostering/1.0``.

Source: the Level 1 guide (students, users, agents, their scopes and success codes)
and the platform's conventions (lists of at most 100, ``orderBy`` in capitals, two
predicates). PUT replaces the whole record but for its guardian links.
"""

from __future__ import annotations

import json
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
from sync.sandbox.filters import project
from sync.sandbox.listing import Collection, Dialect, page_of, selected_fields
from sync.sandbox.people import save_people, show_agents
from sync.sandbox.store import Selection
from sync.sandbox.tables import email_key, has_role
from sync.sandbox.tokens import PLATFORM_SCOPE
from sync.sandbox.views import PERSON_TEXTS, complete

if TYPE_CHECKING:
    from sync.sandbox.world import World

_WRITE = frozenset({PLATFORM_SCOPE + "roster.createput"})
_READ = frozenset({PLATFORM_SCOPE + "roster.readonly"})
ROOT = "/rostering/1.0"

_YEARS = tuple(str(year) for year in range(1, 14))
GRADES = ("IT", "PR", "PK", "TK", "K", *_YEARS, "PS", "UG", "Other")
"""The platform's own spelling: ``5`` and ``K``, never ``05`` or ``KG``."""
ROLES = (
    "student",
    "teacher",
    "parent",
    "guardian",
    "relative",
    "aide",
    "counselor",
    "principal",
    "proctor",
    "districtAdministrator",
    "siteAdministrator",
    "systemAdministrator",
)
_ORG = strict.Shape(
    {
        "sourcedId": strict.text,
        "type": strict.one_of("org"),
        "href": strict.text_or_null,
    },
    frozenset({"sourcedId", "type"}),
)
_ROLE = strict.Shape(
    {
        "roleType": strict.one_of("primary", "secondary"),
        "role": strict.one_of(*ROLES),
        "org": _ORG,
    },
    frozenset({"roleType", "role", "org"}),
)
_PERSON: dict[str, strict.Check] = {
    **dict.fromkeys(PERSON_TEXTS, strict.text_or_null),
    "sourcedId": strict.text,
    "status": strict.one_of("active", "inactive", "tobedeleted"),
    "enabledUser": strict.one_of("true", "false"),
    "givenName": strict.text,
    "familyName": strict.text,
    "grades": strict.list_of(strict.one_of(*GRADES)),
    "primaryOrg": _ORG,
    "password": strict.text_or_null,
    "metadata": strict.or_null(strict.mapping),
    "demographics": strict.or_null(
        strict.Shape({"birthDate": strict.or_null(strict.day)})
    ),
}
_ALWAYS = {
    "sourcedId",
    "status",
    "enabledUser",
    "givenName",
    "familyName",
    "primaryOrg",
}
_STUDENT = strict.Shape(
    {
        "student": strict.Shape(
            {**_PERSON, "username": strict.text},
            frozenset(_ALWAYS | {"username", "grades"}),
        )
    },
    frozenset({"student"}),
)
_USER = strict.Shape(
    {
        "user": strict.Shape(
            {**_PERSON, "roles": strict.list_of(_ROLE, filled=True)},
            frozenset(_ALWAYS | {"roles"}),
        )
    },
    frozenset({"user"}),
)
_LINK = strict.Shape(
    {
        "user": strict.Shape(
            {"sourcedId": strict.text, "type": strict.one_of("user")},
            frozenset({"sourcedId", "type"}),
        ),
        "relationshipType": strict.text,
    },
    frozenset({"user", "relationshipType"}),
)
_DIALECT = Dialect(
    default_limit=10,
    ascending="ASC",
    descending="DESC",
    operators=frozenset({"=", "!=", "~", ">", ">=", "<", "<="}),
    predicates=2,
)
_USERS = Collection("users", "users", "users", "user")
_STUDENTS = Collection("students", "users", "students", "student", "student = 1")
_LISTS = (
    _USERS,
    _STUDENTS,
    Collection("orgs", "orgs", "orgs", "org"),
    Collection("courses", "courses", "courses", "course"),
)
_WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
}


def platform_error(refusal: Refusal) -> dict[str, Any]:
    """Return the platform's error body, whose real shape is not published."""
    word = _WORDS.get(refusal.status, "Server Error")
    return {"statusCode": refusal.status, "error": word, "message": refusal.text}


def put_student(world: World, call: Call) -> Reply:
    """Create or update a student; the student's other roles stay."""
    body = strict.checked(call, _STUDENT, status=400)["student"]
    _want_org(world, body["primaryOrg"]["sourcedId"])
    key = _key_of(world, body)
    held = world.store.get("users", key) or {}
    kept = {name: held.get(name) or [] for name in ("userIds", "userProfiles")}
    item = {**body, **kept, "sourcedId": key, "roles": _student_roles(held, body)}
    return _saved(world, item, "student", 200)


def put_user(world: World, call: Call) -> Reply:
    """Create or update a person who is not a student."""
    body = strict.checked(call, _USER, status=400)["user"]
    if body["sourcedId"] != call.values[0]:
        raise Refusal(400, "user.sourcedId is not the one in the path")
    for org in [body["primaryOrg"], *(role["org"] for role in body["roles"])]:
        _want_org(world, org["sourcedId"])
    held = world.store.get("users", body["sourcedId"]) or {}
    kept = {name: held.get(name) or [] for name in ("userIds", "userProfiles")}
    return _saved(world, {**body, **kept}, "user", 201)


def _want_org(world: World, key: str) -> None:
    if not world.store.has("orgs", key):
        raise Refusal(404, f"there is no organization {key}")


def _key_of(world: World, body: dict[str, Any]) -> str:
    """Return the id that the record gets: that of the account with the same e-mail."""
    email, key = email_key(body), str(body["sourcedId"])
    if (
        not world.settings.remap_by_email
        or email is None
        or world.store.has("users", key)
    ):
        return key
    row = world.store.one(
        "SELECT sourcedId FROM users WHERE email = ? ORDER BY sourcedId", email
    )
    return key if row is None else str(row[0])


def _student_roles(held: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    others = [role for role in held.get("roles", ()) if role["role"] != "student"]
    first = any(role["roleType"] == "primary" for role in others)
    org = {"sourcedId": body["primaryOrg"]["sourcedId"], "type": "org"}
    role_type = "secondary" if first else "primary"
    return [{"roleType": role_type, "role": "student", "org": org}, *others]


def _saved(world: World, item: dict[str, Any], wrapper: str, status: int) -> Reply:
    with world.store.atomic():
        save_people(world, [item], at_once=False)
        if item.get("demographics"):
            _save_birth_date(world, item)
    return Reply(status, _wrapped(world, wrapper, item["sourcedId"], []))


def _save_birth_date(world: World, item: dict[str, Any]) -> None:
    key, born = item["sourcedId"], item["demographics"].get("birthDate")
    held = world.store.get("demographics", key) or {"sourcedId": key}
    changed = {**held, "birthDate": born, "dateLastModified": None}
    made = complete("demographics", changed, world.now(), lambda _kind, _key: "")
    world.store.put("demographics", [made])


def _wrapped(world: World, wrapper: str, key: str, paths: list[list[str]]) -> bytes:
    [text] = world.store.texts("users", Selection("sourcedId = ?", (key,)))
    if paths:
        text = json.dumps(project(json.loads(text), paths), ensure_ascii=False)
    return f'{{"{wrapper}":{text}}}'.encode()


def put_agent(world: World, call: Call) -> Reply:
    """Create or update a guardian link under the id in the path."""
    student, agent_id = call.values
    body = strict.checked(call, _LINK, status=400)
    agent = body["user"]["sourcedId"]
    held = world.store.get("users", student)
    if held is None or not has_role(held, "student"):
        raise Refusal(404, f"there is no student {student}")
    if not world.store.has("users", agent):
        raise Refusal(404, f"there is no user {agent}")
    with world.store.atomic():
        world.store.run(
            "INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?)",
            student,
            agent_id,
            agent,
            body["relationshipType"],
        )
        show_agents(world, student, at_once=False)
    return json_reply(201, body)


def delete_agent(world: World, call: Call) -> Reply:
    """End the guardian link under the id in the path."""
    with world.store.atomic():
        ended = world.store.run(
            "DELETE FROM links WHERE student = ? AND agentId = ?", *call.values
        )
        if not ended:
            raise Refusal(404, "there is no such link")
        show_agents(world, call.values[0], at_once=False)
    return NO_CONTENT


def get_agents(world: World, call: Call) -> Reply:
    """List a person's agents with their relationship, without the links' ids."""
    if not world.store.has("users", call.values[0]):
        raise Refusal(404, f"there is no user {call.values[0]}")
    rows = world.store.rows(
        "SELECT agent, relationshipType FROM links WHERE student = ?"
        " ORDER BY agent, agentId",
        call.values[0],
    )
    agents = [
        {"user": {"sourcedId": agent, "type": "user"}, "relationshipType": kind}
        for agent, kind in rows
    ]
    return json_reply(200, {"agents": agents})


def ping(_world: World, _call: Call) -> Reply:
    """Say that the service is up."""
    return json_reply(200, {"status": "ok"})


def _list(collection: Collection) -> Route:
    def handler(world: World, call: Call) -> Reply:
        cap = world.settings.page_cap_platform
        page = page_of(world, call, collection, _DIALECT, cap)
        counts = {"total": page.total, "offset": page.offset, "limit": page.limit}
        shown = counts if world.settings.totals else {}
        return Reply(200, page.body(collection.key, shown))

    return Route("GET", f"{ROOT}/{collection.path}", handler, _READ)


def _single(collection: Collection) -> Route:
    def handler(world: World, call: Call) -> Reply:
        held = world.store.get("users", call.values[0])
        student = collection is _STUDENTS
        if held is None or (student and not has_role(held, "student")):
            raise Refusal(404, f"there is no {collection.single} {call.values[0]}")
        paths = selected_fields(call, collection)
        return Reply(200, _wrapped(world, collection.single, call.values[0], paths))

    return Route("GET", f"{ROOT}/{collection.path}/{{}}", handler, _READ)


SERVICE = Service(
    name="platform",
    host="platform",
    realm="platform",
    prefixes=("/rostering/", "/ping"),
    routes=(
        Route("PUT", f"{ROOT}/students", put_student, _WRITE),
        Route("PUT", f"{ROOT}/users/{{}}", put_user, _WRITE),
        Route("PUT", f"{ROOT}/students/{{}}/agents/{{}}", put_agent, _WRITE),
        Route("DELETE", f"{ROOT}/students/{{}}/agents/{{}}", delete_agent, _WRITE),
        Route("GET", f"{ROOT}/users/{{}}/agents", get_agents, _READ),
        Route("GET", "/ping", ping, None),
        *(_list(collection) for collection in _LISTS),
        _single(_USERS),
        _single(_STUDENTS),
    ),
    error=platform_error,
)
