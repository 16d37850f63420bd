"""What the commands share: the options of all of them, configuration, signals."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from sync.cli.console import Console
from sync.errors import ExitCode, InterruptedRunError, UsageError

if TYPE_CHECKING:
    from sync.config import Config
    from sync.wire import Deadline, Wire

T = TypeVar("T")

GO_ON = "everything sent is in the journal: roster-sync resume goes on from there"
FLAGS = ("--json", "--quiet", "-q", "--verbose", "-v", "--no-color", "--yes")
VALUES = ("--config",)


def hoisted(arguments: list[str]) -> list[str]:
    """The arguments with the options of every command in front of the command."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for one in waiting:
        if one == "--":
            rest += [one, *waiting]
        elif one in FLAGS or one.startswith(tuple(f"{name}=" for name in VALUES)):
            front.append(one)
        elif one in VALUES:
            front += [one, *_next(waiting)]
        else:
            rest.append(one)
    return front + rest


def _next(waiting: Iterator[str]) -> list[str]:
    value = next(waiting, None)
    return [] if value is None else [value]


@dataclass(slots=True)
class Session:
    """One call of the program."""

    console: Console = field(default_factory=Console)
    config_path: Path | None = None
    yes: bool = False
    reports: list[Path] = field(default_factory=list)
    """Of the runs that have ended in this call."""
    collector: tuple[int, int, int] | None = None
    """How often the collector works, where it was slowed for the start."""
    _wire: Wire | None = None
    _stopped: str | None = None

    def config(self) -> Config:
        """The configuration. Raises ``ConfigError``."""
        from sync.config import load
        from sync.targets.registry import SETTINGS

        return load(self.config_path, SETTINGS)

    def ended(self, folder: Path) -> None:
        """Say where the report of a run is that has ended."""
        html, document = folder / "report.html", folder / "report.json"
        self.reports.append(document if self.console.json else html)
        self.console.result(f"report: {html}")

    def instead(self) -> str:
        """What to do where results could not be printed."""
        if not self.reports:
            return "let a file with room take it, or a program that reads all of it"
        names = " and ".join(map(str, self.reports))
        return f"the report{'s are' if self.reports[1:] else ' is'} {names}"

    def on_wire(self, wire: Wire) -> None:
        """Remember what a signal must halt."""
        self._wire = wire
        if self._stopped is not None:
            wire.halt(self._stopped)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run to the end under the rule of two signals.

        The first SIGINT or SIGTERM lets nothing more be sent and drains what is in
        flight; the second ends the process at once. Raises ``InterruptedRunError``
        where nothing is being sent yet.
        """
        import asyncio

        self.settle_in()
        with self.signals():
            return asyncio.run(_awaited(work))

    def settle_in(self) -> None:
        """From here on it may take hours: let the collector work again. What is there
        by now stays; what comes later may go, so this is done once."""
        if self.collector is not None:
            gc.freeze()
            gc.set_threshold(*self.collector)
            self.collector = None

    @contextmanager
    def waiting(self, wake: Callable[[], None]) -> Iterator[None]:
        """Within the block, whenever no run is at work, a first SIGINT or SIGTERM calls
        ``wake``, and a run that begins after it sends nothing; a second one ends the
        process at once."""

        def handle(number: int, _frame: FrameType | None) -> None:
            if self._stopped is not None:
                os._exit(int(ExitCode.INTERRUPTED))
            self._stopped = f"signal {signal.Signals(number).name}"
            wake()

        with _handling(handle):
            yield

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Within the block, signals follow the rule of ``run``."""
        import asyncio

        self._wire = None

        def handle(number: int, _frame: FrameType | None) -> None:
            name = signal.Signals(number).name
            if self._stopped is not None:
                os.write(2, f"roster-sync: ended at once by {name}; {GO_ON}\n".encode())
                os._exit(int(ExitCode.INTERRUPTED))
            self._stopped = f"signal {name}"
            if self._wire is None:
                message = f"stopped by {name} before anything was sent"
                raise InterruptedRunError(message, do="run again")
            asyncio.get_running_loop().call_soon_threadsafe(
                self._wire.halt, self._stopped
            )

        with _handling(handle):
            yield

    @property
    def stopped(self) -> bool:
        """Whether a signal has come."""
        return self._stopped is not None


@contextmanager
def _handling(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def duration(text: str | None, option: str) -> timedelta | None:
    """The value of an option that takes a duration. Raises ``UsageError``."""
    from sync.config import parse_duration

    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        message = f"{option} {error}"
        raise UsageError(message) from None


def deadline(text: str | None, config: Config) -> Deadline | None:
    """A deadline from a duration, or from the next time the clock shows ``HH:MM``."""
    from sync.wire import Deadline

    if text is None:
        return None
    try:
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a clock face
    except ValueError:
        delay = _delay(text)
    else:
        delay = until(clock, datetime.now(config.timezone))
    return Deadline(time.monotonic() + delay.total_seconds())


def _delay(text: str) -> timedelta:
    from sync.config import parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        message = "--deadline takes how long from now, such as 2h, or a time of day"
        raise UsageError(message, do="such as 04:30") from None


def until(clock: clock_time, here: datetime) -> timedelta:
    """How long it is from ``here`` to the next time that its clock shows ``clock``.

    In hours that pass: a night in which the clocks change is longer or shorter.
    """
    then = here.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    if then <= here:
        then += timedelta(days=1)
    return then.astimezone(UTC) - here.astimezone(UTC)
