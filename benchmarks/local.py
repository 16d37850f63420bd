"""Lines 1, 3, 5, 6 and 7: local work, beside a bare read of the same files.

The drops are made of ``sync.samples`` with a seed: two nights of which the second
differs in two of a hundred students. The bare read keeps all cells as text and looks at
none of them.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import nights
from benchmarks.defects import LENIENT, TODAY
from benchmarks.measuring import (
    Counted,
    Line,
    Sample,
    Work,
    in_turn,
    main,
    of_module,
    ratio,
    run,
    served,
    timed,
)
from sync.diff import DiffInput, FieldRules, diff
from sync.flow import take_in
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.samples import make_samples
from sync.targets.base import Projection
from sync.targets.timeback import TimebackSettings, TimebackTarget

MODULE = "benchmarks.local"
MILLION = 1_000_000
TENTH = 10
"""The small size of the growth is so small a part of the large one."""
REMOTE = frozenset({"fetch", "send", "verify"})
"""Stages of a night that wait for the other side."""


@dataclass(frozen=True, slots=True)
class Size:
    """Students of the drops, and of the nights of line 5."""

    students: int
    quiet: int


SHORT = Size(100_000, 10_000)
FULL = Size(MILLION, 100_000)


def bare(*folders: str) -> Counted:
    """Read the files with polars and keep them."""
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.csv"))]
    frames = [pl.read_csv(file, infer_schema=False) for file in files]
    return Counted(sum(frame.height for frame in frames))


def check(folder: str) -> Counted:
    """Read, map and validate one drop."""
    return Counted(sum(one.read for one in _roster(folder).counts.values()))


def compare(before: str, after: str) -> Counted:
    """Read, map and validate two nights, and list every changed field."""
    target, held = _target(), Mirror({}, {}, {}, datetime.now(UTC))
    first, second = _roster(before), _roster(after)
    ledger = LedgerView.empty()
    remote = _as_remote(target.project(first, held, ledger, TODAY))
    wanted = target.project(second, held, ledger, TODAY)
    fields = target.capabilities.fields
    rules = {e: FieldRules(fields[e]) for e in wanted.frames}
    joined = diff(DiffInput(wanted.frames, remote, wanted.frozen, rules, ledger))
    return Counted(sum(frame.height for frame in joined.values()))


def _as_remote(projection: Projection) -> Mapping[Entity, pl.DataFrame]:
    hidden = ["_file", "_row", "_keep", "_decision", "_reason"]
    return {e: f.drop(hidden, strict=False) for e, f in projection.frames.items()}


def _roster(folder: str) -> Roster:
    roster = take_in(Path(folder), LENIENT, TODAY).roster
    if roster is None:
        message = f"{folder} is refused"
        raise ValueError(message)
    return roster


def _target() -> TimebackTarget:
    secret = {"client_id": {"env": "A"}, "client_secret": {"env": "B"}}
    settings = TimebackSettings.model_validate(
        {"environment": "staging", "platform": secret, "api": secret}
    )
    synced = (Entity.STUDENTS, Entity.USERS, Entity.AGENTS, Entity.ENROLLMENTS)
    return TimebackTarget(settings, dict.fromkeys(synced, "keep"))


WORKS: dict[str, Work] = {"bare": bare, "check": check, "compare": compare}


def _work(name: str, *folders: Path) -> partial[Sample]:
    return partial(run, of_module(MODULE, name, *folders))


def _seconds(samples: Sequence[Sample]) -> list[float]:
    return [one.seconds for one in samples]


def _sides(ours: Sequence[Sample], theirs: Sequence[Sample]) -> str:
    least = [min(_seconds(one)) for one in (ours, theirs)]
    return f"{least[0]:.2f} s / {least[1]:.2f} s, {theirs[0].count:,} rows"


def checked(drop: Path) -> Iterator[Line]:
    """Line 1."""
    program = Path(sys.executable).with_name("roster-sync")
    command = partial(timed, [program, "check", drop, "--quiet"])
    ours, theirs = in_turn(command, _work("bare", drop))
    found = ratio(_seconds(ours), _seconds(theirs))
    yield Line(
        1,
        "`check` of a drop, whole command / bare `polars.read_csv` of the same files",
        "≤ 2.5",
        str(found),
        found.least <= 2.5,  # noqa: PLR2004 - the target
        _sides(ours, theirs),
    )
    yield _memory("check", ours, theirs[0].count)


def compared(before: Path, after: Path) -> Iterator[Line]:
    """Line 3."""
    ours, theirs = in_turn(
        _work("compare", before, after), _work("bare", before, after)
    )
    found = ratio(_seconds(ours), _seconds(theirs))
    yield Line(
        3,
        "diff with changed columns of two drops, reading, mapping and validating both "
        "among it / bare read of both",
        "≤ 3.0",
        str(found),
        found.least <= 3.0,  # noqa: PLR2004 - the target
        _sides(ours, theirs),
    )
    yield _memory("the diff of two drops", ours, theirs[0].count // 2)


def _memory(name: str, ours: Sequence[Sample], rows: int) -> Line:
    """Line 6."""
    most = max(one.anonymous for one in ours) / 1e6
    each = most / (rows / MILLION)
    return Line(
        6,
        f"peak anonymous memory of {name}, per million rows a side",
        "≤ 250 MB",
        f"{each:.0f} MB",
        each <= 250,  # noqa: PLR2004 - the target
        f"{most:.0f} MB, {rows:,} rows",
    )


def grown(small: Path, large: Path) -> Iterator[Line]:
    """Line 7."""
    few, many = in_turn(_work("check", small), _work("check", large))
    rows = math.log(many[0].count / few[0].count)
    time = math.log(min(_seconds(many)) / min(_seconds(few))) / rows
    peaks = [max(one.anonymous for one in samples) for samples in (many, few)]
    memory = math.log(peaks[0] / peaks[1]) / rows
    yield Line(
        7,
        "growth of time and memory of a check with the rows, exponent",
        "≤ 1.05",
        f"{time:.2f}, {memory:.2f}",
        max(time, memory) <= 1.05,  # noqa: PLR2004 - the target
        f"{few[0].count:,} to {many[0].count:,} rows",
    )


def quiet(students: int) -> Iterator[Line]:
    """Line 5."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_samples(folder / "drops", students, seed=1, nights=2, messy=False)
        first, second = (folder / "drops" / f"night-{n}" for n in (1, 2))
        with served(nights.MODULE, "serve", first, "timeback", 0) as url:
            office = nights.desk(folder / "desk", url, nights.TIMEBACK, rate=1000)
            office.night(first)
            _, full = office.night(second)
            again = [office.night(second)[1] for _ in range(3)]
    if any(map(nights.operations, again)):
        message = "a night of line 5 that was to be quiet had something to do"
        raise ValueError(message)
    least, whole = min(map(_local, again)), _local(full)
    yield Line(
        5,
        "a night without changes / one with 2 % changes, local work",
        "≤ 0.25",
        f"{least / whole:.2f}",
        least / whole <= 0.25,  # noqa: PLR2004 - the target
        f"{least:.2f} s / {whole:.2f} s, {students:,} students",
    )


def _local(report: Mapping[str, Any]) -> float:
    """Seconds of the stages that need nobody else."""
    stages = [one for one in report["stages"] if one["name"] not in REMOTE]
    return math.fsum(float(one["seconds"]) for one in stages)


def lines(full: bool) -> Iterator[Line]:
    """Lines 1, 3, 5, 6 and 7."""
    size = FULL if full else SHORT
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_samples(folder / "large", size.students, seed=1, nights=2, messy=False)
        few = size.students // TENTH
        make_samples(folder / "small", few, seed=1, nights=1, messy=False)
        before, after = (folder / "large" / f"night-{n}" for n in (1, 2))
        yield from checked(before)
        yield from compared(before, after)
        yield from grown(folder / "small" / "night-1", before)
    yield from quiet(size.quiet)


if __name__ == "__main__":
    main(lines, WORKS)
