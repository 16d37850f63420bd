"""Who calls Schoology: a key and its secret, proven anew with every request.

In: a call. Out: nothing, or Refusal 401. Source: the REST API's authentication guide:
two-legged OAuth 1.0a with an empty ``oauth_token``, and no pair of timestamp and nonce
twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.sandbox.exchange import Call, Refusal
from sync.sandbox.oauth1 import url_of, verify
from sync.sandbox.schoology_forms import wanted

if TYPE_CHECKING:
    from sync.sandbox.world import World


def admit(world: World, call: Call) -> None:
    """Let a signed request pass that says how it wants to be answered."""
    settings = world.settings
    known = {settings.schoology_consumer_key: settings.schoology_consumer_secret}
    header = call.header(b"authorization")
    facts = verify(call.method, url_of(call), header, known.get)
    if facts.token != "":
        raise Refusal(401, "oauth_token must be there and empty")
    if facts.version is None:
        raise Refusal(401, "oauth_version must be 1.0")
    world.tokens.replays.check(facts, rising=settings.schoology_strict_clock)
    wanted(call)


def only_own(world: World, *, uid: int | None = None) -> None:
    """Raise Refusal 403 where the key may not touch this user, or any other."""
    settings = world.settings
    if settings.schoology_own_data_only and uid != settings.schoology_owner:
        raise Refusal(403, "this key has no access to the data of other users")
