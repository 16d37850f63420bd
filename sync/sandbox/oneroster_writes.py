"""The OneRoster api's writes: one record each; DELETE is soft.

Source: the OpenAPI description of the api: POST answers the pair of supplied and
allocated id, PUT of a user, class, course or session answers the record, PUT of an
enrollment or org 201, DELETE leaves the record with status ``tobedeleted``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sync.sandbox import strict
from sync.sandbox.exchange import NO_CONTENT, Call, Refusal, Reply, Route, json_reply
from sync.sandbox.oneroster_shapes import CLASSES, ENROLLMENTS, USERS, WRITTEN, Written
from sync.sandbox.people import names_from, save_people, show_agents
from sync.sandbox.store import Selection
from sync.sandbox.tables import reference_id
from sync.sandbox.tokens import API_SCOPE
from sync.sandbox.views import API, complete

if TYPE_CHECKING:
    from sync.sandbox.world import World

_WRITE = frozenset({API_SCOPE + "roster.createput"})
_DELETE = frozenset({API_SCOPE + "roster.delete"})
Answer = Callable[["World", Call], Reply]


def _unknown(key: str) -> Refusal:
    return Refusal(404, f"there is no {key}", minor="unknownobject")


def _taken(world: World, call: Call, spec: Written, verb: str) -> dict[str, Any]:
    body = strict.checked(call, spec.body(verb), status=422)
    item: dict[str, Any] = dict(body[spec.single])
    if item.get("status") == "inactive" and not world.settings.takes_inactive:
        raise Refusal(422, "status must be one of active, tobedeleted")
    for name, table in spec.references.items():
        for key in _pointed(item.get(name)):
            if not world.store.has(table, key):
                raise _unknown(key)
    for role in item.get("roles") or ():
        if not world.store.has("orgs", role["org"]["sourcedId"]):
            raise _unknown(role["org"]["sourcedId"])
    return item


def _pointed(value: Any) -> Iterator[str]:
    for reference in value if isinstance(value, list) else [value]:
        if reference is not None:
            yield reference["sourcedId"]


def _pairs(supplied: str | None, allocated: str) -> Reply:
    pair = {"suppliedSourcedId": supplied, "allocatedSourcedId": allocated}
    return json_reply(201, {"sourcedIdPairs": pair})


def _post(spec: Written) -> Answer:
    def handler(world: World, call: Call) -> Reply:
        item = _taken(world, call, spec, "POST")
        supplied = item.get("sourcedId")
        if supplied is not None and world.store.has(spec.table, supplied):
            status = world.settings.conflict_status
            text = f"there is a {spec.single} {supplied} already"
            raise Refusal(status, text, minor="invaliddata")
        kept = supplied is not None and not world.settings.allocate_ids
        key = str(supplied) if kept else world.new_id()
        _save(world, spec, {**item, "sourcedId": key}, None)
        return _pairs(supplied, key)

    return handler


def _put(spec: Written) -> Answer:
    def handler(world: World, call: Call) -> Reply:
        key = call.values[0]
        held = world.store.get(spec.table, key)
        if held is None and not world.settings.put_creates:
            raise _unknown(key)
        item = _taken(world, call, spec, "PUT")
        if item.get("sourcedId", key) != key:
            raise Refusal(422, f"{spec.single}.sourcedId is not the one in the path")
        _save(world, spec, {**item, "sourcedId": key}, held)
        if held is None:
            return _pairs(key, key)
        if spec is ENROLLMENTS:
            return json_reply(spec.put_status, {})
        return Reply(spec.put_status, _shown(world, spec, key))

    return handler


def _shown(world: World, spec: Written, key: str) -> bytes:
    table = "api_users" if spec is USERS else spec.table
    [text] = world.store.texts(table, Selection("sourcedId = ?", (key,)))
    return f'{{"{spec.single}":{text}}}'.encode()


def _save(
    world: World, spec: Written, item: dict[str, Any], held: dict[str, Any] | None
) -> None:
    item.pop("dateLastModified", None)
    if spec is USERS:
        _save_user(world, item, held)
        return
    if spec is CLASSES:
        item = _in_its_place(item, held)
    if spec is ENROLLMENTS:
        item = _enrollment(world, item)
    made = complete(spec.table, item, world.now(), names_from(world))
    world.store.put(spec.table, [made])


def _in_its_place(item: dict[str, Any], held: dict[str, Any] | None) -> dict[str, Any]:
    """Keep course and school of a class: only its creation says them."""
    school = item.pop("org", None) or item.get("school")
    if held is not None:
        return {**item, **{name: held[name] for name in CLASSES.fixed}}
    if school is None:
        raise Refusal(422, "class.org is required", minor="invaliddata")
    return {**item, "school": school}


def _enrollment(world: World, item: dict[str, Any]) -> dict[str, Any]:
    """Add what follows from the class: the course, and the school where it lacks."""
    primary = item.get("primary")
    made = {**item, "primary": "false" if primary is None else str(primary).lower()}
    held = world.store.get("classes", item["class"]["sourcedId"]) or {}
    made["course"] = held.get("course")
    if reference_id(item, "school") is None:
        made["school"] = held.get("school")
    return made


def _save_user(world: World, item: dict[str, Any], held: dict[str, Any] | None) -> None:
    key, agents = item["sourcedId"], item.pop("agents", None)
    with world.store.atomic():
        save_people(world, [item])
        if agents is not None or (held and world.settings.put_clears_agents):
            _set_agents(world, key, {agent["sourcedId"] for agent in agents or ()})


def _set_agents(world: World, student: str, wanted: set[str]) -> None:
    rows = world.store.rows("SELECT agent FROM links WHERE student = ?", student)
    held = {row[0] for row in rows}
    for agent in held - wanted:
        world.store.run(
            "DELETE FROM links WHERE student = ? AND agent = ?", student, agent
        )
    for agent in wanted - held:
        world.store.run(
            "INSERT OR REPLACE INTO links VALUES (?, ?, ?, NULL)", student, agent, agent
        )
    show_agents(world, student)


def _delete(spec: Written) -> Answer:
    def handler(world: World, call: Call) -> Reply:
        held = world.store.get(spec.table, call.values[0])
        if held is None:
            raise _unknown(call.values[0])
        end(world, spec.table, held)
        return NO_CONTENT

    return handler


def end(world: World, table: str, held: dict[str, Any]) -> None:
    """Mark a record as ``tobedeleted``."""
    item = {**held, "status": "tobedeleted", "dateLastModified": world.now()}
    if table == "users":
        save_people(world, [item])
    else:
        world.store.put(table, [item])


_AGENT = strict.Shape({"agentSourcedId": strict.text}, frozenset({"agentSourcedId"}))


def add_agent(world: World, call: Call) -> Reply:
    """Link a guardian to a person; a second time changes nothing."""
    student = call.values[0]
    agent = strict.checked(call, _AGENT, status=422)["agentSourcedId"]
    for key in (student, agent):
        if not world.store.has("users", key):
            raise _unknown(key)
    _set_agents(world, student, {agent, *_held(world, student)})
    return json_reply(200, {"message": "the agent was added"})


def remove_agent(world: World, call: Call) -> Reply:
    """End all links of a person to one guardian."""
    student, agent = call.values
    held = _held(world, student)
    if agent not in held:
        raise _unknown(agent)
    _set_agents(world, student, held - {agent})
    return json_reply(200, {"message": "the agent was removed"})


def _held(world: World, student: str) -> set[str]:
    rows = world.store.rows("SELECT agent FROM links WHERE student = ?", student)
    return {row[0] for row in rows}


def _routes(spec: Written) -> tuple[Route, Route, Route]:
    path = f"{API}/{spec.path}"
    return (
        Route("POST", path, _post(spec), _WRITE),
        Route("PUT", f"{path}/{{}}", _put(spec), _WRITE),
        Route("DELETE", f"{path}/{{}}", _delete(spec), _DELETE),
    )


ROUTES: tuple[Route, ...] = (
    *(route for spec in WRITTEN for route in _routes(spec)),
    Route("POST", f"{API}/users/{{}}/agents", add_agent, _WRITE),
    Route("DELETE", f"{API}/users/{{}}/agents/{{}}", remove_agent, _WRITE),
)
