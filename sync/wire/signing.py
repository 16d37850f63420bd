"""OAuth 1.0a: the Authorization header of one try of one request (RFC 5849).

Comes in: method and address, exactly as they are sent. Goes out: a ``Signed`` header
with a nonce and a timestamp of its own. A body is never signed: only forms would be,
and none are sent.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from oauthlib.oauth1.rfc5849 import Client, signature
from oauthlib.oauth1.rfc5849.utils import escape

from sync.wire.auth import OAuth1

NONCE_BYTES = 16
"""As 32 hexadecimal digits."""

# oauthlib's debug lines show base strings and signatures.
logging.getLogger("oauthlib").setLevel(logging.CRITICAL)

Pairs = list[tuple[str, str]]


def _nonce() -> str:
    return secrets.token_hex(NONCE_BYTES)


@dataclass(frozen=True, slots=True)
class Signed:
    """The value of one Authorization header, for one try."""

    header: str
    hidden: tuple[str, ...]
    """What nothing that is printed may hold: secret and signature, in each form in
    which they leave."""

    def __repr__(self) -> str:
        """Without either."""
        return "Signed()"


TOLERATED = 60
"""Seconds that two clocks may be apart; servers refuse from five minutes on."""


@dataclass(slots=True)
class Signer:
    """Signs for one consumer: no nonce twice, no timestamp before an earlier one."""

    auth: OAuth1
    wall: Callable[[], float]
    """Seconds since 1970."""
    nonce: Callable[[], str] = _nonce
    apart: float = 0.0
    """Seconds by which the server's clock is ahead of ours, once it refused for it."""
    _last: int = 0

    def follow(self, there: float) -> bool:
        """Sign by the server's clock from now on, where ours is another; only once.

        ``there`` is the time, in seconds since 1970, at which it refused a signature.
        """
        apart = there - self.wall()
        if self.apart or abs(apart) <= TOLERATED:
            return False
        self.apart, self._last = apart, 0
        return True

    def sign(self, method: str, url: str) -> Signed:
        """Sign a request that is about to leave."""
        self._last = max(int(self.wall() + self.apart), self._last)
        pairs = self._pairs()
        secret = self.auth.consumer_secret.reveal()
        mark = self._mark(pairs, method, url)
        parts = [f'{name}="{escape(text)}"' for name, text in pairs]
        parts.append(f'oauth_signature="{escape(mark)}"')
        if self.auth.realm is not None:
            parts.insert(0, f'realm="{self.auth.realm}"')
        hidden = {secret, escape(secret), escape(escape(secret)), mark, escape(mark)}
        return Signed(f"OAuth {', '.join(parts)}", tuple(sorted(hidden)))

    def _pairs(self) -> Pairs:
        pairs = [("oauth_consumer_key", self.auth.consumer_key)]
        if self.auth.token_parameter:
            pairs.append(("oauth_token", ""))
        return [
            *pairs,
            ("oauth_nonce", self.nonce()),
            ("oauth_timestamp", str(self._last)),
            ("oauth_signature_method", self.auth.method),
            ("oauth_version", "1.0"),
        ]

    def _mark(self, pairs: Pairs, method: str, url: str) -> str:
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        # Its type stubs ask for a dict, which could not name a parameter twice.
        said = signature.normalize_parameters([*pairs, *query])  # type: ignore[arg-type] # see above
        parts = (method.upper(), signature.base_string_uri(url), said)
        text = "&".join(escape(part) for part in parts)
        client = Client("", self.auth.consumer_secret.reveal())
        return str(Client.SIGNATURE_METHODS[self.auth.method](text, client))
