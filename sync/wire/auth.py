"""Services and their credentials: who we are to which address.

Comes in: addresses and secrets from the configuration. Goes out: ``Service`` values
that targets hand to the engine, and the form of a token request (OAuth 2 client
credentials, RFC 6749 section 4.4). Secrets never show in a repr. What OAuth 1.0a adds
to each request is made in ``signing``.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from sync.errors import TargetError, UsageError
from sync.model.request import Answer
from sync.wire.address import checked_base, host_of, origin_of
from sync.wire.failures import parse_json

SPARE_SECONDS = 60.0
"""A token is renewed when less of its life than this is left (or a tenth)."""
DEFAULT_LIFE = 300.0
"""The life of a token whose answer does not say how long it lives."""


_TOKEN = re.compile(r"[\x21-\x7e]+")
"""What may stand in a header without changing its meaning."""
_REALM = re.compile(r"[\x20-\x7e]*")


class Secret:
    """A text that shows as ``***``; ``reveal`` is for the wire alone."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep ``text`` out of sight."""
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        """Never the text."""
        return "***"

    def __eq__(self, other: object) -> bool:
        """Equal texts are equal secrets."""
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        """By the text."""
        return hash((Secret, self._text))


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth 2 client credentials at a token address of their own.

    ``style``: ``basic`` puts id and secret into the Authorization header, ``body``
    into the form, ``either`` tries the one and, where that is refused, the other.
    ``form``: further fields of the form. Raises ``UsageError`` for a token address
    that is not safe.
    """

    token_url: str
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...] = ()
    style: Literal["basic", "body", "either"] = "basic"
    form: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse an address that a secret must not be sent to."""
        checked_base(self.token_url, "the token address")


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that somebody issued by hand and that does not change."""

    token: Secret


@dataclass(frozen=True, slots=True)
class OAuth1:
    """OAuth 1.0a with a consumer's key and secret alone (RFC 5849, "two-legged").

    Every try of every request is signed anew. ``PLAINTEXT`` sends the secret itself:
    over https, or to this machine, as ``Service`` sees to. ``token_parameter``: an
    empty ``oauth_token`` is sent and signed. Raises ``UsageError`` for a realm that
    cannot stand in a header.
    """

    consumer_key: str
    consumer_secret: Secret
    method: Literal["PLAINTEXT", "HMAC-SHA1"] = "HMAC-SHA1"
    realm: str | None = None
    token_parameter: bool = False

    def __post_init__(self) -> None:
        """The realm stands between quotes as it is."""
        realm = self.realm or ""
        if not _REALM.fullmatch(realm) or '"' in realm or "\\" in realm:
            message = "an OAuth realm is plain text without quotes"
            raise UsageError(message, do="correct it in the configuration")


@dataclass(frozen=True, slots=True)
class Service:
    """One remote address with its credentials.

    ``url``: the origin with an optional base path, to which request paths are added.
    Raises ``UsageError`` for one that credentials must not be sent to.
    """

    name: str
    url: str
    auth: ClientCredentials | Bearer | OAuth1 | None = None

    def __post_init__(self) -> None:
        """Check the address once, so that every request can rely on it."""
        base = checked_base(self.url, f"the address of {self.name}")
        object.__setattr__(self, "url", base)

    @property
    def origin(self) -> str:
        """Scheme, host and port: requests to one origin share one pace."""
        return origin_of(self.url)


@dataclass(frozen=True, slots=True)
class Token:
    """A token, when it stops being used, and what it may do."""

    secret: str
    stale_at: float
    """By the clock of the wire."""
    missing: tuple[str, ...] = ()
    """Scopes that were asked for and not granted."""
    replaces_refused: bool = False
    """Fetched because the one before it was answered with 401."""
    scheme: Literal["Bearer", "JWT"] = "Bearer"

    @property
    def header(self) -> str:
        """The value of the Authorization header."""
        return f"{self.scheme} {self.secret}"

    @property
    def hidden(self) -> tuple[str, ...]:
        """What nothing that is printed may hold."""
        return (self.secret,)

    def __repr__(self) -> str:
        """Without the token."""
        return f"Token(stale_at={self.stale_at})"


def token_request(credentials: ClientCredentials) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request for a token."""
    form = {"grant_type": "client_credentials"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    secret = credentials.client_secret.reveal()
    if credentials.style != "body":
        pair = f"{credentials.client_id}:{secret}".encode()
        headers["authorization"] = "Basic " + b64encode(pair).decode()
    else:
        form |= {"client_id": credentials.client_id, "client_secret": secret}
    if credentials.scopes:
        form["scope"] = " ".join(credentials.scopes)
    return headers, urlencode(form | dict(credentials.form)).encode()


def read_token(service: Service, answer: Answer, now: float) -> Token:
    """The token in an answer. Raises ``TargetError`` naming service and status."""
    body = parse_json(answer)
    text = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        message = f"{service.name}: the token service's answer holds no token"
        auth = service.auth
        url = auth.token_url if isinstance(auth, ClientCredentials) else service.url
        host = host_of(url)
        raise TargetError(message, do=f"see whether {host} is the token service")
    life = _seconds(body.get("expires_in"))
    granted = body.get("scope")
    asked = service.auth.scopes if isinstance(service.auth, ClientCredentials) else ()
    known = granted.split() if isinstance(granted, str) and granted else asked
    named = str(body.get("token_type")).upper()
    return Token(
        secret=text,
        stale_at=now + life - min(SPARE_SECONDS, life / 10),
        missing=tuple(scope for scope in asked if scope not in known),
        scheme="JWT" if named == "JWT" else "Bearer",
    )


def _seconds(value: object) -> float:
    try:
        life = float(str(value))
    except ValueError:
        return DEFAULT_LIFE
    return life if 0 < life < float("inf") else DEFAULT_LIFE
