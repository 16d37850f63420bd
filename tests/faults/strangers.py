"""Who must never be asked: a listener of strangers, and every address that is sought.

``Stranger`` keeps what anybody sends to it. ``asked`` notes each name that this process
looks up and each address that it connects to, by an audit hook of the interpreter, so
that places on which nobody can listen here (a cloud's metadata, other hosts) count too.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self
from urllib.parse import urlsplit

from tests.support.closing import Closing

Address = tuple[str, int]

ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b'content-length: 41\r\n\r\n{"access_token": "stranger", "users": []}'
)
CREDENTIALS = (b"authorization:", b"client_secret", b"oauth_", b"bearer", b"basic ")
HEAD_END = b"\r\n\r\n"
PATIENCE = 2.0
"""Seconds for which it hears one out."""

_listeners: list[list[Address]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _listeners or event not in {"socket.connect", "socket.getaddrinfo"}:
        return
    if event == "socket.connect":
        address = arguments[1]
        found = address if isinstance(address, tuple) else (address, 0)
    else:
        found = arguments
    host, port = found[0], found[1]
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    number = int(port) if str(port).isdecimal() else 0
    for one in _listeners:
        one.append((name, number))


sys.addaudithook(_hook)


@contextmanager
def asked() -> Iterator[list[Address]]:
    """Every name and address that is sought within the block."""
    found: list[Address] = []
    _listeners.append(found)
    try:
        yield found
    finally:
        _listeners.remove(found)


def beyond(found: list[Address], *urls: str) -> list[Address]:
    """Those of them that are none of these servers, however their port is right."""
    known = {(urlsplit(url).hostname, urlsplit(url).port) for url in urls}
    return [one for one in found if one not in known]


class Stranger(Closing):
    """Listens on a port of its own and answers all: ``with Stranger() as evil``."""

    def __init__(self) -> None:
        """Take a port, on IPv6 as well where there is any."""
        first = socket.create_server(("127.0.0.1", 0))
        self.port: int = first.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.heard: list[bytes] = []
        """What each connection brought."""
        self._sockets = [first]
        with suppress(OSError):
            family = socket.AF_INET6
            self._sockets.append(
                socket.create_server(("::1", self.port), family=family)
            )

    def __enter__(self) -> Self:
        """Start to listen."""
        for one in self._sockets:
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()
        return self

    def close(self) -> None:
        """Stop to listen."""
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    @property
    def with_credentials(self) -> int:
        """Connections that brought anything like a credential."""
        lower = [one.lower() for one in self.heard]
        return sum(any(mark in one for mark in CREDENTIALS) for one in lower)

    @property
    def with_bodies(self) -> int:
        """Connections that brought more than a head."""
        return sum(bool(one.partition(HEAD_END)[2]) for one in self.heard)

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                place = len(self.heard)
                self.heard.append(b"")
                threading.Thread(
                    target=self._hear, args=(connection, place), daemon=True
                ).start()

    def _hear(self, connection: socket.socket, place: int) -> None:
        connection.settimeout(PATIENCE)
        with suppress(OSError), connection:
            while HEAD_END not in self.heard[place]:
                piece = connection.recv(65536)
                if not piece:
                    return
                self.heard[place] += piece
            with suppress(TimeoutError):
                connection.settimeout(0.1)
                self.heard[place] += connection.recv(65536)
            connection.sendall(ANSWER)
