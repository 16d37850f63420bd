"""A proxy between the program and the sandbox that makes trouble where it is told to.

The sandbox's own faults come by chance and strike reads and writes alike; this one
strikes the requests that a rule names.
"""

from __future__ import annotations

import http.client
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from tests.support.closing import Closing

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: ``n`` counts all, ``times`` those with this method and path."""

    n: int
    times: int
    method: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether it would change a record."""
        return self.method != "GET" and "token" not in self.path

    @property
    def reads(self) -> bool:
        """Whether it reads records."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens instead of an honest answer.

    ``forward``: the sandbox gets the request all the same. ``status`` null closes the
    connection, or resets it. ``honest``: what comes is the sandbox's own answer, which
    may be ``late`` by so many seconds, or of which there may come but a ``half``.
    """

    status: int | None = None
    body: bytes = b'{"imsx_description": "trouble"}'
    headers: tuple[tuple[str, str], ...] = ()
    forward: bool = False
    honest: bool = False
    late: float = 0.0
    half: bool = False
    reset: bool = False


HONEST = Trouble(honest=True)
Rule = Callable[[Heard], Trouble | None]
Told = tuple[int | None, list[tuple[str, str]], bytes]
"""Status, headers and body of an answer; none where there is no status."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients may hang up in the midst of anything."""


class Meddler(Closing):
    """The proxy, in threads of its own: ``with Meddler(url) as proxy: proxy.url``."""

    def __init__(self, upstream: str, rule: Rule = lambda _: None) -> None:
        """Forward to ``upstream`` whatever the rule does not name."""
        self.rule = rule
        self.host = urlsplit(upstream).netloc
        self._count = 0
        self._times: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start to serve."""
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return self

    def close(self) -> None:
        """Stop to serve."""
        self._server.shutdown()
        self._server.server_close()

    def verdict(self, method: str, path: str) -> Trouble | None:
        """What the rule says of one request."""
        with self._lock:
            self._count += 1
            times = self._times.get((method, path), 0) + 1
            self._times[method, path] = times
            return self.judged(Heard(self._count, times, method, path))

    def judged(self, heard: Heard) -> Trouble | None:
        """What happens to one request; called one after the other."""
        return self.rule(heard)


def _reset(connection: socket.socket) -> None:
    """Close a connection so that the other end hears of an error."""
    at_once = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    os.close(connection.detach())


def _handler(meddler: Meddler) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = 20

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - theirs
            """Say nothing."""

        def answer(self) -> None:
            """Forward one request, or make trouble."""
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            trouble = meddler.verdict(self.command, self.path) or HONEST
            told: Told = trouble.status, list(trouble.headers), trouble.body
            if trouble.forward or trouble.honest:
                known = self.forwarded(body)
                told = known if trouble.honest else told
            time.sleep(trouble.late)
            status, headers, content = told
            if status is None:
                self.close_connection = True
                if trouble.reset:
                    _reset(self.connection)
            else:
                self.reply(status, headers, content, half=trouble.half)

        do_GET = do_PUT = do_POST = do_DELETE = answer

        def forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            upstream = http.client.HTTPConnection(meddler.host, timeout=20)
            headers = dict(self.headers.items())
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            return answer.status, answer.getheaders(), content

        def reply(
            self,
            status: int,
            headers: list[tuple[str, str]],
            content: bytes,
            *,
            half: bool = False,
        ) -> None:
            self.send_response_only(status, HTTPStatus(status).phrase)
            for name, value in headers:
                if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            shown = len(content) // (1 + half)
            self.wfile.write(content[:shown])
            self.wfile.flush()
            self.close_connection |= half

    return Handler
