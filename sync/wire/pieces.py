"""What is read from a socket at once.

Comes in: the connections of httpcore, which ask for 64 KiB at a time. Goes out: as much
as asyncio has received already. Every read costs a time-out, a turn of the event loop
and a look of the parser, whatever its size: of a page of 1.4 MB they are a quarter of
what this side spends on it.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

PIECE = 256 * 1024
"""Bytes; asyncio receives no more at once (CPython 3.11, selector_events, max_size)."""


class InPieces(httpcore.AnyIOBackend):
    """The network, with larger reads, and with an end: whoever has let go of a
    connection without closing it, ``close`` does."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        super().__init__()
        self._open: set[_Stream] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection, open."""
        inner = await super().connect_tcp(
            host, port, timeout, local_address, socket_options
        )
        return _Stream(inner, self._open)

    async def close(self) -> None:
        """Close what is open still."""
        while self._open:
            await self._open.pop().aclose()


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, among: set[_Stream]) -> None:
        self._inner = inner
        self._among = among
        among.add(self)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
    ) -> bytes:
        return await self._inner.read(max(max_bytes, PIECE), timeout)

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
    ) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        self._among.discard(self)
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
    ) -> httpcore.AsyncNetworkStream:
        tls = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        self._among.discard(self)  # it closes with the other
        return _Stream(tls, self._among)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
