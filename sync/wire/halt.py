"""How a run is stopped: no new request leaves, those in flight get ten seconds.

Comes in: a signal's word or the deadline. Goes out: waits that end at once, and
exchanges that end in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio

from sync.wire.limits import Clock, Deadline

DRAIN_SECONDS = 10.0
"""What requests in flight get when the run is stopped."""


@dataclass(slots=True)
class Halt:
    """Whether requests may leave, and everybody who must hear that they may not."""

    clock: Clock
    deadline: Deadline | None = None
    reason: str | None = None
    _waiting: set[anyio.CancelScope] = field(default_factory=set)
    _flying: set[anyio.CancelScope] = field(default_factory=set)

    def now(self, reason: str) -> None:
        """Stop; only the first reason is kept."""
        if self.reason is not None:
            return
        self.reason = reason
        for scope in self._waiting:
            scope.cancel()
        end = anyio.current_time() + DRAIN_SECONDS
        for scope in self._flying:
            scope.deadline = min(scope.deadline, end)

    def check(self) -> bool:
        """Whether it is over; looks at the deadline."""
        if self.deadline is not None and self.clock.now() >= self.deadline.at:
            self.now("the deadline has come")
        return self.reason is not None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """What waits in here ends quietly when the run is stopped: ``check`` after."""
        with anyio.move_on_after(self._left()) as scope:
            if self.check():
                scope.cancel()
            self._waiting.add(scope)
            try:
                yield
            finally:
                self._waiting.discard(scope)

    @contextmanager
    def flying(self, longest: float) -> Iterator[None]:
        """What is under way in here is cut off quietly after ``longest`` seconds, or
        ten seconds after the stop."""
        with anyio.move_on_after(self._at_most(longest)) as scope:
            self._flying.add(scope)
            try:
                yield
            finally:
                self._flying.discard(scope)

    def _at_most(self, longest: float) -> float:
        if self.reason is not None:
            return min(longest, DRAIN_SECONDS)
        return min(longest, self._left() + DRAIN_SECONDS)

    def _left(self) -> float:
        """Seconds until the deadline."""
        if self.deadline is None:
            return float("inf")
        return max(0.0, self.deadline.at - self.clock.now())

    async def sleep(self, seconds: float) -> None:
        """Sleep, but not on when the run is stopped or beyond its deadline."""
        seconds = min(seconds, self._left())
        with self.waiting():
            await self.clock.sleep(seconds)
        self.check()
