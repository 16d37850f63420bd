"""``make bench``: what local work and sending cost, as ratios to the bare tools.

Each line divides two things that were measured in turn in one run, each in a process
of its own, three times: the ratio of the minima and that of the medians. Absolute
times of one machine say little, so they are left out but for orientation.
"""

from __future__ import annotations

import argparse
import json
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from benchmarks.defects import EXPECTED, SHARE, make
from benchmarks.suggest import SEEDS, measure, shares
from sync.samples import make_samples

ROUNDS = 3
RESULTS = Path(__file__).with_name("results.md")
ROWS_UNIT = 100_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured run of a piece of work."""

    seconds: float
    rss: int
    base: int
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    measure: str
    value: str
    detail: str


def measured(*arguments: str) -> Sample:
    """One piece of work in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.work", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    return Sample(**json.loads(done.stdout))


def in_turn(*works: tuple[str, ...]) -> list[list[Sample]]:
    """Each piece of work once per round, in turn."""
    rounds = [[measured(*work) for work in works] for _ in range(ROUNDS)]
    return [list(samples) for samples in zip(*rounds, strict=True)]


def ratio(measure: str, ours: list[Sample], bare: list[Sample]) -> Line:
    """Seconds over seconds."""
    times = [[one.seconds for one in samples] for samples in (ours, bare)]
    least = min(times[0]) / min(times[1])
    middle = statistics.median(times[0]) / statistics.median(times[1])
    detail = f"{min(times[0]):.2f} s / {min(times[1]):.2f} s, {ours[0].count:,} rows"
    return Line(measure, f"{least:.2f} (median {middle:.2f})", detail)


def local(students: int, folder: Path) -> Iterator[Line]:
    """Reading, validating and comparing."""
    make_samples(folder, students, seed=1, nights=2, messy=False)
    first, second = str(folder / "night-1"), str(folder / "night-2")
    bare, check = in_turn(("bare", first), ("check", first))
    yield ratio("parse + validate / bare read_csv of the same files", check, bare)
    both, compare = in_turn(("bare", first, second), ("compare", first, second))
    yield ratio(
        "parse + validate + diff of two nights / bare read_csv of both", compare, both
    )
    for name, samples in (("check", check), ("compare", compare)):
        yield memory(name, samples)


def memory(name: str, samples: list[Sample]) -> Line:
    """Peak memory beyond that of the imports."""
    most = max(one.rss - one.base for one in samples)
    per_unit = most / (samples[0].count / ROWS_UNIT) / 2**20
    return Line(
        f"peak memory of {name} per 100,000 rows, beyond the imports",
        f"{per_unit:.0f} MiB",
        f"{most / 2**20:.0f} MiB for {samples[0].count:,} rows",
    )


def spoilt(students: int, folder: Path) -> Iterator[Line]:
    """A drop with defects: ``check`` fails if one is missed, or one invented."""
    expected = make(folder / "spoilt" / "drop", students, seed=1)
    expected.write_csv(folder / "spoilt" / EXPECTED)
    drop = str(folder / "spoilt" / "drop")
    bare, check = in_turn(("lenient", drop), ("defects", drop))
    yield ratio(
        f"parse + validate, 1 row in {SHARE} spoilt / bare read_csv of the same files",
        *(check, bare),
    )
    yield memory("check of the spoilt rows", check)
    yield Line(
        "findings of the spoilt rows, missed or invented",
        "0",
        f"{expected.height:,} expected, of {expected['code'].n_unique()} codes",
    )


def proposals() -> Iterator[Line]:
    """How many columns are found when all headers have other names."""
    for sample, found, wished in shares(measure(SEEDS)):
        yield Line(
            f"columns that mappings suggest finds, headers renamed: {sample}",
            f"{found / wished:.1%}",
            f"{found:,} of {wished:,}",
        )


def sending(count: int) -> Iterator[Line]:
    """Requests per second of the engine against bare httpx, same server, in turn."""
    for latency in (0.0, 0.05):
        with served("sandbox", str(latency)) as url:
            ours, bare = in_turn(("ours", url, str(count)), ("httpx", url, str(count)))
        rates = [[one.count / one.seconds for one in each] for each in (ours, bare)]
        best = max(rates[0]) / max(rates[1])
        middle = statistics.median(rates[0]) / statistics.median(rates[1])
        yield Line(
            f"requests/s, 16 in flight, {latency * 1000:.0f} ms / bare httpx loop",
            f"{best:.2f} (median {middle:.2f})",
            f"{max(rates[0]):.0f}/s / {max(rates[1]):.0f}/s",
        )


def paged() -> Iterator[Line]:
    """A list of 300,000 enrollments, against a client that decodes nothing."""
    with served("pages") as url:
        read, bare = in_turn(("paged", url), ("paged-bare", url))
    yield ratio(
        "a list of 300,000 enrollments read / its pages not decoded", read, bare
    )
    yield memory("the list of enrollments", read)


@contextmanager
def served(work: str, *arguments: str) -> Iterator[str]:
    """A server in a process of its own: the sandbox, or pages made before."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.work", work, str(port), *arguments]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - ourselves
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def table(lines: list[Line], students: int) -> str:
    """The lines as Markdown, with what they were measured on."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("polars", "httpx"))
    head = [
        "# Benchmark results",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, "
        f"{versions}, {pl.thread_pool_size()} cores, {students:,} students. "
        "Made by `make bench`.",
        "",
        "| measure | result | measured |",
        "|---|---|---|",
    ]
    return "\n".join(
        [
            *head,
            *(f"| {one.measure} | {one.value} | {one.detail} |" for one in lines),
            "",
        ]
    )


def main() -> None:
    """Measure, print the table, and keep it in ``benchmarks/results.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=2_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            *local(asked.students, Path(folder)),
            *spoilt(asked.students // 2, Path(folder)),
            *proposals(),
            *sending(asked.requests),
            *paged(),
        ]
    text = table(lines, asked.students)
    print(text)
    RESULTS.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
