"""Lines 14 and 15: whole nights by the real command, against the sandbox.

The sandbox runs in a process of its own and holds the district already. Line 14 puts
the time of a night beside that which the permitted rate allows for its requests; every
round is the next night, so that each finds as many changes. Line 15 counts the reads
of a night on which a few have left, beside those of the first night, which reads all:
at a server that can be asked for many records by name, as TimeBack's api can, and, for
comparison, at one that keeps to the two clauses of the standard.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import polars as pl

from benchmarks.measuring import (
    ROUNDS,
    Counted,
    Line,
    MeasuringError,
    Sample,
    Work,
    main,
    ratio,
    served,
    timed,
)
from sync.cli.sandbox import CREDENTIALS
from sync.samples import (
    Document,
    make_samples,
    read_tables,
    sandbox_document,
    write,
)
from sync.samples.tables import Tables
from sync.sandbox import SandboxSettings
from sync.sandbox import serve as serve_sandbox

MODULE = "benchmarks.nights"
LATENCY = 0.05
ONEROSTER = "/ims/oneroster/rostering/v1p2"
CHANGED = "2026-01-05T00:00:00.000Z"
"""When the records of the sandbox changed last, before the first night."""
LEFT_IN = 500
"""One student in so many leaves, with everything that names him: 0.2 %."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the nights are."""

    students: int
    rate: int
    left: int
    """Students of line 15."""
    page: int
    """Records a page there: as many pages of fewer students."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests for records: of a full read, and of a night that ended so many."""

    full: int
    night: int
    ended: int

    @property
    def share(self) -> float:
        """Those of the night for one of the full read."""
        return self.night / self.full


SHORT = Size(10_000, 20, 20_000, 600)
"""At the rate of a configuration that says nothing of it."""
FULL = Size(100_000, 20, 100_000, 3_000)

TIMEBACK = """\
kind = "timeback"
settle = "5s"

[targets.bench.platform]
url = "{url}"
client_id = {{ env = "TIMEBACK_CLIENT_ID" }}
client_secret = {{ env = "TIMEBACK_CLIENT_SECRET" }}

[targets.bench.api]
url = "{url}"
token_url = "{url}/oauth2/token"
client_id = {{ env = "TIMEBACK_API_CLIENT_ID" }}
client_secret = {{ env = "TIMEBACK_API_CLIENT_SECRET" }}
"""
PLAIN = (
    """\
kind = "oneroster"
url = "{url}"""
    + ONEROSTER
    + """\"
token_url = "{url}/oauth2/token"
client_id = {{ env = "ONEROSTER_CLIENT_ID" }}
client_secret = {{ env = "ONEROSTER_CLIENT_SECRET" }}
writes = "post-put"
page_size = {page}
settle = "5s"
"""
)
CONFIG = """\
state_dir = "state"

[targets.bench]
{target}
[targets.bench.limits]
requests_per_second = {rate}
concurrency = 64

[targets.bench.guards]
first_run = "pass"
"""


def serve(port: str, drop: str, dialect: str, latency: str) -> Counted:
    """The sandbox, holding what a drop has. ``dialect``: ``timeback``; ``spec``, the
    standard; ``named``, the standard with the filters of TimeBack's api."""
    settings = SandboxSettings(
        port=int(port),
        latency=float(latency),
        oneroster_dialect="timeback" if dialect == "timeback" else "spec",
        oneroster_queries="refuse" if dialect == "named" else "usual",
    )
    document = sandbox_document(read_tables(Path(drop)), people=True)
    serve_sandbox(settings, document=_aged(document))
    return Counted(0)


def _aged(document: Document) -> Document:
    """The document with records that nobody has changed for a while."""
    for name, records in document.items():
        if name != "agents":  # links have no date
            for one in records:
                one["dateLastModified"] = CHANGED
    return document


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator's folder with its configuration."""

    folder: Path

    def night(self, drop: Path) -> tuple[Sample, dict[str, Any]]:
        """One night by the command, and its report. Raises ``MeasuringError`` where
        it does not end with 0."""
        program = Path(sys.executable).with_name("roster-sync")
        command: list[str | Path] = [
            program,
            "run",
            drop,
            "--target",
            "bench",
            "--json",
            "--quiet",
        ]
        sample = timed(command, self.folder, {**os.environ, **CREDENTIALS})
        (told,) = _reports(json.loads(sample.facts["output"]))
        return sample, told

    def plan(self, drop: Path) -> Sample:
        """A plan by the command. Raises ``MeasuringError`` where it does not end
        with 0."""
        program = Path(sys.executable).with_name("roster-sync")
        command: list[str | Path] = [program, "plan", drop, "--target", "bench"]
        environment = {**os.environ, **CREDENTIALS}
        return timed([*command, "--quiet"], self.folder, environment)


