"""Tokens in use: one for each service, renewed by one request for many waiting.

Comes in: who needs a token, and what became of it. Goes out: a ``Token`` with its
Authorization header. A token that was fetched because the one before was refused, and
is refused itself before it did any good, is not replaced again: credentials that do
not suffice must not become a storm of token requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import anyio

from sync.errors import TargetError
from sync.model.outcome import Failure
from sync.model.request import Answer
from sync.wire.address import host_of
from sync.wire.auth import (
    Bearer,
    ClientCredentials,
    OAuth1,
    Service,
    Token,
    read_token,
    token_request,
)
from sync.wire.failures import (
    INSECURE,
    TLS_ADVICE,
    UnreadableError,
    summary,
    without,
)

Post = Callable[[str, dict[str, str], bytes], Awaitable[Answer | Failure]]
"""Sends a form to a token address, with retries."""


_REFUSED = frozenset({400, 401})
"""How a token service answers that wants the secret elsewhere (RFC 6749, 5.2)."""


@dataclass(slots=True)
class TokenKeeper:
    """The token of one service."""

    service: Service
    now: Callable[[], float]
    post: Post
    _token: Token | None = None
    _proven: bool = False
    _refused: bool = False
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def missing(self) -> tuple[str, ...]:
        """Scopes that were asked for and not granted."""
        return self._token.missing if self._token else ()

    async def current(self) -> Token | None:
        """A token that is good for a while, or None where none is used.

        Raises ``TargetError`` where the token service refuses or does not answer.
        """
        auth = self.service.auth
        if auth is None or isinstance(auth, OAuth1):
            return None
        if isinstance(auth, Bearer):
            return Token(auth.token.reveal(), float("inf"))
        token = self._usable()
        if token is not None:
            return token
        async with self._lock:
            return self._usable() or await self._renew(auth)

    def _usable(self) -> Token | None:
        token = self._token
        fresh = token is not None and self.now() < token.stale_at
        return token if fresh and not self._refused else None

    async def _renew(self, auth: ClientCredentials) -> Token:
        host = host_of(auth.token_url)
        headers, body = token_request(auth)
        answer = await self.post(auth.token_url, headers, body)
        refused = isinstance(answer, Failure) and answer.status in _REFUSED
        if refused and auth.style == "either":
            headers, body = token_request(replace(auth, style="body"))
            answer = await self.post(auth.token_url, headers, body)
        if isinstance(answer, Failure):
            known = without(answer, auth.client_secret.reveal())
            if answer.code in INSECURE:
                text = f"{self.service.name}: no token: {answer.message}"
                advice = TLS_ADVICE
            elif answer.status is None:
                text = (
                    f"{self.service.name}: the token service does not answer "
                    f"({host}: {answer.message})"
                )
                advice = "see whether the system is up and this is its address"
            else:
                text = f"{self.service.name}: no token: {summary(known)}"
                advice = (
                    f"check client_id, client_secret and scopes, and whether {host} is "
                    "where they are for"
                )
            raise TargetError(text, do=advice)
        try:
            token = read_token(self.service, answer, self.now())
        except UnreadableError as error:
            text = f"{self.service.name}: the token service's answer: {error}"
            advice = f"see whether {host} is the token service"
            raise TargetError(text, do=advice) from None
        self._token = replace(token, replaces_refused=self._refused)
        self._proven = self._refused = False
        return self._token

    def worked(self, used: Token | None) -> None:
        """An answer showed that the token is accepted."""
        if used is self._token:
            self._proven = True

    def refused(self, used: Token | None) -> bool:
        """A 401 came back; says whether another token may do better."""
        if used is None or isinstance(self.service.auth, Bearer):
            return False
        if used is not self._token:
            return True
        self._refused = self._proven or not used.replaces_refused
        return self._refused
