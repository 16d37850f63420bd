"""Who may call the imitated Open edX: tokens of two kinds, the throttle, refusals.

Source: the client-credentials route of the stock platform (form-encoded, token type
``jwt`` or ``bearer``, each under its own Authorization prefix) and its throttle of
requests a minute, one bucket for all of a caller's enrollment views.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sync.sandbox.exchange import (
    Call,
    Handler,
    Refusal,
    Reply,
    Route,
    Service,
    encode,
    json_reply,
)
from sync.sandbox.faults import TOKEN_KINDS
from sync.sandbox.tokens import FORM, token_error

if TYPE_CHECKING:
    from sync.sandbox.world import World

_REALMS = {"bearer": "openedx", "jwt": "openedx-jwt"}
_SCOPES = frozenset({"read", "write"})
HTML = "html"
"""The ``minor`` of a refusal that is answered with a page of HTML."""
EMPTY = "empty"
"""The ``minor`` of a refusal without a body."""
MESSAGE = "message"
"""The ``minor`` of a refusal of the enrollment API, which has its own key for words."""


def give_token(world: World, call: Call) -> Reply:
    """Answer ``POST /oauth2/access_token``."""
    if call.header(b"content-type").split(";")[0].strip().lower() != FORM:
        raise Refusal(400, f"send {FORM}")
    form = dict(parse_qsl(call.body.decode("latin-1"), keep_blank_values=True))
    settings = world.settings
    if form.get("grant_type") != "client_credentials":
        raise Refusal(400, "only client_credentials", minor="unsupported_grant_type")
    client = (form.get("client_id"), form.get("client_secret"))
    if client != (settings.openedx_client_id, settings.openedx_client_secret):
        raise Refusal(401, "unknown client or wrong secret", minor="invalid_client")
    kind = form.get("token_type", "bearer").lower()
    if kind not in _REALMS:
        raise Refusal(400, "token_type is jwt or bearer", minor="invalid_request")
    answer = {
        "access_token": world.tokens.give(_REALMS[kind], _SCOPES, settings.token_life),
        "expires_in": int(settings.token_life),
        "token_type": "JWT" if kind == "jwt" else "Bearer",
        "scope": "read write",
    }
    return json_reply(200, answer)


def admit(world: World, call: Call) -> None:
    """Raise Refusal 401 unless the token is known under the prefix of its kind."""
    scheme, _, name = call.header(b"authorization").partition(" ")
    fixed = world.settings.openedx_token
    if fixed is not None and (scheme.lower(), name.strip()) == ("bearer", fixed):
        return
    realm = _REALMS.get(scheme.lower())
    if realm is None:
        raise Refusal(401, "Authentication credentials were not provided.")
    shown = (b"authorization", f"Bearer {name}".encode("latin-1"))
    world.tokens.check(replace(call, headers=[shown]), realm, _SCOPES)


def need_staff(world: World) -> None:
    """Raise Refusal 403 where the caller is told not to be of the staff."""
    if not world.settings.openedx_staff:
        raise Refusal(403, "You do not have permission to perform this action.")


def need_route(mounted: bool) -> None:
    """Raise Refusal 404 with the framework's page where a route is not mounted."""
    if not mounted:
        raise Refusal(404, "Not Found", minor=HTML)


def throttled(handler: Handler) -> Handler:
    """Count a call in the bucket that all routes share; 429 where it is full."""

    def guarded(world: World, call: Call) -> Any:
        wait = _wait(world)
        return _too_many(world, wait) if wait else handler(world, call)

    return guarded


def _wait(world: World) -> float:
    limit, minute = world.settings.openedx_per_minute, world.settings.openedx_minute
    if limit is None:
        return 0.0
    now = time.time()
    with world.store.atomic():
        world.store.run(
            "DELETE FROM openedx_ticks WHERE kind = 'call' AND at <= ?", now - minute
        )
        row = world.store.one(
            "SELECT COUNT(*), MIN(at) FROM openedx_ticks WHERE kind = 'call'"
        )
        if row is not None and row[0] >= limit:
            return max(0.001, float(row[1]) + minute - now)
        world.store.run("INSERT INTO openedx_ticks VALUES ('call', ?)", now)
    return 0.0


def _too_many(world: World, wait: float) -> Reply:
    seconds = math.ceil(wait)
    text = f"Request was throttled. Expected available in {seconds} seconds."
    until = formatdate(math.ceil(time.time()) + seconds, usegmt=True)
    shown = {"seconds": str(seconds), "date": until}.get(world.settings.retry_after)
    headers = () if shown is None else ((b"retry-after", shown.encode()),)
    return json_reply(429, {"detail": text}, headers)


def error(refusal: Refusal) -> dict[str, Any]:
    """Return the framework's error body: by field, or ``detail``."""
    if refusal.minor == MESSAGE:
        return {"message": refusal.text}
    if not refusal.details:
        return {"detail": refusal.text}
    return {name: [text] for part in refusal.details for name, text in part.items()}


def render(_world: World, _call: Call, refusal: Refusal) -> Reply:
    """Answer a refusal: JSON, the framework's pages of HTML, or nothing."""
    if refusal.minor == EMPTY:
        return Reply(refusal.status)
    if refusal.minor == HTML or refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        name = HTTPStatus(refusal.status).phrase
        page = f"<!doctype html><html><body><h1>{name}</h1></body></html>"
        return Reply(refusal.status, page.encode(), content_type=b"text/html")
    unknown = refusal.status == HTTPStatus.UNAUTHORIZED
    headers = ((b"www-authenticate", b'JWT realm="api"'),) if unknown else ()
    return Reply(refusal.status, encode(error(refusal)).encode(), headers)


TOKEN = Service(
    name="openedx-token",
    host="openedx",
    realm="openedx",
    prefixes=(),
    routes=(Route("POST", "/oauth2/access_token", give_token, None),),
    error=token_error,
    token=True,
    trouble=TOKEN_KINDS,
)
