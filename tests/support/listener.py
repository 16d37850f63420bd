"""A web server on this machine that takes what is posted to it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Listener:
    """Serves while it is entered; ``posted`` is what came.

    ``status`` is what it answers; none: it never answers.
    """

    tls: ssl.SSLContext | None = None
    status: int | None = 204
    posted: list[Posted] = field(default_factory=list)
    then: Callable[[], None] = lambda: None
    """Done when something came, before it is answered."""
    url: str = ""
    _server: ThreadingHTTPServer | None = None
    _gone: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Listen on a port of its own."""
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size)
                headers = dict(self.headers.items())
                listener.posted.append(Posted(self.path, headers, body))
                listener.then()
                if listener.status is None:
                    listener._gone.wait(30)
                    return
                self.send_response(listener.status)
                self.send_header("Location", "https://elsewhere.example/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer((HERE, 0), Handler)
        server.daemon_threads = True
        scheme = "http"
        if self.tls is not None:
            scheme = "https"
            server.socket = self.tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._server = server
        self.url = f"{scheme}://{HERE}:{server.server_port}/hooks/roster?key=k"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        assert self._server is not None
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()
