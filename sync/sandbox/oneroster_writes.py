"""OneRoster's writes under both roots: one record each.

Source: for TimeBack the OpenAPI description of its api: POST answers the pair of
supplied and allocated id, PUT of a user, class, course or session answers the record,
PUT of an enrollment or org 201, DELETE leaves the record with status ``tobedeleted``.
Other vendors' dialects (PUT alone, none at all, DELETE for good) are settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sync.sandbox.exchange import (
    NO_CONTENT,
    Call,
    Refusal,
    Reply,
    Route,
    json_reply,
)
from sync.sandbox.filters import stamp
from sync.sandbox.listing import shown_text
from sync.sandbox.oneroster_agents import set_agents
from sync.sandbox.oneroster_bodies import taken, unknown_object
from sync.sandbox.oneroster_forms import (
    ROOTS,
    Form,
    Version,
    form_of,
    published,
    role_and_orgs,
    scopes,
)
from sync.sandbox.oneroster_lists import collection_of
from sync.sandbox.oneroster_published import PATHS, written
from sync.sandbox.oneroster_shapes import Written
from sync.sandbox.people import names_from, save_people, show_agents
from sync.sandbox.store import Selection
from sync.sandbox.tables import reference_id
from sync.sandbox.views import complete

if TYPE_CHECKING:
    from sync.sandbox.world import World

Answer = Callable[["World", Call], Reply]


@dataclass(frozen=True, slots=True)
class _Target:
    """The record that a call writes: under which form, and as what."""

    form: Form
    spec: Written

    @property
    def timeback(self) -> bool:
        return not self.form.standard


def _pairs(supplied: str | None, allocated: str) -> Reply:
    pair = {"suppliedSourcedId": supplied, "allocatedSourcedId": allocated}
    return json_reply(201, {"sourcedIdPairs": pair})


def _held(world: World, spec: Written, key: str) -> dict[str, Any] | None:
    """Return a record, unless it is ended and ended ones are hidden."""
    held = world.store.get(spec.table, key)
    hidden = world.settings.oneroster_ended == "hidden"
    if held is not None and hidden and held["status"] == "tobedeleted":
        return None
    return held


def _want(world: World, *dialects: str) -> None:
    if world.settings.oneroster_writes not in dialects:
        text = "this server does not support this method here"
        raise Refusal(405, text, minor="unsupported")


def _post(version: Version, path: str) -> Answer:
    def handler(world: World, call: Call) -> Reply:
        _want(world, "post-put")
        at = _target(world, version, path)
        item = taken(world, call, at.spec, "POST")
        supplied = item.get("sourcedId")
        if supplied is not None and _held(world, at.spec, supplied) is not None:
            status = world.settings.conflict_status
            text = f"there is a {at.spec.single} {supplied} already"
            raise Refusal(status, text, minor="invaliddata")
        kept = supplied is not None and not world.settings.allocate_ids
        key = str(supplied) if kept else world.new_id()
        _save(world, at, {**item, "sourcedId": key}, None)
        return _pairs(supplied, key)

    return handler


def _put(version: Version, path: str) -> Answer:
    def handler(world: World, call: Call) -> Reply:
        _want(world, "post-put", "put")
        at, key = _target(world, version, path), call.values[0]
        upserts = world.settings.oneroster_writes == "put"
        held = _held(world, at.spec, key)
        if held is None and not (upserts or world.settings.put_creates):
            raise unknown_object(key)
        item = taken(world, call, at.spec, "PUT")
        if item.get("sourcedId", key) != key:
            raise Refusal(422, f"{at.spec.single}.sourcedId is not the one in the path")
        _save(world, at, {**item, "sourcedId": key}, held)
        if upserts or at.form.standard:
            return Reply(201 if held is None else 200, _shown(world, at, key))
        if held is None:
            return _pairs(key, key)
        if at.spec.table == "enrollments":
            return json_reply(at.spec.put_status, {})
        return Reply(at.spec.put_status, _shown(world, at, key))

    return handler


def _target(world: World, version: Version, path: str) -> _Target:
    form = form_of(world.settings, version)
    return _Target(form, written(form, path))


def _shown(world: World, at: _Target, key: str) -> bytes:
    collection = collection_of(world, at.form, at.spec.path)
    one = Selection("sourcedId = ?", (key,))
    [text] = world.store.texts(collection.table, one)
    return f'{{"{at.spec.single}":{shown_text(text, collection, [])}}}'.encode()


def written_at(world: World) -> str:
    """Return the time that what is written now gets as ``dateLastModified``."""
    late = timedelta(seconds=world.settings.oneroster_late)
    return stamp(datetime.now(UTC) - late)


def _save(
    world: World, at: _Target, item: dict[str, Any], held: dict[str, Any] | None
) -> None:
    table = at.spec.table
    item["dateLastModified"] = written_at(world)
    if at.form.standard and held is not None:
        # What this version has no words for stays as it was.
        known = published(at.form, table)
        item = {k: v for k, v in held.items() if k not in known} | item
    if table == "users":
        _save_user(world, at, item, held)
        return
    if table == "classes" and at.timeback:
        item = _in_its_place(item, at.spec, held)
    if table == "academicSessions" and at.form.standard:
        item["schoolYear"] = int(item["schoolYear"])
    if table == "enrollments":
        item = _enrollment(world, item)
    made = complete(table, item, world.now(), names_from(world))
    world.store.put(table, [made])


def _in_its_place(
    item: dict[str, Any], spec: Written, held: dict[str, Any] | None
) -> dict[str, Any]:
    """Keep course and school of a class: only its creation says them."""
    school = item.pop("org", None) or item.get("school")
    if held is not None:
        return {**item, **{name: held[name] for name in spec.fixed}}
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


def _save_user(
    world: World, at: _Target, item: dict[str, Any], held: dict[str, Any] | None
) -> None:
    key, agents = item["sourcedId"], item.pop("agents", None)
    if at.form.version == "1.1":
        item = _with_roles(item, held)
    there = world.store.has("users", key)
    with world.store.atomic():
        save_people(world, [item])
        if agents is not None or (there and world.settings.put_clears_agents):
            set_agents(world, key, {agent["sourcedId"] for agent in agents or ()})


def _with_roles(item: dict[str, Any], held: dict[str, Any] | None) -> dict[str, Any]:
    """Return a person of 1.1 with roles instead of one role and its orgs.

    Who says the role and the orgs that were shown has changed no role.
    """
    role = item.pop("role")
    orgs = list(dict.fromkeys(org["sourcedId"] for org in item.pop("orgs")))
    if held is not None and role_and_orgs(held) == (role, orgs):
        return {**item, "roles": held["roles"], "primaryOrg": held["primaryOrg"]}
    roles = [
        {
            "roleType": "secondary" if number else "primary",
            "role": role,
            "org": {"sourcedId": org, "type": "org"},
        }
        for number, org in enumerate(orgs)
    ]
    return {**item, "roles": roles, "primaryOrg": {"sourcedId": orgs[0]}}


def _delete(version: Version, path: str) -> Answer:
    def handler(world: World, call: Call) -> Reply:
        _want(world, "post-put", "put")
        spec = _target(world, version, path).spec
        held = _held(world, spec, call.values[0])
        if held is None:
            raise unknown_object(call.values[0])
        if world.settings.oneroster_delete == "hard":
            _remove(world, spec.table, held["sourcedId"])
        else:
            end(world, spec.table, held)
        return NO_CONTENT

    return handler


def end(world: World, table: str, held: dict[str, Any]) -> None:
    """Mark a record as ``tobedeleted``."""
    item = {**held, "status": "tobedeleted", "dateLastModified": written_at(world)}
    if table == "users":
        save_people(world, [item])
    else:
        world.store.put(table, [item])


_WITH_IT: dict[str, tuple[str, ...]] = {
    "users": (
        "DELETE FROM api_users WHERE sourcedId = ?",
        "DELETE FROM demographics WHERE sourcedId = ?",
        'DELETE FROM enrollments WHERE "user" = ?',
    ),
    "classes": ('DELETE FROM enrollments WHERE "class" = ?',),
}
"""What goes with a record that is deleted for good."""


def _remove(world: World, table: str, key: str) -> None:
    store = world.store
    with store.atomic():
        store.run(f"DELETE FROM {table} WHERE sourcedId = ?", key)  # noqa: S608 - ours
        for statement in _WITH_IT.get(table, ()):
            store.run(statement, key)
        if table == "users":
            linked = store.rows("SELECT student FROM links WHERE agent = ?", key)
            store.run("DELETE FROM links WHERE ? IN (student, agent)", key)
            for (student,) in linked:
                show_agents(world, student)


def _routes(version: Version, path: str) -> tuple[Route, Route, Route]:
    pattern = f"{ROOTS[version]}/{path}"
    writes = scopes(version, "roster.createput")
    deletes = scopes(version, "roster.delete")
    return (
        Route("POST", pattern, _post(version, path), writes),
        Route("PUT", f"{pattern}/{{}}", _put(version, path), writes),
        Route("DELETE", f"{pattern}/{{}}", _delete(version, path), deletes),
    )


def routes(version: Version) -> tuple[Route, ...]:
    """Return everything that can be written under the root of ``version``."""
    return tuple(route for path in PATHS for route in _routes(version, path))
