"""``watch``: a folder into which drops arrive, each of them run as ``run`` would."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.cli.heap import hand_back_large_blocks
from sync.cli.night import Night, night_results
from sync.cli.session import Session, duration
from sync.config import Config
from sync.errors import ExitCode, UsageError
from sync.state import StateFolder, TargetState, watch_alone
from sync.targets.registry import make_target
from sync.watch import Claims, End, Filed, Watched, Watcher

LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``watch`` was asked for."""

    folder: Path
    targets: Sequence[str]
    settle: str
    retry: str
    mapping: str | None
    source: str | None
    delta: bool
    once: bool


def watch(session: Session, asked: Asked) -> ExitCode:
    """Watch until a signal comes; with ``once``, handle what is there and end."""
    hand_back_large_blocks()
    session.settle_in()
    config = session.config()
    watched = _watched(config, asked)
    state = StateFolder(config.state_dir)
    place = state.watch_folder(watched.folder)
    with watch_alone(place / LOCK, watched.folder, datetime.now(UTC)):
        woken = threading.Event()
        hands = _Hands(session, config, state, asked)
        watcher = Watcher(watched, Claims(place), hands)
        hands.begin(watched)
        watcher.name_strangers()
        with session.waiting(woken.set):
            work = watcher.once if asked.once else watcher.watch
            code = work(woken.wait)
    session.console.document(_document(code, watcher.carrier.filed))
    return code


def _watched(config: Config, asked: Asked) -> Watched:
    tables = [config.target(name) for name in dict.fromkeys(asked.targets)]
    for table in tables:  # a secret that is missing is told now, not at night
        dict(make_target(table).services)
    folder = asked.folder
    if not folder.is_dir():
        message = f"there is no folder {folder}"
        raise UsageError(message, do="name the folder into which drops arrive")
    settle, retry = duration(asked.settle, "--settle"), duration(asked.retry, "--retry")
    return Watched(
        folder.resolve(),
        tuple(table.name for table in tables),
        tuple(dict.fromkeys(one.complete for one in tables if one.complete)),
        settle.total_seconds() if settle is not None else 0.0,
        retry.total_seconds() if retry is not None else 0.0,
    )


@dataclass(slots=True)
class _Hands:
    """Runs drops as ``run`` does, and tells people."""

    session: Session
    config: Config
    state: StateFolder
    asked: Asked
    told: dict[str, str] = field(default_factory=dict)
    """What was told last, by name."""

    def begin(self, watched: Watched) -> None:
        """Say what is watched."""
        how = f"nothing in it changes for {self.asked.settle}"
        if watched.sentinels:
            how = f"{' and '.join(watched.sentinels)} is there"
        targets = ", ".join(watched.targets)
        self._say(
            f"watching {watched.folder} for {targets}; a drop is complete when {how}"
        )
        self.told[""] = f"{watched.folder} is there again"

    def run(
        self, drop: Path, targets: Sequence[str], on_run: Callable[[str, str], None]
    ) -> Sequence[End]:
        """As the command ``run``."""
        self.session.reports.clear()
        asked = Night(
            drop,
            list(targets),
            mapping=self.asked.mapping,
            source=self.asked.source,
            delta=self.asked.delta,
            arrived=True,
            on_run=on_run,
        )
        results = night_results(self.session, asked)
        gc.collect()  # one process, a year of nights
        return [
            End(target, ExitCode(one.exit_code))
            for target, one in zip(targets, results, strict=False)
        ]

    def ended(self, target: str, run: str) -> ExitCode | None:
        """From the target's state."""
        with TargetState.open(self.state, target) as state:
            found = state.find_run(run)
        if found is None or found.exit_code is None:
            return None
        return ExitCode(found.exit_code)

    def report(self, run: str) -> bytes | None:
        """From the run's folder."""
        with suppress(OSError):
            return (self.state.run_folder(run) / "report.html").read_bytes()
        return None

    def tell(self, name: str, text: str) -> None:
        """One line; once, until there is another to tell of that drop."""
        if self._is_news(name, text):
            self._say(f"{name}: {text}" if name else text)

    def warn(self, name: str, text: str) -> None:
        """As every advice of the program."""
        if self._is_news(name, text):
            self.session.console.advice(f"{name}: {text}" if name else text)

    def _is_news(self, name: str, text: str) -> bool:
        before, self.told[name] = self.told.get(name), text
        return before != text

    def clock(self) -> float:
        """Seconds, never set."""
        return time.monotonic()

    def stopped(self) -> bool:
        """Whether a signal has come."""
        return self.session.stopped

    def _say(self, text: str) -> None:
        now = datetime.now(self.config.timezone)
        self.session.console.message(f"{now:%d %b, %H:%M}, {text}")


def _document(code: ExitCode, filed: Sequence[Filed]) -> dict[str, Any]:
    drops = [
        {
            "name": one.name,
            "place": one.place,
            "runs": [
                {"target": name, "run": ran.run, "exit_code": ran.code}
                for name, ran in one.runs.items()
            ],
        }
        for one in filed
    ]
    return {"format": 1, "exit_code": int(code), "drops": drops}
