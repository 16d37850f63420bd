"""One request and one answer as plain data, and how a handler says no.

In: what the ASGI server read. Out: :class:`Reply`. Handlers know neither sockets
nor ASGI; a path keeps its percent-encoding until it has been split at its slashes,
because identifiers may hold ``/`` and ``@``.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from sync.sandbox.world import World

JSON_TYPE = b"application/json; charset=utf-8"


@dataclass(slots=True)
class Call:
    """A request as it arrived; ``values`` are the decoded parts of its path."""

    method: str
    path: str
    query: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    values: tuple[str, ...] = ()

    def header(self, name: bytes) -> str:
        """Return the header ``name`` (lower case), or an empty string."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    def parameters(self) -> dict[str, list[str]]:
        """Return the query's parameters, each with all of its values."""
        found: dict[str, list[str]] = {}
        for key, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(key, []).append(value)
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, body and the headers beside type and length."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = JSON_TYPE


class Refusal(Exception):  # noqa: N818 - an answer, not a defect
    """Ends a handler with an error answer in the words of its service."""

    def __init__(
        self,
        status: int,
        text: str,
        *,
        minor: str | None = None,
        details: tuple[dict[str, str], ...] = (),
    ) -> None:
        """Keep what the service's error body is made of."""
        super().__init__(status, text)
        self.status = status
        self.text = text
        self.minor = minor
        self.details = details


Handler = Callable[["World", Call], Reply | Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path (``{}`` stands for an id) and who answers it.

    ``scopes``: a token needs one of them; None means that no token is needed.
    """

    method: str
    pattern: str
    handler: Handler
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Service:
    """One of the imitated systems: its routes, its tokens and its error bodies."""

    name: str
    host: str
    """Whose rate limit it shares."""
    realm: str
    """Whose tokens it accepts."""
    prefixes: tuple[str, ...]
    routes: tuple[Route, ...]
    error: Callable[[Refusal], Any]
    slash: bool = False
    """Whether a path may also end in a slash."""
    token: bool = False
    """Whether it gives out tokens: then its bodies are never logged."""
    trouble: frozenset[str] | None = None
    """The faults that it may have; None: all."""
    admit: Callable[[World, Call], None] | None = None
    """Checks who calls where it is no bearer token of ``realm``; raises Refusal."""
    render: Callable[[World, Call, Refusal], Reply] | None = None
    """Answers a refusal where that is not ``error`` as JSON."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(value: Any) -> str:
    """Return ``value`` as compact JSON text."""
    return _ENCODER.encode(value)


def json_reply(
    status: int, value: Any, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Reply:
    """Answer with ``value`` as JSON."""
    return Reply(status, encode(value).encode(), headers)


NO_CONTENT = Reply(204)
