"""What a watcher is given: the folder, and hands that run drops and tell people.

The command line has the hands, so that a watched drop is run just as ``run`` runs one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sync.errors import ExitCode
from sync.watch.claims import Ran


@dataclass(frozen=True, slots=True)
class End:
    """How one run of a drop ended."""

    target: str
    code: ExitCode


class Hands(Protocol):
    """Whoever runs drops, knows of runs, and tells people."""

    def run(
        self, drop: Path, targets: Sequence[str], on_run: Callable[[str, str], None]
    ) -> Sequence[End]:
        """Run a drop for these targets; ``on_run`` hears of each run before it begins.
        Fewer ends than targets where a signal came."""

    def ended(self, target: str, run: str) -> ExitCode | None:
        """How a run ended, as the state knows it; none where it has not."""

    def report(self, run: str) -> bytes | None:
        """The report of a run for people; none where there is none."""

    def tell(self, name: str, text: str) -> None:
        """Tell people of an event."""

    def warn(self, name: str, text: str) -> None:
        """Tell people what went wrong and what to do."""

    def clock(self) -> float:
        """Seconds; never set."""

    def stopped(self) -> bool:
        """Whether a signal has come."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched, and for whom."""

    folder: Path
    targets: tuple[str, ...]
    sentinels: tuple[str, ...]
    settle: float
    """Seconds for which a drop must not change."""
    retry: float
    """Seconds after which a target that failed is tried again; then twice as many."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A drop that has come to its end."""

    name: str
    place: str | None
    """Where it is, below the watched folder; none where it was taken away."""
    runs: Mapping[str, Ran] = field(default_factory=dict)
