"""OneRoster 1.2: TimeBack's api, or a server that keeps to the published standard.

Source: its OpenAPI description and the enrollments reference (limits 1 to 3000,
five counts in the body). Paths are taken with and without a slash at their end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.sandbox.exchange import Call, Refusal, Reply, Route, Service
from sync.sandbox.oneroster_agents import AGENT_ROUTES
from sync.sandbox.oneroster_answers import imsx_error, render
from sync.sandbox.oneroster_forms import scopes
from sync.sandbox.oneroster_lists import routes
from sync.sandbox.oneroster_writes import routes as write_routes
from sync.sandbox.people import agents_of, settle
from sync.sandbox.store import Selection
from sync.sandbox.views import API

if TYPE_CHECKING:
    from sync.sandbox.world import World

_READ = scopes("1.2", "roster.readonly", "roster-core.readonly")


def get_agents(world: World, call: Call) -> Reply:
    """List a person's agents as whole users; only TimeBack's api has this."""
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
    prefixes=(API,),
    routes=(
        *routes("1.2"),
        Route("GET", f"{API}/users/{{}}/agents", get_agents, _READ),
        *write_routes("1.2"),
        *AGENT_ROUTES,
    ),
    error=imsx_error,
    render=render,
    slash=True,
)
