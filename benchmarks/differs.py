"""Line 4: the comparison of two nights beside others that compare two files by key.

Both nights are made from a seed; the enrollments of both are read and compared, with
the changed columns of each row listed, by ours and by the others (see
``peer_differs``), each pair of them on the very same files. All must tell as many rows
as added, removed and changed, and as many changed cells. Ours is the one of
``roster-sync compare``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.measuring import (
    Counted,
    Line,
    MeasuringError,
    Sample,
    Work,
    in_turn,
    main,
    of_module,
    rate,
    rate_ratio,
    run,
)
from benchmarks.peers import environments
from sync.compare import compare as compare_drops
from sync.samples import make_samples

MODULE = "benchmarks.differs"
PROGRAM = Path(__file__).with_name("peer_differs.py")
SEED = 1
ENROLLMENTS = "enrollments.csv"
OURS = "sourcedId"
"""The key in the files."""
CHANGED_IN = 50
"""One row in so many has another end, and one in twice as many another cell too."""
FACTS = ("added", "removed", "changed", "cells")
TARGET = "ahead"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program: what it needs, and how many students' enrollments it can do in
    some seconds."""

    packages: tuple[str, ...]
    short: int
    full: int


LARGE = (50_000, 300_000)
PEERS: Mapping[str, Peer] = {
    "polars": Peer(("polars==2.1.0",), *LARGE),
    "duckdb": Peer(("duckdb==2.0.0",), *LARGE),
    "datacompy": Peer(("datacompy==1.1.0",), *LARGE),
    "dicts": Peer((), *LARGE),
    "csv-diff": Peer(("csv-diff==1.2",), 10_000, 50_000),
    "diffsync": Peer(("diffsync==2.2.3",), 2_000, 10_000),
}
"""datacompy does not allow the polars of ours, and brings its own."""
NAMES = {
    "polars": "polars, eager full join",
    "duckdb": "duckdb, full join",
    "dicts": "Python's dictionaries",
}


def compare(before: str, after: str) -> Counted:
    """Compare both files as ``roster-sync compare`` does."""
    (found,) = compare_drops(Path(before), Path(after), "four-files").files
    told = (found.added, found.removed, found.changed, sum(found.cells.values()))
    rows = found.rows.before + found.rows.after
    return Counted(rows, facts=dict(zip(FACTS, told, strict=True)))


WORKS: dict[str, Work] = {"compare": compare}


@dataclass(frozen=True, slots=True)
class Nights:
    """The two files that are compared."""

    before: Path
    after: Path

    def ours(self) -> Sample:
        """Compared by ours."""
        return run(of_module(MODULE, "compare", self.before, self.after))

    def theirs(self, name: str, python: Path) -> Sample:
        """Compared by one of the others."""
        return run([python, PROGRAM, name, self.before, self.after])


def two_nights(folder: Path, students: int) -> tuple[Path, Path]:
    """The folders of two nights of which 2 % of the rows differ.

    Of the samples' own, few enrollments change, since most come and go.
    """
    make_samples(folder, students, SEED, nights=2, messy=False)
    before, after = (folder / f"night-{n}" for n in (1, 2))
    enrollments = after / ENROLLMENTS
    _changed(pl.read_csv(enrollments, infer_schema=False)).write_csv(enrollments)
    return before, after


def _nights(folder: Path, students: int) -> Nights:
    before, after = two_nights(folder, students)
    return Nights(before / ENROLLMENTS, after / ENROLLMENTS)


def _changed(frame: pl.DataFrame) -> pl.DataFrame:
    chance = pl.col(OURS).hash(SEED)
    other = pl.when(pl.col("primary") == "true").then(pl.lit("false"))
    return frame.with_columns(
        pl.when(chance % CHANGED_IN == 0)
        .then(pl.lit("2026-12-18"))
        .otherwise("endDate")
        .alias("endDate"),
        pl.when(chance % (2 * CHANGED_IN) == 0)
        .then(other.otherwise(pl.lit("true")))
        .otherwise("primary")
        .alias("primary"),
    )


def lines(full: bool) -> Iterator[Line]:
    """Line 4, for each of six programs."""
    pythons, absent = environments({n: one.packages for n, one in PEERS.items()})
    for name, why in absent.items():
        yield _line(name, "-", None, why)
    sizes = {n: PEERS[n].full if full else PEERS[n].short for n in pythons}
    for size in sorted(set(sizes.values()), reverse=True):
        fitting = {n: python for n, python in pythons.items() if sizes[n] == size}
        with tempfile.TemporaryDirectory() as folder:
            yield from _measured(_nights(Path(folder), size), fitting)


def _measured(nights: Nights, pythons: Mapping[str, Path]) -> Iterator[Line]:
    others = [partial(nights.theirs, name, python) for name, python in pythons.items()]
    ours, *theirs = in_turn(nights.ours, *others)
    for name, samples in zip(pythons, theirs, strict=True):
        _same(name, ours[0], samples[0])
        found = rate_ratio(ours, samples)
        detail = f"{_told(ours)} / {_told(samples)}, {ours[0].count:,} rows"
        yield _line(name, str(found), found.least > 1, detail)


def _same(name: str, ours: Sample, theirs: Sample) -> None:
    """Raises ``MeasuringError`` where the other tells something else."""
    sides = [[one.count, *(one.facts[f] for f in FACTS)] for one in (ours, theirs)]
    if sides[0] != sides[1] or not all(sides[0]):
        message = f"{name} finds {sides[1]} rows, {', '.join(FACTS)}; ours {sides[0]}"
        raise MeasuringError(message)


def _told(samples: list[Sample]) -> str:
    return f"{max(map(rate, samples)):,.0f} rows/s"


def _line(name: str, value: str, holds: bool | None, detail: str) -> Line:
    measure = f"diff of two nights / {NAMES.get(name, name)}, rows a second"
    return Line(4, measure, TARGET, value, holds, detail)


if __name__ == "__main__":
    main(lines, WORKS)
