"""Writes people and guardian links, and carries them over to what the api shows.

In: whole persons and links. Out: rows of ``users``, ``links`` and ``api_users``;
while ``lag`` is set, the last of these come only when it has passed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sync.sandbox.exchange import encode
from sync.sandbox.views import NameOf, agents_text, api_person, person

if TYPE_CHECKING:
    from sync.sandbox.world import World

TABLE_OF = {
    "org": "orgs",
    "user": "users",
    "class": "classes",
    "course": "courses",
    "academicSession": "academicSessions",
}


def names_from(world: World) -> NameOf:
    """Return a look-up of names that asks the store each time."""
    store = world.store

    def name_of(kind: str, key: str) -> str:
        table = TABLE_OF[kind]
        return "" if kind == "academicSession" else store.name(table, key)

    return name_of


def all_names_from(world: World) -> NameOf:
    """Return a look-up of names that has read them all before, for many records."""
    kinds = [kind for kind in TABLE_OF if kind != "academicSession"]
    known = {kind: world.store.names(TABLE_OF[kind]) for kind in kinds}
    return lambda kind, key: known.get(kind, {}).get(key, "")


def save_people(
    world: World,
    items: Iterable[Mapping[str, Any]],
    *,
    at_once: bool = True,
    many: bool = False,
) -> None:
    """Store people; ``at_once`` False lets the api see them only after ``lag``."""
    now = world.now()
    made = [person(item, now) for item in items]
    with world.store.atomic():
        world.store.put("users", made)
        names = all_names_from(world) if many else names_from(world)
        shown = world.settings.inactive_shows_as
        views = [api_person(item, names, shown) for item in made]
        if at_once or not world.settings.lag:
            world.store.put("api_users", views)
        else:
            for view in views:
                _wait(world, encode(view), None)


def refresh_people(world: World) -> None:
    """Make the api's view of everybody anew, after a switch has changed it."""
    names = all_names_from(world)
    shown = world.settings.inactive_shows_as
    people = world.store.all("users")
    views = (api_person(item, names, shown) for item in people)
    world.store.put("api_users", views)


def agents_of(world: World, student: str) -> list[str]:
    """Return the user ids of a student's agents, each once, sorted."""
    rows = world.store.rows(
        "SELECT DISTINCT agent FROM links WHERE student = ? ORDER BY agent", student
    )
    return [row[0] for row in rows]


def show_agents(world: World, student: str, *, at_once: bool = True) -> None:
    """Bring ``agents`` of a student in line with the links."""
    text = agents_text(agents_of(world, student))
    world.store.set_agents("users", [(text, student)])
    if at_once or not world.settings.lag:
        world.store.set_agents("api_users", [(text, student)])
    else:
        _wait(world, None, encode([text, student]))


def show_all_agents(world: World, students: Iterable[str]) -> None:
    """Bring ``agents`` of many students in line with the links."""
    held: dict[str, list[str]] = {student: [] for student in students}
    for student, agent in world.store.rows("SELECT student, agent FROM links"):
        if student in held:
            held[student].append(agent)
    pairs = [(agents_text(agents), student) for student, agents in held.items()]
    for table in ("users", "api_users"):
        world.store.set_agents(table, pairs)


def _wait(world: World, item: str | None, agents: str | None) -> None:
    world.store.run(
        "INSERT INTO pending (written, item, agents) VALUES (?, ?, ?)",
        time.time(),
        item,
        agents,
    )


def settle(world: World) -> None:
    """Let the api see what was written on the platform ``lag`` seconds ago."""
    due = time.time() - world.settings.lag
    rows = world.store.rows(
        "SELECT n, item, agents FROM pending WHERE written <= ? ORDER BY n", due
    )
    if not rows:
        return
    with world.store.atomic():
        for number, item, agents in rows:
            if item is not None:
                world.store.put("api_users", [json.loads(item)])
            if agents is not None:
                text, key = json.loads(agents)
                world.store.set_agents("api_users", [(text, key)])
            world.store.run("DELETE FROM pending WHERE n = ?", number)
