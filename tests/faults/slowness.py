"""A sandbox that takes its time over changes, before their effect and after it.

Reading stays quick, so that a process that is killed at random is most often in the
midst of sending, with effects that have an answer, that have none, that are yet to
come, and that never will: a gateway may drop what a client that is gone has asked for.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from sync.sandbox.app import SandboxApp
from sync.sandbox.exchange import Reply


def seeded(seed: str) -> random.Random:
    """Chance that comes the same way each time."""
    return random.Random(seed)  # noqa: S311 - repeatable, and no secret


DROPPED = Reply(503)
SHARE = 0.7
"""Of what a client that is gone has in flight before its effect, that has none."""


@dataclass(slots=True)
class Slowness:
    """Seconds around an effect, and which requests have lost their client."""

    before: float
    after: float
    chance: random.Random
    clients: int = 0
    dropped: int = 0
    """Requests of a client that was gone which had no effect."""

    def gone(self) -> None:
        """The client is gone; much of what it has in flight has no effect."""
        self.clients += 1

    def drops(self, client: int) -> bool:
        """Whether a request of that client is dropped."""
        drop = client != self.clients and self.chance.random() < SHARE
        self.dropped += drop
        return drop


@contextmanager
def slow_changes(
    before: float, after: float, chance: random.Random
) -> Iterator[Slowness]:
    """Within it every change waits so many seconds around its effect."""
    quick: Any = SandboxApp._handled
    slowness = Slowness(before, after, chance)

    async def slow(self: SandboxApp, service: Any, match: Any, call: Any) -> Any:
        if call.method == "GET" or service.token:
            return await quick(self, service, match, call)
        client = slowness.clients
        await asyncio.sleep(slowness.before)
        if slowness.drops(client):
            return DROPPED
        reply = await quick(self, service, match, call)
        await asyncio.sleep(slowness.after)
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SandboxApp, "_handled", slow)
        yield slowness
