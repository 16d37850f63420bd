"""Line 2: ``check`` beside other validators, on the same rules over the same rows.

A drop of students and enrollments is made from a seed; ours takes in the whole drop,
by all of its own rules, the others read both files and judge the enrollments (see
``peer_validators``). What is compared is enrollments a second, of drops in which
nothing is bad. Before anything is measured, all must find as many bad rows in a small
drop of which some are spoilt.

The drop has a third file of one row: whom an enrollment names is judged only where
students and users are both there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.defects import LENIENT, TODAY
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
from sync.flow.intake import take_in
from sync.model.entities import Entity

MODULE = "benchmarks.validators"
PROGRAM = Path(__file__).with_name("peer_validators.py")
SEED = 1
EACH = 6
"""Enrollments of a student."""
SCHOOL_SIZE, CLASS_SIZE = 700, 25
SPOILT_IN = 50
"""One row in so many is spoilt, to see whether all find the same."""
TRIED = 600
"""Students of the drop in which they are tried."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another validator: what it needs, by how much ours is to be ahead, and how many
    students' enrollments it can do in some seconds."""

    packages: tuple[str, ...]
    least: float
    short: int
    full: int


SHORT, FULL = 300_000, 1_000_000
"""Students of our drop."""
PEERS: Mapping[str, Peer] = {
    "pandera": Peer(("pandera[polars]==0.35.0", "polars==2.1.0"), 1.5, SHORT, FULL),
    "dataframely": Peer(("dataframely==3.1.2", "polars==2.1.0"), 1.5, SHORT, FULL),
    "pydantic": Peer(("pydantic==2.14.3",), 15, 20_000, 100_000),
    "frictionless": Peer(("frictionless==5.21.0",), 80, 4_000, 20_000),
}

SPOILING: tuple[tuple[str, str], ...] = (
    ("userSourcedId", ""),
    ("role", ""),
    ("classSourcedId", ""),
    ("status", "ended"),
    ("role", "pupil"),
    ("primary", "main"),
    ("beginDate", "8/17/2026"),
    ("endDate", "soon"),
    ("userSourcedId", "stu-none"),
)
"""One cell each that nobody accepts."""


