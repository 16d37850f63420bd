"""What ends a run: one exception for each exit code, printed once as one line.

    RosterSyncError
    ├── UsageError            2  wrong usage or configuration
    │   └── ConfigError          with the file and the key
    ├── RefusedError          3  the drop is refused
    ├── HeldError             4  a guard holds the plan
    ├── TargetError           5  the target failed
    ├── LockedError           6  another run holds the target's lock
    ├── InterruptedRunError   7  stopped by a signal or by the deadline
    └── LocalError            8  this machine or this program failed

Findings about the data are never raised (see ``model.finding``).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What the process ends with."""

    DONE = 0
    PARTIAL = 1
    USAGE = 2
    REFUSED = 3
    HELD = 4
    TARGET_FAILED = 5
    LOCKED = 6
    INTERRUPTED = 7
    LOCAL_FAILED = 8
    CHANGES = 10
    """Only ``plan --exit-code``: there are changes."""


SEVERITY_ORDER = (
    ExitCode.USAGE,
    ExitCode.LOCAL_FAILED,
    ExitCode.TARGET_FAILED,
    ExitCode.INTERRUPTED,
    ExitCode.LOCKED,
    ExitCode.HELD,
    ExitCode.REFUSED,
    ExitCode.PARTIAL,
    ExitCode.CHANGES,
    ExitCode.DONE,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The worst of several, over several targets too; DONE for none."""
    return min(codes, key=SEVERITY_ORDER.index, default=ExitCode.DONE)


class RosterSyncError(Exception):
    """A run ends: what happened, and what to do next. Without personal data."""

    exit_code = ExitCode.LOCAL_FAILED
    target: str | None = None
    """Whose run it ended, where that is known."""

    def __init__(self, message: str, *, do: str | None = None) -> None:
        """Keep the sentence and the advice apart: the report shows both."""
        super().__init__(message)
        self.message = message
        self.do = do

    def line(self) -> str:
        """The text behind ``roster-sync:``, on one line."""
        whole = self.message if self.do is None else f"{self.message}; {self.do}"
        return " ".join(whole.split())


class UsageError(RosterSyncError):
    """Wrong usage; nothing read or written."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A mistake in ``roster-sync.toml`` or a mapping, at a key of that file."""

    def __init__(
        self, path: Path | None, key: str | None, problem: str, do: str | None = None
    ) -> None:
        """Place, key and problem in one sentence."""
        place = " ".join(
            part for part in (str(path) if path else "", key or "") if part
        )
        super().__init__(f"{place}: {problem}" if place else problem, do=do)


class RefusedError(RosterSyncError):
    """The drop is refused; nothing written."""

    exit_code = ExitCode.REFUSED


class HeldError(RosterSyncError):
    """A guard holds the plan; nothing written."""

    exit_code = ExitCode.HELD


class TargetError(RosterSyncError):
    """No connection, no authorisation, or a roster that could not be read."""

    exit_code = ExitCode.TARGET_FAILED


class LockedError(RosterSyncError):
    """Another run holds this target's lock; nothing written."""

    exit_code = ExitCode.LOCKED


class InterruptedRunError(RosterSyncError):
    """A signal or the deadline; everything sent is in the journal."""

    exit_code = ExitCode.INTERRUPTED


class LocalError(RosterSyncError):
    """Disk full, folder not writable, journal damaged, or a defect of ours."""

    exit_code = ExitCode.LOCAL_FAILED
