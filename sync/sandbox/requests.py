"""The log of requests: what came in, in order, and how it was answered.

Nothing of an Authorization header and nothing that was sent to a token endpoint
ever gets in. Bodies are kept as bytes and parsed only when somebody reads the log.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

KEPT = 500_000
"""The newest entries that are kept."""


@dataclass(slots=True)
class Entry:
    """One request; ``status`` stays None where no answer left."""

    n: int
    time: float
    service: str
    method: str
    path: str
    body: bytes
    status: int | None = None
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the entry as the log shows it; ``time`` in seconds since 1970."""
        return {
            "n": self.n,
            "time": self.time,
            "service": self.service,
            "method": self.method,
            "path": self.path,
            "body": _parsed(self.body),
            "status": self.status,
            "fault": self.fault,
        }


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


class RequestLog:
    """All requests since the start or the last clearing."""

    def __init__(self) -> None:
        """Start empty, counting from 1."""
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0

    def open(self, service: str, method: str, path: str, body: bytes) -> Entry:
        """Note a request before anything is done with it."""
        self._count += 1
        entry = Entry(self._count, time.time(), service, method, path, body)
        self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, Any]]:
        """Return all entries, oldest first."""
        return [entry.as_json() for entry in self._entries]

    def clear(self, *, restart: bool = False) -> None:
        """Forget all entries; ``restart`` also counts from 1 again."""
        self._entries.clear()
        if restart:
            self._count = 0
