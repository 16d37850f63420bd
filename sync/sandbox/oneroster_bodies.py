"""Reads the bodies of OneRoster's writes, and refuses what their form refuses.

In: a call and what its collection takes. Out: the record as the standard writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sync.sandbox import strict
from sync.sandbox.exchange import Call, Refusal, encode
from sync.sandbox.oneroster_shapes import Written
from sync.sandbox.views import REFERENCES

if TYPE_CHECKING:
    from sync.sandbox.world import World


def unknown_object(key: str) -> Refusal:
    """Return the refusal for an id that names nothing."""
    return Refusal(404, f"there is no {key}", minor="unknownobject")


def taken(world: World, call: Call, spec: Written, verb: str) -> dict[str, Any]:
    """Return the record in the body of POST or PUT; Refusal 400, 404, 415 or 422."""
    body = strict.checked(_plain(world, call, spec), spec.body(verb), status=422)
    item: dict[str, Any] = dict(body[spec.single])
    if item.get("status") == "inactive" and not world.settings.takes_inactive:
        raise Refusal(422, "status must be one of active, tobedeleted")
    for name, table in spec.references.items():
        for key in _pointed(item.get(name)):
            if not world.store.has(table, key):
                raise unknown_object(key)
    for role in item.get("roles") or ():
        if not world.store.has("orgs", role["org"]["sourcedId"]):
            raise unknown_object(role["org"]["sourcedId"])
    return item


def _plain(world: World, call: Call, spec: Written) -> Call:
    """Return the call with agents and references as the standard writes them.

    What a server shows it takes back, under whatever name and in whatever style.
    """
    settings = world.settings
    elsewhere, bare = settings.oneroster_agents, settings.oneroster_references == "bare"
    if elsewhere == "agents" and not bare:
        return call
    body = strict.json_body(call)
    item = body.get(spec.single) if isinstance(body, dict) else None
    if not isinstance(item, dict):
        return call
    made = dict(item)
    if spec.table == "users" and elsewhere in made:
        ids = made.pop(elsewhere)
        ids = ids.split(",") if isinstance(ids, str) else ids
        if isinstance(ids, list):
            made.setdefault("agents", [{"sourcedId": key} for key in ids if key])
    if bare:
        made |= {
            name: _object(made[name]) for name in _references(spec) if name in made
        }
        made |= {"roles": _roles(made["roles"])} if "roles" in made else {}
    return replace(call, body=encode({**body, spec.single: made}).encode())


def _references(spec: Written) -> set[str]:
    return {*spec.references, *REFERENCES.get(spec.table, {})}


def _object(value: Any) -> Any:
    if isinstance(value, list):
        return [_object(part) for part in value]
    return {"sourcedId": value} if isinstance(value, str) else value


def _roles(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [
        {**part, "org": _object(part.get("org"))} if isinstance(part, dict) else part
        for part in value
    ]


def _pointed(value: Any) -> Iterator[str]:
    for reference in value if isinstance(value, list) else [value]:
        if reference is not None:
            yield reference["sourcedId"]
