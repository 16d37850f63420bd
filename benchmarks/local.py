"""Lines 1, 3, 5, 6 and 7: local work, beside a bare read of the same files.

The drops are made of ``sync.samples`` with a seed: two nights of which the second
differs in two of a hundred rows. The bare read keeps all cells as text and looks at
none of them.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import nights
from benchmarks.defects import LENIENT, TODAY
from benchmarks.differs import two_nights
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
from sync.compare import compare as compare_drops
from sync.flow import take_in
from sync.model.roster import Roster
from sync.samples import make_samples

MODULE = "benchmarks.local"
MILLION = 1_000_000
PLANNED = 100_000
"""Students of the plan of line 6: a million rows a side. The sandbox needs its time
for each of them."""
LARGE_FILES = ("students.csv", "users.csv", "agents.csv", "enrollments.csv")
STATE = MILLION
"""Students of the drop that is checked: so many in both forms, since what a start costs
is line 16."""
SMALL = STATE // 10
"""Of the drop from which its time and memory grow."""
REMOTE = frozenset({"fetch", "send", "verify"})
"""Stages of a night that wait for the other side."""


@dataclass(frozen=True, slots=True)
class Size:
    """Students of the drops of line 3, and of the nights of line 5."""

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
    """Compare two nights as ``roster-sync compare`` does."""
    found = compare_drops(Path(before), Path(after))
    if not all(one.changed for one in found.files if one.file in LARGE_FILES):
        message = "the nights of line 3 do not differ"
        raise ValueError(message)
    return Counted(sum(one.rows.before + one.rows.after for one in found.files))


def _roster(folder: str) -> Roster:
    roster = take_in(Path(folder), LENIENT, TODAY).roster
    if roster is None:
        message = f"{folder} is refused"
        raise ValueError(message)
    return roster


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


def compared(before: Path, after: Path, other: Path) -> Iterator[Line]:
    """Line 3: ``other`` is ``after`` with its columns in another order."""
    bare_, one_layout, general = in_turn(
        _work("bare", before, after),
        _work("compare", before, after),
        _work("compare", before, other),
    )
    for name, ours, most in (
        ("files of one layout", one_layout, 1.6),
        ("files whose columns stand in another order", general, 3.0),
    ):
        found = ratio(_seconds(ours), _seconds(bare_))
        yield Line(
            3,
            f"diff with changed columns of two drops, {name} / bare read of both",
            f"≤ {most}",
            str(found),
            found.least <= most,
            _sides(ours, bare_),
        )


def planned(students: int) -> Iterator[Line]:
    """Line 6, of a plan by the command: the second night against a target that holds
    the first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_samples(folder / "drops", students, seed=1, nights=2, messy=False)
        first, second = (folder / "drops" / f"night-{n}" for n in (1, 2))
        rows = bare(str(second)).count
        with served(nights.MODULE, "serve", first, "timeback", 0) as url:
            office = nights.desk(folder / "desk", url, nights.TIMEBACK, rate=1000)
            yield _memory("plan", [office.plan(second)], rows)


def reordered(folder: Path, out: Path) -> None:
    """The files of a drop with their first column at the end."""
    out.mkdir()
    for file in sorted(folder.glob("*.csv")):
        frame = pl.read_csv(file, infer_schema=False)
        first, *others = frame.columns
        frame.select(*others, first).write_csv(out / file.name)


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
        for students in (SMALL, STATE):
            make_samples(folder / str(students), students, 1, nights=1, messy=False)
        small, large = (folder / str(one) / "night-1" for one in (SMALL, STATE))
        yield from checked(large)
        yield from grown(small, large)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before, after = two_nights(folder / "drops", size.students)
        reordered(after, folder / "other")
        yield from compared(before, after, folder / "other")
    yield from planned(PLANNED)
    yield from quiet(size.quiet)


if __name__ == "__main__":
    main(lines, WORKS)
