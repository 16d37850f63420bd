"""One HTTP exchange, and the connections it runs over.

Comes in: method, URL, headers, body. Goes out: an ``Answer``, or ``NoAnswerError``
saying whether the request can have had an effect. Every connection has a transport
of its own, kept in a free list per origin, last in first out: one shared pool of
httpx looks at all of its connections for each request and collapses at 64 of them, and
even a pool of one costs (see ``sync.wire.single``). Transports are used without
``httpx.Client``: no redirects, no cookies, no proxies, no variables of the environment,
and none of its log lines, which show whole URLs.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import re
import ssl
import sys
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

import anyio
import httpx

from sync.model.request import Answer
from sync.wire.failures import MAX_BODY, bloated
from sync.wire.pieces import InPieces
from sync.wire.single import SingleConnection

# httpcore imports sniffio several times for each request. Where that is not installed,
# every attempt searches the whole path: a quarter of a request's time, measured with
# httpcore 1.0.9. None makes it fail at once, with the same result.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment] # documented, not typed

KEEP_ALIVE_SECONDS = 5.0
"""An idle connection older than this is not used again: servers close them too."""
_ABOUT_TO_SEND = "http11.send_request_headers.started"
"""httpcore's word for the moment before the first bytes."""
FORESEEN = 4 * 1024 * 1024
"""Bytes of memory that are taken because a server says that so many will come."""
_LONG = 9
"""Digits of a length that are looked at."""
_GZIP = zlib.MAX_WBITS | 16

Headers = Sequence[tuple[bytes, bytes]]


class Lost(StrEnum):
    """Why there is no answer; the value is the failure's code."""

    NO_CONNECTION = "no_connection"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    TLS_VERSION = "tls_version"
    HELD = "held"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    DAMAGED = "damaged"
    ENCODING = "encoding"
    TOO_LARGE = "too_large"
    BLOATED = "bloated"


_TEXTS = {
    Lost.NO_CONNECTION: "no connection",
    Lost.CONNECT_TIMEOUT: "connecting took too long",
    Lost.TLS: "the server's TLS certificate is not valid for this address",
    Lost.TLS_VERSION: "the server does not speak TLS 1.2 or newer",
    Lost.HELD: "it may not leave any more",
    Lost.TIMEOUT: "no whole answer in time",
    Lost.DISCONNECTED: "the connection broke before the whole answer was there",
    Lost.DAMAGED: "the compressed answer is damaged or cut off",
    Lost.ENCODING: "the answer is compressed in a way that was not asked for",
    Lost.TOO_LARGE: f"the answer is larger than {MAX_BODY >> 20} MiB",
    Lost.BLOATED: "the answer has too many values, or too long a text",
}
_UNSENT = frozenset(
    {
        Lost.NO_CONNECTION,
        Lost.CONNECT_TIMEOUT,
        Lost.TLS,
        Lost.TLS_VERSION,
        Lost.HELD,
    }
)
_SLOW = frozenset({Lost.CONNECT_TIMEOUT, Lost.TIMEOUT})
_OLD_TLS = re.compile(
    "unsupported.protocol|protocol.version|wrong.version|handshake.failure"
)
"""In OpenSSL's words: another version of TLS, its ciphers of another age, or none."""


class NoAnswerError(Exception):
    """No usable answer; without data of request or answer."""

    def __init__(self, lost: Lost) -> None:
        """Say why."""
        super().__init__(_TEXTS[lost])
        self.lost = lost

    @property
    def unsent(self) -> bool:
        """Certainly without effect."""
        return self.lost in _UNSENT

    @property
    def slow(self) -> bool:
        """The time ran out: the server may be overloaded."""
        return self.lost in _SLOW


async def _at_once() -> bool:
    return True


