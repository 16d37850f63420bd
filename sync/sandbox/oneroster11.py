"""OneRoster 1.1: the published lists, vendors' writes, and two ways to sign in.

The store is that of the api, so that what is written under one root shows under the
other. Source: OneRoster 1.1 (OAuth 1.0a with HMAC-SHA1, or OAuth 2 bearer tokens).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sync.sandbox.exchange import Call, Refusal, Service
from sync.sandbox.oauth1 import HMAC_SHA1, Secrets, url_of, verify
from sync.sandbox.oneroster_answers import imsx_error, render
from sync.sandbox.oneroster_lists import routes
from sync.sandbox.oneroster_writes import routes as write_routes
from sync.sandbox.routing import Router
from sync.sandbox.tokens import oneroster_grant
from sync.sandbox.views import API_11

if TYPE_CHECKING:
    from sync.sandbox.world import World

_PLAIN = Service(
    name="oneroster11",
    host="api",
    realm="api",
    prefixes=(API_11,),
    routes=(*routes("1.1"), *write_routes("1.1")),
    error=imsx_error,
    render=render,
    slash=True,
)
_ROUTER = Router((_PLAIN,))


def admit(world: World, call: Call) -> None:
    """Let a signed request or a bearer token pass; raises Refusal 401 or 403."""
    route = _ROUTER.match(call.method, call.path).route
    wanted = frozenset() if route is None else route.scopes or frozenset()
    header = call.header(b"authorization")
    if not header.lower().startswith("oauth "):
        world.tokens.check(call, _PLAIN.realm, wanted)
        return
    facts = verify(call.method, url_of(call), header, _secrets(world))
    if facts.method != HMAC_SHA1:
        raise Refusal(401, f"sign with {HMAC_SHA1}")
    if facts.token:
        raise Refusal(401, "there are no tokens here: sign with the secret alone")
    world.tokens.replays.check(facts)
    if not wanted & oneroster_grant(world):
        raise Refusal(403, f"the consumer lacks the right {min(wanted)}")


def _secrets(world: World) -> Secrets:
    settings = world.settings
    return {settings.oneroster_consumer_key: settings.oneroster_consumer_secret}.get


SERVICE = replace(_PLAIN, admit=admit)
