"""One request over all of its tries: what it leaves with, and where it goes next.

Comes in: a ``Request`` and the service that it is for. Goes out: its address, headers
and bytes, and after a redirect the next address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sync.errors import LocalError
from sync.model.outcome import Failure
from sync.model.request import Answer, Request
from sync.version import VERSION
from sync.wire.address import full_url, redirected
from sync.wire.auth import Service, Token
from sync.wire.connections import Headers
from sync.wire.failures import server_time, suspects_replay
from sync.wire.limits import Pace
from sync.wire.signing import Signed, Signer
from sync.wire.tokens import TokenKeeper

Judge = Callable[[Answer], Failure | None]
"""Whether an answer is a success; ``classify`` unless a target knows better."""
Before = Callable[[], Awaitable[None]]

HOPS = 5
"""Redirects that are followed in a row."""
SIGNATURES = 3
"""New signatures for a request that was taken for the copy of another one."""
COMMON: Headers = (
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"gzip"),
    (b"User-Agent", f"roster-sync/{VERSION}".encode()),
)

_READS = frozenset({"GET", "HEAD"})
_FOLLOWED = frozenset({301, 302, 303, 307, 308})
_UNAUTHORISED = 401
_NAME = re.compile(r"[A-Za-z0-9\-]+")
_TEXT = re.compile(r"[\x20-\x7e]*")
_OURS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "host",
        "transfer-encoding",
    }
)
"""Headers that no request may bring: they decide who we are and where it ends."""


@dataclass(slots=True)
class Trip:
    """One request on its way."""

    request: Request
    judge: Judge | None
    before: Before | None
    service: Service
    keeper: TokenKeeper
    signer: Signer | None
    pace: Pace
    url: str
    headers: Headers
    body: bytes | None
    attempt: int = 0
    free: int = 0
    """Tries that are none of the retries: with a new credential, or elsewhere."""
    hops: int = 0
    signatures: int = 0
    apart: float = 0.0
    """By which clock it was signed last."""
    renewed: bool = False
    in_doubt: bool = False

    @property
    def write(self) -> bool:
        """Whether it may have an effect."""
        return self.request.method not in _READS

    @property
    def json(self) -> bool:
        """Whether JSON is what it asks for."""
        wanted = (text for name, text in self.headers if name.lower() == b"accept")
        return any(b"json" in text.lower() for text in wanted)

    def credential(self, token: Token | None) -> Token | Signed | None:
        """Who we are, for the try that leaves now."""
        if self.signer is not None:
            self.apart = self.signer.apart
            return self.signer.sign(self.request.method, self.url)
        return token

    def renews(self, answer: Answer, token: Token | None) -> bool:
        """Whether another credential may do better after this answer."""
        if answer.status != _UNAUTHORISED:
            return False
        if self.signer is not None:
            again = suspects_replay(answer) or self._by_another_clock(
                answer, self.signer
            )
            again = again and self.signatures < SIGNATURES
            self.signatures += again
            return again
        if self.renewed:
            return False
        self.renewed = self.keeper.refused(token)
        return self.renewed

    def _by_another_clock(self, answer: Answer, signer: Signer) -> bool:
        """Whether the signer goes by the server's clock now, and did not before."""
        there = server_time(answer)
        if there is not None:
            signer.follow(there)
        return signer.apart != self.apart

    def moves(self, answer: Answer) -> bool:
        """Whether the answer sends it on to another address that may be asked."""
        follows = self.request.follow and self.request.method == "GET"
        if not follows or answer.status not in _FOLLOWED or self.hops >= HOPS:
            return False
        location = answer.headers.get("location", "").strip()
        found = redirected(self.service.url, self.url, location) if location else None
        if found is None:
            return False
        self.url = found
        self.hops += 1
        return True


def address(service: Service, request: Request) -> str:
    """Where a request goes. Raises ``LocalError`` for a path that leaves its base."""
    return full_url(service.url, request.path, request.query)


def body_of(request: Request) -> bytes | None:
    """The bytes of its body: a text as it is, anything else as JSON."""
    if request.body is None:
        return None
    if isinstance(request.body, str):
        return request.body.encode()
    compact = (",", ":")
    return json.dumps(
        request.body, ensure_ascii=False, separators=compact, allow_nan=False
    ).encode()


def headers_of(request: Request) -> Headers:
    """The common headers with those of the request in their place, but for that of
    the credential. Raises ``LocalError`` for one that is not the request's to say."""
    own = {name.lower(): (name, text) for name, text in request.headers}
    for name, text in request.headers:
        known = _NAME.fullmatch(name) and _TEXT.fullmatch(text)
        if not known or name.lower() in _OURS:
            message = "a request has a header that it may not have"
            raise LocalError(message, do="report this defect")
    if request.body is not None and "content-type" not in own:
        if isinstance(request.body, str):
            message = "a request does not say what its text is"
            raise LocalError(message, do="report this defect")
        own["content-type"] = ("Content-Type", "application/json")
    common = [pair for pair in COMMON if pair[0].decode().lower() not in own]
    return [*common, *((name.encode(), text.encode()) for name, text in own.values())]
