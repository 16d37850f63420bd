"""Fills a sandbox from one document, and writes its whole content as one.

The document has a list per collection, guardian links under ``agents``, in a dump
``races``: how often the first enrollments of a course and school overlapped, and an
object for each system that has records of its own (see :mod:`sync.sandbox.parts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sync.sandbox.errors import DocumentError
from sync.sandbox.parts import PARTS
from sync.sandbox.people import all_names_from, save_people, show_all_agents
from sync.sandbox.tables import reference_id
from sync.sandbox.views import complete

if TYPE_CHECKING:
    from sync.sandbox.world import World

_PLAIN = ("orgs", "academicSessions", "courses", "classes")
"""In this order, because references show the names of what they point at."""
_AFTER = ("enrollments", "demographics")
_LINK = ("studentSourcedId", "agentId", "agentSourcedId", "relationshipType")
_RACE = ("course", "school", "count")
_KEYS = (*_PLAIN, "users", *_AFTER, "agents", "races")


def load(world: World, document: Mapping[str, Any]) -> dict[str, int]:
    """Merge a document into the store; returns how many records it had per list."""
    lists = {name: _list(document, name) for name in _KEYS}
    own = [part for part in PARTS if part.name in document]
    unknown = sorted(set(document) - set(_KEYS) - {part.name for part in own})
    if unknown:
        msg = f"no collection {', '.join(unknown)}"
        raise DocumentError(msg)
    with world.store.atomic():
        for name in _PLAIN:
            _load(world, name, lists[name])
        save_people(world, lists["users"], many=True)
        for name in _AFTER:
            _load(world, name, lists[name])
        _load_links(world, lists["users"], lists["agents"])
        rows = [tuple(race[name] for name in _RACE) for race in lists["races"]]
        world.store.connection.executemany(
            "INSERT OR REPLACE INTO races VALUES (?, ?, ?)", rows
        )
        counts = {name: len(items) for name, items in lists.items() if items}
        for part in own:
            counts |= part.load(world, _object(document, part.name))
    return counts


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document[name]
    if not isinstance(value, dict):
        msg = f"{name} is not an object"
        raise DocumentError(msg)
    return value


def _list(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    items = document.get(name, [])
    wanted = {"agents": _LINK[:3], "races": _RACE}.get(name, ("sourcedId",))
    if not isinstance(items, list):
        msg = f"{name} is not a list"
        raise DocumentError(msg)
    for number, item in enumerate(items):
        missing = [key for key in wanted if not _has(item, key)]
        if missing:
            msg = f"{name}[{number}] has no {missing[0]}"
            raise DocumentError(msg)
    return items


def _has(item: Any, key: str) -> bool:
    return isinstance(item, dict) and item.get(key) is not None


def _load(world: World, table: str, items: list[dict[str, Any]]) -> None:
    if not items:
        return
    now, names = world.now(), all_names_from(world)
    if table == "enrollments":
        items = list(_placed(world, items))
    made = (complete(table, item, now, names) for item in items)
    world.store.put(table, made)


def _placed(world: World, items: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Give enrollments the course and the school of their class, where they lack it."""
    places = {
        key: (course, school)
        for key, course, school in world.store.rows(
            "SELECT sourcedId, course, school FROM classes"
        )
    }
    for item in items:
        course, school = places.get(reference_id(item, "class") or "", (None, None))
        made = dict(item)
        if course and not reference_id(item, "course"):
            made["course"] = {"sourcedId": course}
        if school and not reference_id(item, "school"):
            made["school"] = {"sourcedId": school}
        yield made


def _load_links(
    world: World, people: list[dict[str, Any]], links: list[dict[str, Any]]
) -> None:
    rows: list[tuple[Any, ...]]
    rows = [tuple(link.get(name) for name in _LINK) for link in links]
    linked = {(row[0], row[2]) for row in rows}
    for item in people:
        for agent in item.get("agents") or ():
            pair = (item["sourcedId"], agent["sourcedId"])
            if pair not in linked:
                rows.append((pair[0], pair[1], pair[1], None))
    world.store.connection.executemany(
        "INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?)", rows
    )
    touched = {row[0] for row in rows} | {item["sourcedId"] for item in people}
    show_all_agents(world, touched)


def dump(world: World) -> dict[str, Any]:
    """Return everything, each list by id; loading it elsewhere gives the same."""
    store = world.store
    links = store.rows("SELECT * FROM links ORDER BY student, agentId")
    races = store.rows("SELECT * FROM races ORDER BY course, school")
    return {
        **{name: store.all(name) for name in (*_PLAIN, "users", *_AFTER)},
        "agents": [dict(zip(_LINK, link, strict=True)) for link in links],
        "races": [dict(zip(_RACE, race, strict=True)) for race in races],
        **{part.name: part.dump(world) for part in PARTS},
    }
