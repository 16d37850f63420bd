"""Client credentials: both token endpoints, and who may pass with which token.

Source: the platform's authentication guide (HTTP Basic, scope sent), the OAuth 2
endpoint of the api (client id and secret in the form, no scope), and for the client of
plain OneRoster the security framework of OneRoster 1.2 (either form, scopes sent).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from sync.sandbox.exchange import Call, Refusal, Reply, Route, Service, json_reply
from sync.sandbox.faults import TOKEN_KINDS
from sync.sandbox.oauth1 import Replays

if TYPE_CHECKING:
    from sync.sandbox.world import World

PLATFORM_SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
API_SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
PLATFORM_SCOPES = frozenset(
    PLATFORM_SCOPE + name for name in ("roster.createput", "roster.readonly")
)
API_SCOPES = frozenset(
    API_SCOPE + name
    for name in (
        "roster-core.readonly",
        "roster.readonly",
        "roster.createput",
        "roster.delete",
        "roster-demographics.readonly",
        "roster-demographics.createput",
        "roster-demographics.delete",
    )
)
_ONEROSTER_SCOPES = API_SCOPES | {
    scope.replace(API_SCOPE, PLATFORM_SCOPE) for scope in API_SCOPES
}
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer token stands for."""

    realm: str
    scopes: frozenset[str]
    ends: float


class Tokens:
    """The bearer tokens given out by this process."""

    def __init__(self) -> None:
        """Start without any."""
        self._given: dict[str, Token] = {}
        self.replays = Replays()

    def give(self, realm: str, scopes: frozenset[str], life: float) -> str:
        """Return a new opaque token for one realm."""
        name = secrets.token_urlsafe(24)
        self._given[name] = Token(realm, scopes, time.monotonic() + life)
        return name

    def check(self, call: Call, realm: str, scopes: frozenset[str]) -> None:
        """Raise Refusal 401 without a valid token of ``realm``, 403 without a scope."""
        scheme, _, name = call.header(b"authorization").partition(" ")
        token = self._given.get(name.strip()) if scheme.lower() == "bearer" else None
        if token is None or token.realm != realm:
            raise Refusal(401, "the access token is missing or not known here")
        if time.monotonic() >= token.ends:
            raise Refusal(401, "the access token has expired")
        if not scopes & token.scopes:
            raise Refusal(403, f"the token lacks the scope {min(scopes)}")


def token_error(refusal: Refusal) -> dict[str, str]:
    """Return an error body as RFC 6749 section 5.2 has it."""
    body = {"error": refusal.minor or "invalid_request"}
    if refusal.text:
        body["error_description"] = refusal.text
    return body


def _form(call: Call) -> dict[str, str]:
    if not call.header(b"content-type").startswith(FORM):
        raise Refusal(400, f"send {FORM}")
    return dict(parse_qsl(call.body.decode("latin-1"), keep_blank_values=True))


def _grant(form: dict[str, str]) -> None:
    if form.get("grant_type") != "client_credentials":
        raise Refusal(400, "only client_credentials", minor="unsupported_grant_type")


def _invalid_client(status: int) -> Refusal:
    return Refusal(status, "unknown client or wrong secret", minor="invalid_client")


def _basic(call: Call) -> tuple[str, str]:
    scheme, _, text = call.header(b"authorization").partition(" ")
    if scheme.lower() != "basic":
        raise _invalid_client(401)
    try:
        decoded = base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _invalid_client(401) from error
    name, _, secret = decoded.partition(":")
    return name, secret


def platform_token(world: World, call: Call) -> Reply:
    """Answer ``POST /auth/1.0/token``."""
    settings = world.settings
    form = _form(call)
    client = (settings.platform_client_id, settings.platform_client_secret)
    if _basic(call) != client:
        raise _invalid_client(401)
    _grant(form)
    asked = form.get("scope", "").split()
    if not asked or not PLATFORM_SCOPES.issuperset(asked):
        raise Refusal(400, "unknown or missing scope", minor="invalid_scope")
    scopes = frozenset(asked)
    if settings.granted_scopes is not None:
        scopes &= settings.granted_scopes
    answer = _answer(world, "platform", scopes)
    return json_reply(200, {**answer, "scope": " ".join(sorted(scopes))})


def api_token(world: World, call: Call) -> Reply:
    """Answer ``POST /oauth2/token``: the api's own client, or that of OneRoster."""
    settings = world.settings
    form = _form(call)
    if _plain_client(world, call, form):
        return _plain_token(world, form)
    client = (form.get("client_id"), form.get("client_secret"))
    if client != (settings.api_client_id, settings.api_client_secret):
        raise _invalid_client(401)
    _grant(form)
    granted = settings.granted_scopes
    limited = granted is not None and any(s.startswith(API_SCOPE) for s in granted)
    scopes = API_SCOPES & granted if limited and granted is not None else API_SCOPES
    return json_reply(200, _answer(world, "api", scopes))


def _plain_client(world: World, call: Call, form: dict[str, str]) -> bool:
    """Return whether the client of plain OneRoster asks, by header or by form."""
    settings = world.settings
    client = (settings.oneroster_client_id, settings.oneroster_client_secret)
    if call.header(b"authorization"):
        raw = _basic(call)
        if client not in (raw, tuple(map(unquote_plus, raw))):
            raise _invalid_client(401)
        if "client_secret" in form:
            raise Refusal(400, "send the secret once: in the header or in the form")
        return True
    return client == (form.get("client_id"), form.get("client_secret"))


def _plain_token(world: World, form: dict[str, str]) -> Reply:
    _grant(form)
    asked = frozenset(form.get("scope", "").split()) or _ONEROSTER_SCOPES
    if not asked <= _ONEROSTER_SCOPES:
        raise Refusal(400, "unknown scope", minor="invalid_scope")
    scopes = oneroster_grant(world, asked)
    answer = _answer(world, "api", scopes)
    return json_reply(200, {**answer, "scope": " ".join(sorted(scopes))})


def oneroster_grant(
    world: World, asked: frozenset[str] = _ONEROSTER_SCOPES
) -> frozenset[str]:
    """Return which of the scopes that it asks for plain OneRoster's client gets."""
    granted = world.settings.oneroster_granted_scopes
    if granted is None:
        return asked
    return frozenset(s for s in asked if {s, s.rpartition("/")[2]} & granted)


def _answer(world: World, realm: str, scopes: frozenset[str]) -> dict[str, object]:
    life = world.settings.token_life
    return {
        "access_token": world.tokens.give(realm, scopes, life),
        "expires_in": int(life),
        "token_type": "Bearer",
    }


SERVICE = Service(
    name="token",
    host="token",
    realm="token",
    prefixes=("/auth/1.0/", "/oauth2/"),
    routes=(
        Route("POST", "/auth/1.0/token", platform_token, None),
        Route("POST", "/oauth2/token", api_token, None),
    ),
    error=token_error,
    token=True,
    trouble=TOKEN_KINDS,
)
