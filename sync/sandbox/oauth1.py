"""OAuth 1.0a, two-legged: reads an ``Authorization`` header and proves its signature.

In: method, url and header of a request, and who has which secret. Out: the facts of
the header, or Refusal 401. Source: RFC 5849, sections 3.1 to 3.5. Bodies are JSON or
XML here, and these are not signed.
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from oauthlib.oauth1.rfc5849.signature import base_string_uri

from sync.sandbox.exchange import Call, Refusal

HMAC_SHA1 = "HMAC-SHA1"
PLAINTEXT = "PLAINTEXT"
WINDOW = 300
"""Seconds by which a timestamp may differ from the server's clock."""

_PART = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="([A-Za-z0-9\-._~%]*)"')
_REALM = re.compile(r'realm="([^"]*)"')
_COMMA = re.compile(r"\s*,\s*")
_REQUIRED = ("consumer_key", "nonce", "timestamp", "signature_method", "signature")
_SHOWN = ("consumer_key", "token", "nonce", "timestamp", "signature_method", "version")
_SECONDS = re.compile(r"[0-9]{1,12}")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

Secrets = Callable[[str], str | None]
"""Consumer key -> consumer secret, None where nobody has this key."""


@dataclass(frozen=True, slots=True)
class OAuthFacts:
    """What a proven header says; ``token`` and ``realm`` are None where it has none."""

    consumer_key: str
    method: str
    nonce: str
    timestamp: int
    token: str | None
    realm: str | None
    version: str | None


def verify(
    call_method: str, base_url_with_query: str, header: str, secrets: Secrets
) -> OAuthFacts:
    """Return the facts of ``header``; Refusal 401 where it is wrong in any way.

    ``base_url_with_query`` is the absolute url exactly as it was asked for. Nonce and
    timestamp are only read here: :class:`Replays` judges them.
    """
    realm, given = _parsed(header)
    facts = _facts(realm, given)
    secret = secrets(facts.consumer_key)
    if secret is None:
        raise Refusal(401, "the consumer key is not known here")
    wanted = _signature(call_method, base_url_with_query, given, secret)
    if not hmac.compare_digest(wanted.encode(), given["oauth_signature"].encode()):
        raise Refusal(401, "the signature is wrong")
    return facts


def url_of(call: Call) -> str:
    """Return the absolute url of ``call``, whose path and query stay as they came."""
    host = call.header(b"host")
    return f"http://{host}{call.path}{'?' if call.query else ''}{call.query}"


def _parsed(header: str) -> tuple[str | None, dict[str, str]]:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth":
        raise Refusal(401, "send an Authorization header of the scheme OAuth")
    realm: str | None = None
    given: dict[str, str] = {}
    for part in _COMMA.split(rest.strip()):
        named = _REALM.fullmatch(part)
        if named and realm is None and not given:
            realm = named[1]
            continue
        found = _PART.fullmatch(part)
        if found is None or found[1] in given or _ESCAPE.search(found[2]):
            raise Refusal(401, "the OAuth header cannot be read")
        given[found[1]] = unquote(found[2])
    return realm, given


def _facts(realm: str | None, given: dict[str, str]) -> OAuthFacts:
    lacking = [name for name in _REQUIRED if not given.get(f"oauth_{name}")]
    if lacking:
        raise Refusal(401, f"the OAuth header lacks oauth_{lacking[0]}")
    key, token, nonce, stamp, method, version = (
        given.get(f"oauth_{name}") for name in _SHOWN
    )
    if version not in (None, "1.0"):
        raise Refusal(401, "oauth_version must be 1.0")
    if method not in (HMAC_SHA1, PLAINTEXT):
        raise Refusal(401, f"oauth_signature_method must be {HMAC_SHA1} or {PLAINTEXT}")
    if not _SECONDS.fullmatch(stamp or ""):
        raise Refusal(401, "oauth_timestamp must be a whole number of seconds")
    return OAuthFacts(
        str(key), method, str(nonce), int(stamp or 0), token, realm, version
    )


def _signature(method: str, url: str, given: dict[str, str], secret: str) -> str:
    key = f"{quote(secret, safe='~')}&"
    if given["oauth_signature_method"] == PLAINTEXT:
        return key
    address, _, query = url.partition("?")
    try:
        signed = parse_qsl(query, keep_blank_values=True, errors="strict")
        base = base_string_uri(address)
    except ValueError as error:
        raise Refusal(401, "the url cannot be signed") from error
    signed += [pair for pair in given.items() if pair[0] != "oauth_signature"]
    # Sorted after encoding, by name and then by value.
    pairs = sorted((quote(name, safe="~"), quote(v, safe="~")) for name, v in signed)
    normal = "&".join(f"{name}={value}" for name, value in pairs)
    text = "&".join(quote(part, safe="~") for part in (method.upper(), base, normal))
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()


class Replays:
    """The nonces of this process: each may be used once for a key and timestamp."""

    def __init__(self) -> None:
        """Start without any."""
        self._used: dict[tuple[str, int, str], None] = {}
        self._newest: dict[str, int] = {}

    def check(
        self, facts: OAuthFacts, *, now: float | None = None, rising: bool = False
    ) -> None:
        """Note a nonce; Refusal 401 for a used one and for a clock that is wrong.

        ``now`` is in seconds since 1970. ``rising`` also refuses a timestamp below
        the highest one that came with this key.
        """
        clock = time.time() if now is None else now
        if abs(clock - facts.timestamp) > WINDOW:
            raise Refusal(401, "oauth_timestamp is too far from the server's clock")
        key = (facts.consumer_key, facts.timestamp, facts.nonce)
        if key in self._used:
            raise Refusal(401, "duplicate timestamp/nonce pair: possible replay attack")
        newest = self._newest.get(facts.consumer_key, facts.timestamp)
        if rising and facts.timestamp < newest:
            raise Refusal(401, "oauth_timestamp runs backwards")
        self._newest[facts.consumer_key] = max(newest, facts.timestamp)
        self._used[key] = None
        self._forget(clock)

    def _forget(self, clock: float) -> None:
        """Drop from the oldest end what its timestamp alone refuses by now."""
        while self._used:
            oldest = next(iter(self._used))
            if clock - oldest[1] <= WINDOW:
                return
            del self._used[oldest]