class Connections:
    """Transports with one connection each, as many as are needed at once."""

    def __init__(
        self, timeout: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """``transport`` takes the place of the network in tests."""
        self._extensions = {"timeout": httpx.Timeout(timeout).as_dict()}
        self._shared = transport
        self._free: dict[str, list[httpx.AsyncBaseTransport]] = {}
        self._tls: ssl.SSLContext | None = None
        self._network = InPieces()
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        leave: Callable[[], Awaitable[bool]] = _at_once,
    ) -> Answer:
        """Send once and read the whole answer. Raises ``NoAnswerError``.

        ``leave`` is waited for once there is a connection, which may take a while to
        be made: False keeps the request from leaving after all.
        """

        async def leaving(event: str, _: object) -> None:
            if event == _ABOUT_TO_SEND and not await leave():
                raise NoAnswerError(Lost.HELD)

        if self._shared is not None:
            await leaving(_ABOUT_TO_SEND, None)
        request = httpx.Request(
            method,
            url,
            headers=headers,
            content=body,
            extensions={**self._extensions, "trace": leaving},
        )
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        free = self._free.setdefault(origin, [])
        transport = free.pop() if free else self._new(request.url.scheme)
        try:
            return await self._through(transport, request)
        finally:
            free.append(transport)

    async def _through(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request
    ) -> Answer:
        try:
            response = await transport.handle_async_request(request)
            try:
                return await _read(response)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
        except (httpx.TransportError, httpx.StreamError) as error:
            raise NoAnswerError(_why(error)) from None

    def _new(self, scheme: str) -> httpx.AsyncBaseTransport:
        if self._shared is not None:
            return self._shared
        # Reading the certificates of all authorities takes as long as some requests.
        if self._tls is None and scheme != "http":
            self._tls = httpx.create_ssl_context(verify=True, trust_env=False)
            # Not even SSLKEYLOGFILE, which would write the keys of our sessions.
            self._tls.keylog_filename = None  # type: ignore[assignment] # documented
        return SingleConnection(self._tls, KEEP_ALIVE_SECONDS, self._network)

    async def close(self) -> None:
        """Close every connection."""
        for free in self._free.values():
            while free:
                await free.pop().aclose()
        await self._network.close()


def _why(error: Exception) -> Lost:
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Lost.CONNECT_TIMEOUT
    if isinstance(error, httpx.ConnectError):
        text = str(error).lower()
        if "certificate" in text:
            return Lost.TLS
        return Lost.TLS_VERSION if _OLD_TLS.search(text) else Lost.NO_CONNECTION
    if isinstance(error, httpx.TimeoutException):
        return Lost.TIMEOUT
    return Lost.DISCONNECTED


async def _read(response: httpx.Response) -> Answer:
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, text = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    body = await _body(response, headers)
    return Answer(response.status_code, headers, body)


async def _body(response: httpx.Response, headers: Mapping[str, str]) -> bytes:
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise NoAnswerError(Lost.ENCODING)
    unzip = zlib.decompressobj(_GZIP) if encoding in {"gzip", "x-gzip"} else None
    # One buffer that is handed over: parts to be joined would need the memory twice.
    whole = _buffer(headers.get("content-length", "") if unzip is None else "")
    size = 0
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise NoAnswerError(Lost.DISCONNECTED)
    async for piece in stream:
        part = piece if unzip is None else _unzipped(unzip, piece, MAX_BODY - size)
        size += len(part)
        if size > MAX_BODY:
            raise NoAnswerError(Lost.TOO_LARGE)
        whole.write(part)
    if unzip is not None and size and not unzip.eof:
        raise NoAnswerError(Lost.DAMAGED)
    whole.truncate()
    body = whole.getvalue()
    if bloated(body):
        raise NoAnswerError(Lost.BLOATED)
    return body


def _buffer(length: str) -> io.BytesIO:
    """One that need not be moved while it fills, so far as a server's word for its size
    is taken: of eight that grow in turn none can grow where it is."""
    buffer = io.BytesIO()
    if length.isdecimal() and int(length[:_LONG]):
        buffer.seek(min(int(length[:_LONG]), FORESEEN) - 1)
        buffer.write(b"\0")
        buffer.seek(0)
    return buffer


def _unzipped(unzip: zlib._Decompress, piece: bytes, room: int) -> bytes:
    # One byte above the room is enough to know, and all that is ever unpacked.
    try:
        return unzip.decompress(piece, room + 1)
    except zlib.error:
        raise NoAnswerError(Lost.DAMAGED) from None