def _reports(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = document.get("reports") or document.get("results") or [document]
    return [dict(one) for one in found]


def desk(folder: Path, url: str, target: str, rate: int) -> Desk:
    """A folder with a configuration for a server, that sends at most at this rate."""
    folder.mkdir()
    text = CONFIG.format(target=target.format(url=url), rate=rate)
    (folder / "roster-sync.toml").write_text(text, "utf-8")
    return Desk(folder)


def operations(report: Mapping[str, Any]) -> int:
    """How many were planned."""
    found = report["entities"].values()
    return sum(one.get("operations", {}).get("planned", 0) for one in found)


def nightly(size: Size) -> Iterator[Line]:
    """Line 14."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_samples(
            folder / "drops", size.students, seed=1, nights=ROUNDS + 1, messy=False
        )
        drops = [folder / "drops" / f"night-{n}" for n in range(1, ROUNDS + 2)]
        with served(MODULE, "serve", drops[0], "timeback", LATENCY) as url:
            office = desk(folder / "desk", url, TIMEBACK, size.rate)
            office.night(drops[0])
            nights = [office.night(drop) for drop in drops[1:]]
    yield _paced(size, nights)


def _paced(size: Size, nights: list[tuple[Sample, dict[str, Any]]]) -> Line:
    sent = [int(report["requests"]["sent"]) for _, report in nights]
    if not all(operations(report) for _, report in nights):
        message = "a night of line 14 had nothing to send"
        raise MeasuringError(message)
    shares = [
        sample.seconds / (count / size.rate)
        for (sample, _), count in zip(nights, sent, strict=True)
    ]
    found = ratio(shares, [1.0])
    peak = max(sample.anonymous for sample, _ in nights) / 2**20
    sample, report = nights[-1]
    return Line(
        14,
        f"`run` with 2 % changes of {size.students:,} students at {size.rate}/s, 50 ms "
        "/ the time that the rate allows for its requests",
        "≤ 1.05",
        str(found),
        found.least <= 1.05,  # noqa: PLR2004 - the target
        f"{sample.seconds:.0f} s / {sent[-1]:,} requests, {operations(report):,} "
        f"operations; at most {peak:.0f} MiB",
    )


def changes_alone(size: Size) -> Iterator[Line]:
    """Line 15."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_samples(folder / "drops", size.left, seed=1, nights=1, messy=False)
        whole, fewer = folder / "drops" / "night-1", folder / "drops" / "fewer"
        write(without_some(read_tables(whole)), fewer)
        many, two = (
            _nights_of(folder / name, name, size, (whole, fewer))
            for name in ("named", "spec")
        )
    yield _counted(size, many, two)


def _nights_of(
    folder: Path, dialect: str, size: Size, drops: tuple[Path, Path]
) -> Counts:
    """The reads of the first night, and of the one on which a few have left."""
    whole, fewer = drops
    with served(MODULE, "serve", whole, dialect, 0) as url:
        plain = PLAIN.replace("{page}", str(size.page))
        office = desk(folder, url, plain, 1000)
        first, _ = _read_on(office, url, whole)
        _read_on(office, url, whole)
        night, report = _read_on(office, url, fewer)
    return Counts(first, night, operations(report))


def _read_on(desk: Desk, url: str, drop: Path) -> tuple[int, dict[str, Any]]:
    """A night, and how often it asked for records."""
    _clear(url)
    _, report = desk.night(drop)
    return _reads(url), report


def _counted(size: Size, many: Counts, two: Counts) -> Line:
    if not (many.ended and two.ended):
        message = "a night of line 15 had nothing to end"
        raise MeasuringError(message)
    return Line(
        15,
        "remote reads of a night with the mirror fresh and 0.2 % of the records ended "
        "/ a full read, requests",
        "≤ 0.05",
        f"{many.share:.3f}",
        many.share <= 0.05,  # noqa: PLR2004 - the target
        f"{many.night:,} / {many.full:,} requests, {many.ended:,} records ended, "
        f"{size.left:,} students, {size.page:,} records a page; {two.share:.3f} "
        f"({two.night:,} requests) where a filter has two clauses at most",
    )


def without_some(tables: Tables) -> Tables:
    """The drop without one student in so many, and without all that names him."""
    row = pl.int_range(pl.len())
    # Never the last one: a file without its end may have been cut off.
    leaves = (row % LEFT_IN == LEFT_IN // 2) & (row < pl.len() - 1)
    gone = tables.students.filter(leaves)["sourcedId"].implode()
    found = dict(tables.items())
    for name, column in (
        ("students", "sourcedId"),
        ("agents", "studentSourcedId"),
        ("enrollments", "userSourcedId"),
    ):
        found[name] = found[name].filter(~pl.col(column).is_in(gone))
    return Tables(**found)


def _clear(url: str) -> None:
    with urlopen(Request(f"{url}/_sandbox/requests", method="DELETE")):  # noqa: S310 - ours
        pass


def _reads(url: str) -> int:
    with urlopen(f"{url}/_sandbox/requests") as told:  # noqa: S310 - ours
        entries = json.loads(told.read())
    return sum(
        one["method"] == "GET" and one["path"].startswith(ONEROSTER) for one in entries
    )


WORKS: dict[str, Work] = {"serve": serve}


def lines(full: bool) -> Iterator[Line]:
    """Lines 14 and 15."""
    size = FULL if full else SHORT
    yield from nightly(size)
    yield from changes_alone(size)


if __name__ == "__main__":
    main(lines, WORKS)
