"""Guardian links as OneRoster has them: references of a person to other people.

In: who is a person's agent. Out: the links of the store. Only TimeBack's api also
writes them one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.sandbox import strict
from sync.sandbox.exchange import Call, Reply, Route, json_reply
from sync.sandbox.oneroster_bodies import unknown_object
from sync.sandbox.oneroster_forms import scopes
from sync.sandbox.people import show_agents
from sync.sandbox.views import API

if TYPE_CHECKING:
    from sync.sandbox.world import World


def set_agents(world: World, student: str, wanted: set[str]) -> None:
    """Make ``wanted`` the whole truth; links that stay keep their relationship."""
    held = _linked(world, student)
    for agent in held - wanted:
        world.store.run(
            "DELETE FROM links WHERE student = ? AND agent = ?", student, agent
        )
    for agent in wanted - held:
        world.store.run(
            "INSERT OR REPLACE INTO links VALUES (?, ?, ?, NULL)", student, agent, agent
        )
    show_agents(world, student)


_AGENT = strict.Shape({"agentSourcedId": strict.text}, frozenset({"agentSourcedId"}))


def add_agent(world: World, call: Call) -> Reply:
    """Link a guardian to a person; a second time changes nothing."""
    student = call.values[0]
    agent = strict.checked(call, _AGENT, status=422)["agentSourcedId"]
    for key in (student, agent):
        if not world.store.has("users", key):
            raise unknown_object(key)
    set_agents(world, student, {agent, *_linked(world, student)})
    return json_reply(200, {"message": "the agent was added"})


def remove_agent(world: World, call: Call) -> Reply:
    """End all links of a person to one guardian."""
    student, agent = call.values
    held = _linked(world, student)
    if agent not in held:
        raise unknown_object(agent)
    set_agents(world, student, held - {agent})
    return json_reply(200, {"message": "the agent was removed"})


def _linked(world: World, student: str) -> set[str]:
    rows = world.store.rows("SELECT agent FROM links WHERE student = ?", student)
    return {row[0] for row in rows}


_AGENTS = f"{API}/users/{{}}/agents"
AGENT_ROUTES: tuple[Route, ...] = (
    Route("POST", _AGENTS, add_agent, scopes("1.2", "roster.createput")),
    Route("DELETE", f"{_AGENTS}/{{}}", remove_agent, scopes("1.2", "roster.createput")),
)
"""Guardian links one by one, which only TimeBack's api has."""
