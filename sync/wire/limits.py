"""How fast and how much at once: pace, requests in flight, pauses, deadline.

Comes in: the configured ceilings and what answers say. Goes out: waiting, never for
longer than needed and never while holding a lock. ``Pace`` is shared by the services
of one origin; ``InFlight`` by everything that one wire sends.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from sync.errors import UsageError

WINDOW = 1.0
"""Seconds over which the rate is promised."""
LONGEST_MARGIN = 0.1
"""Seconds by which requests may draw together on their way to the server without
breaking the promise there."""
LEAST_MARGIN = 0.005
"""Seconds of it that are kept in any case. Where the burst does not pay for them, the
rate is undercut by what is missing: by 0.3 % at 500 a second with a burst of one."""
FIRST_IN_FLIGHT = 16
"""Requests in flight at the start; doubled per round of good answers. The pace keeps
them apart, and it never makes good what a slower beginning would leave unused."""
SLOWEST = 0.2
"""Requests per second below which the pace does not fall by itself."""
SLOW_SHARE = 0.1
"""Share of throttled answers in a second that lowers the rate."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The ceilings of one target; the program stays below them by itself.

    In any second at most ``requests_per_second + burst`` requests leave for one host.
    ``timeout`` is in seconds, for connecting and for each silence of the server.
    """

    requests_per_second: float = 20.0
    burst: int = 1
    concurrency: int = 16
    timeout: float = 30.0
    retries: int = 5

    def __post_init__(self) -> None:
        """Refuse ceilings under which nothing could ever be sent."""
        positive = min(self.requests_per_second, self.timeout) > 0
        if not positive or min(self.burst, self.concurrency) < 1 or self.retries < 0:
            message = "limits must be positive"
            raise UsageError(message, do="correct them in the configuration")


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, passed in so that tests need neither."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    wall: Callable[[], float] = time.time
    """Seconds since 1970, for the dates in answers."""
    chance: Callable[[], float] = random.random


SYSTEM_CLOCK = Clock()


@dataclass(frozen=True, slots=True)
class Deadline:
    """The instant, by ``Clock.now``, from which no new request leaves."""

    at: float


@dataclass(slots=True)
class Pace:
    """Slots in time for one host: each is ``1 / rate`` after the one before.

    The rate starts at its ceiling. A second in which a tenth of the answers were
    throttled lowers it to what the server let through; good seconds raise it again.
    """

    limits: Limits
    clock: Clock = SYSTEM_CLOCK
    resume_at: float = float("-inf")
    """Until then the server wants nothing from us."""
    _next: float = float("-inf")
    _rate: float = 0.0
    _left: deque[float] = field(default_factory=deque)
    _second: float = float("-inf")
    _good: int = 0
    _bad: int = 0

    def __post_init__(self) -> None:
        """Begin at the ceiling."""
        self._rate = self.limits.requests_per_second

    @property
    def rate(self) -> float:
        """Requests per second at present."""
        return self._rate

    @property
    def paused(self) -> bool:
        """Whether the server wants nothing from us just now."""
        return self.clock.now() < self.resume_at

    async def slot(self, longest: float = float("inf")) -> bool:
        """Wait for a slot; one that a pause has overtaken is exchanged for a new one.

        False, at once, where the server asked for a pause of more than ``longest``.
        """
        while self.resume_at - self.clock.now() <= longest:
            at = self._reserve()
            await self._sleep_until(at)
            if at >= self.resume_at:
                return True
        return False

    def _reserve(self) -> float:
        credit = (self.limits.burst - 1) / self._rate
        at = max(self._next, self.clock.now() - credit, self.resume_at)
        self._next = at + self._stretch / self._rate
        return at

    async def leave(self) -> bool:
        """Wait until there is room, and count one more that leaves at this instant.

        Slots alone would do, if everybody woke on time: what happens between slot and
        departure (a token, a commit, a connection) may bunch requests together, and the
        network may do so after it. False, at once, where a pause has begun since the
        slot was had: then another one is needed.
        """
        await self.room()
        if self.paused:
            return False
        self._left.append(self.clock.now())
        while len(self._left) > self._most:
            self._left.popleft()
        return True

    async def room(self) -> None:
        """Wait until the promise of the last second allows one more."""
        window = WINDOW + self._margin
        left, most = self._left, self._most
        while len(left) >= most and left[-most] + window >= self.clock.now():
            await self._sleep_until(left[-most] + window * 1.0001)

    @property
    def _free(self) -> float:
        """The margin that costs nothing: so many in so much more are still the rate."""
        return self.limits.burst / self.limits.requests_per_second

    @property
    def _margin(self) -> float:
        return min(LONGEST_MARGIN, max(LEAST_MARGIN, self._free))

    @property
    def _stretch(self) -> float:
        """How much longer a slot is than the rate says, for a margin that costs."""
        return WINDOW + max(0.0, LEAST_MARGIN - self._free)

    @property
    def _most(self) -> int:
        """Requests in one second."""
        rate = int(self.limits.requests_per_second * WINDOW)
        return max(1, rate + self.limits.burst)

    def pause(self, seconds: float) -> None:
        """Nothing leaves for this long."""
        self.resume_at = max(self.resume_at, self.clock.now() + seconds)

    def answered(self, *, throttled: bool) -> None:
        """Learn from an answer whether the server keeps up."""
        now = self.clock.now()
        if now - self._second >= WINDOW:
            self._learn()
            self._second, self._good, self._bad = now, 0, 0
        self._good += not throttled
        self._bad += throttled

    def _learn(self) -> None:
        ceiling = self.limits.requests_per_second
        total = self._good + self._bad
        if self._bad > max(1, SLOW_SHARE * total):
            lowered = max(float(self._good), self._rate / 2, SLOWEST)
            self._rate = min(ceiling, self._rate, lowered)
        elif total and not self._bad:
            self._rate = min(ceiling, self._rate + max(0.1, ceiling / 20))

    async def _sleep_until(self, at: float) -> None:
        while (left := at - self.clock.now()) > 0:
            await self.clock.sleep(left)


@dataclass(slots=True)
class InFlight:
    """How many requests may be under way at once, between 1 and the ceiling.

    Rises with every good answer until the first trouble, then by one per round; is
    halved by trouble, once for all the requests that were under way together.
    """

    ceiling: int
    now: int = 0
    _limit: float = 0.0
    _era: int = 0
    _calm: bool = False
    _waiting: deque[anyio.Event] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """Begin low: the first answers come before the first doubling."""
        self._limit = float(min(self.ceiling, FIRST_IN_FLIGHT))

    @property
    def limit(self) -> int:
        """Requests that may be under way at present."""
        return int(self._limit)

    async def enter(self) -> int:
        """Wait for a place; gives the era to hand back to ``trouble``."""
        if self.now < self.limit and not self._waiting:
            self.now += 1
            return self._era
        turn = anyio.Event()
        self._waiting.append(turn)
        try:
            await turn.wait()
        except BaseException:
            self._give_up(turn)
            raise
        return self._era

    def _give_up(self, turn: anyio.Event) -> None:
        if turn.is_set():
            self.leave()
        else:
            self._waiting.remove(turn)

    def leave(self) -> None:
        """Give the place back."""
        self.now -= 1
        self._wake()

    def good(self) -> None:
        """A good answer: a little more may be under way."""
        step = 1 / self._limit if self._calm else 1.0
        self._limit = min(float(self.ceiling), self._limit + step)
        self._wake()

    def trouble(self, era: int) -> None:
        """A throttled or unanswered request, of the era in which it entered."""
        if era == self._era:
            self._era += 1
            self._calm = True
            self._limit = max(1.0, self._limit / 2)

    def _wake(self) -> None:
        while self._waiting and self.now < self.limit:
            self.now += 1
            self._waiting.popleft().set()