def students(count: int) -> pl.DataFrame:
    """As many students, no two alike."""
    number = pl.int_range(count)
    chance = number.hash(SEED)
    digits = number.cast(pl.String)
    return pl.select(
        sourcedId=_id("stu-", number),
        status=pl.lit("active"),
        username=pl.lit("s") + digits,
        enabledUser=_pick(chance, ("true", "true", "true", "false")),
        givenName=_pick(chance, ("Ada", "Zoë", "José María", "Łukasz", "D'Andre")),
        familyName=_pick(chance // 7, ("Stone", "Núñez", "O'Connor", "de la Cruz")),
        email=pl.lit("s") + digits + pl.lit("@district.example"),
        grades=_pick(chance // 31, ("KG", "01", "04", "07", "09", "12")),
        primaryOrgSourcedId=_id("sch-", number // SCHOOL_SIZE),
    )


def enrollments(count: int) -> pl.DataFrame:
    """Six of each of as many students."""
    number = pl.int_range(count * EACH)
    student = number // EACH
    room = student // CLASS_SIZE * EACH + number % EACH
    chance = number.hash(SEED)
    return pl.select(
        sourcedId=_id("enr-", number),
        status=pl.lit("active"),
        userSourcedId=_id("stu-", student),
        role=pl.lit("student"),
        classSourcedId=_id("cls-", room),
        schoolSourcedId=_id("sch-", student // SCHOOL_SIZE),
        primary=_pick(chance, ("false", "true")),
        beginDate=_pick(chance // 2, ("2026-08-17", "2026-09-01")),
        endDate=pl.when(chance % 20 != 0).then(pl.lit("2027-06-04")),
    )


def _id(prefix: str, number: pl.Expr) -> pl.Expr:
    return pl.lit(prefix) + number.cast(pl.String).str.zfill(9)


def _pick(chance: pl.Expr, values: tuple[str, ...]) -> pl.Expr:
    index = (chance % len(values)).cast(pl.UInt32)
    return pl.lit(pl.Series(values)).gather(index)


def spoilt(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The enrollments with bad cells and repeated keys, and how many rows are bad:
    of a repeated key both are."""
    number = pl.int_range(pl.len())
    turn = number // SPOILT_IN % (len(SPOILING) + 1)
    hit = number % SPOILT_IN == SPOILT_IN - 1
    cells = [
        pl.when(hit & (turn == kind)).then(pl.lit(cell or None)).otherwise(pl.col(name))
        for kind, (name, cell) in enumerate(SPOILING)
    ]
    for (name, _), cell in zip(SPOILING, cells, strict=True):
        frame = frame.with_columns(cell.alias(name))
    repeats = hit & (turn == len(SPOILING))
    key = pl.when(repeats).then(pl.col("sourcedId").shift(1)).otherwise("sourcedId")
    counts = frame.select(hit.sum().alias("hit"), repeats.sum().alias("repeats"))
    bad = sum(counts.row(0))
    return frame.with_columns(key.alias("sourcedId")), bad


TEACHER = """\
sourcedId,status,username,enabledUser,givenName,familyName,email,primaryOrgSourcedId,role,roleType,roleOrgSourcedId
tch-1,active,t1,true,Eva,Stone,t1@district.example,sch-000000000,teacher,primary,sch-000000000
"""


def write(folder: Path, people: pl.DataFrame, seats: pl.DataFrame) -> Path:
    """The drop on disk."""
    folder.mkdir()
    people.write_csv(folder / "students.csv")
    (folder / "users.csv").write_text(TEACHER, "utf-8")
    seats.write_csv(folder / "enrollments.csv")
    return folder


def check(folder: str) -> Counted:
    """Read, map and validate the drop."""
    roster = take_in(Path(folder), LENIENT, TODAY).roster
    if roster is None:
        message = f"{folder} is refused"
        raise MeasuringError(message)
    found = roster.counts[Entity.ENROLLMENTS]
    return Counted(found.read, facts={"bad": found.rejected})


WORKS: dict[str, Work] = {"check": check}


def _ours(folder: Path) -> Sample:
    return run(of_module(MODULE, "check", folder))


def _theirs(name: str, python: Path, folder: Path) -> Sample:
    return run([python, PROGRAM, name, folder])


def lines(full: bool) -> Iterator[Line]:
    """Line 2, for each of four validators."""
    pythons, absent = environments({n: one.packages for n, one in PEERS.items()})
    for name, why in absent.items():
        yield _line(name, PEERS[name], "-", None, why)
    with tempfile.TemporaryDirectory() as folder:
        _agree(Path(folder), pythons)
        yield from _measured(Path(folder), pythons, full)


def _agree(folder: Path, pythons: Mapping[str, Path]) -> None:
    """Raises ``MeasuringError`` where one finds more or fewer bad rows."""
    seats, expected = spoilt(enrollments(TRIED))
    drop = write(folder / "spoilt", students(TRIED), seats)
    found = {"ours": _ours(drop)}
    found |= {name: _theirs(name, python, drop) for name, python in pythons.items()}
    for name, sample in found.items():
        _same(name, sample, TRIED * EACH, expected)


def _same(name: str, sample: Sample, rows: int, bad: int) -> None:
    if (sample.count, sample.facts["bad"]) != (rows, bad):
        message = (
            f"{name}: {sample.facts['bad']} bad of {sample.count} rows, "
            f"where {bad} of {rows} are"
        )
        raise MeasuringError(message)


def _measured(folder: Path, pythons: Mapping[str, Path], full: bool) -> Iterator[Line]:
    size = FULL if full else SHORT
    sizes = {n: PEERS[n].full if full else PEERS[n].short for n in pythons}
    drops = {
        one: write(folder / str(one), students(one), enrollments(one))
        for one in sorted({size, *sizes.values()})
    }
    works = [
        partial(_theirs, n, python, drops[sizes[n]]) for n, python in pythons.items()
    ]
    ours, *theirs = in_turn(partial(_ours, drops[size]), *works)
    for name, samples in zip(pythons, theirs, strict=True):
        for one, rows in ((ours[-1], size * EACH), (samples[-1], sizes[name] * EACH)):
            _same(name, one, rows, 0)
        peer = PEERS[name]
        found = rate_ratio(ours, samples)
        detail = f"{_told(ours)} / {_told(samples)}"
        yield _line(name, peer, str(found), found.least >= peer.least, detail)


def _told(samples: list[Sample]) -> str:
    best = max(map(rate, samples))
    return f"{best:,.0f} rows/s of {samples[0].count:,}"


def _line(name: str, peer: Peer, value: str, holds: bool | None, detail: str) -> Line:
    measure = f"`check` of students and enrollments / {name}, enrollments a second"
    return Line(2, measure, f"≥ {peer.least:g}", value, holds, detail)


if __name__ == "__main__":
    main(lines, WORKS)
