"""A proxy that knows to the microsecond when each request came.

The instants are the kernel's: when the first bytes of a request reached the socket of
the server, whoever was scheduled then and held the interpreter's lock. On the loopback
that is the moment at which they were sent, so that no allowance is needed for a busy
machine.
"""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from tests.support.meddler import Heard, Meddler, Rule, Trouble

STAMPS = 35
"""SO_TIMESTAMPNS, which the module ``socket`` does not name."""
_PAIR = struct.Struct("qq")


@dataclass(frozen=True, slots=True)
class Came:
    """One request as it reached the server."""

    heard: Heard
    at: float
    """Seconds since 1970."""
    told: float
    """When it had been read, and its answer was still to be sent."""
    pause: float | None
    """Until when its answer asked to wait."""


class _Stamped(io.RawIOBase):
    """A socket to read from that remembers when what it gave first had come."""

    def __init__(self, connection: socket.socket, first: threading.local) -> None:
        self._connection = connection
        self._first = first

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size, extra, _, _ = self._connection.recvmsg_into([buffer], 64)
        stamps = [_PAIR.unpack(data) for _, kind, data in extra if kind == STAMPS]
        seconds = [whole + nano / 1e9 for whole, nano in stamps] or [time.time()]
        if getattr(self._first, "at", None) is None:
            self._first.at = seconds[0]
        return size


class Watch(Meddler):
    """A meddler that keeps what came, and when."""

    def __init__(self, upstream: str, rule: Rule = lambda _: None) -> None:
        """Forward to ``upstream`` whatever the rule does not name."""
        super().__init__(upstream, rule)
        self.came: list[Came] = []
        self._first = threading.local()
        self._server.socket.setsockopt(socket.SOL_SOCKET, STAMPS, 1)
        plain: Any = self._server.RequestHandlerClass
        first = self._first

        def setup(handler: Any) -> None:
            plain.setup(handler)
            first.at = None
            handler.rfile = io.BufferedReader(_Stamped(handler.connection, first))

        stamping = type("Stamping", (plain,), {"setup": setup})
        self._server.RequestHandlerClass = stamping

    def judged(self, heard: Heard) -> Trouble | None:
        """What the rule says, put down with the time."""
        trouble = super().judged(heard)
        told = time.time()
        at, self._first.at = self._first.at, None
        self.came.append(Came(heard, at, told, _pause(trouble, told)))
        return trouble

    def most_in_a_second(self) -> int:
        """The most requests that came within any one second."""
        return most_within(1.0, (one.at for one in self.came))

    @property
    def writes(self) -> int:
        """How many came to change something."""
        return sum(one.heard.writes for one in self.came)


def most_within(seconds: float, times: Iterable[float]) -> int:
    """The most of these instants in any closed span of so many seconds."""
    ordered = sorted(times)
    return max(
        (
            bisect_right(ordered, start + seconds) - place
            for place, start in enumerate(ordered)
        ),
        default=0,
    )


def _pause(trouble: Trouble | None, told: float) -> float | None:
    hints = [] if trouble is None else trouble.headers
    for name, text in hints:
        if name.lower() == "retry-after":
            if text.isdecimal():
                return told + int(text)
            return parsedate_to_datetime(text).timestamp()
    return None
