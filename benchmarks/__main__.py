"""``make bench``: every line of the table, with its target beside it.

Each line divides two things that were measured in turn in one run, each in a process
of its own, three times at least: the ratio of the minima and that of the medians.
Absolute times of one machine say little and stand there for orientation. ``--full``
takes the large sizes. Each module of lines can be run by itself:
``python -m benchmarks.NAME``.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from benchmarks import (
    defects,
    differs,
    journal,
    local,
    nights,
    paging,
    rates,
    starts,
    validators,
)
from benchmarks.measuring import HEAD, Line, row

RESULTS = Path(__file__).with_name("results.md")
MODULES = (
    local,
    defects,
    validators,
    differs,
    rates,
    paging,
    journal,
    nights,
    starts,
)


def document(lines: Sequence[Line], *, full: bool) -> str:
    """The lines as Markdown, with what they were measured on."""
    names = ("polars", "httpx", "pydantic")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    size = "large sizes" if full else "short form"
    short = sum(one.holds is False for one in lines)
    head = [
        "# Benchmark results",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, "
        f"{versions}, {platform.machine()}, {pl.thread_pool_size()} cores, {size}. "
        "Made by `make bench`.",
        "",
        f"{short} of {len(lines)} lines fall short of their targets.",
        "",
        *HEAD,
    ]
    ordered = sorted(lines, key=lambda one: one.number)
    return "\n".join([*head, *map(row, ordered), ""])


def main() -> None:
    """Measure, print each line as it comes, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the large sizes")
    asked = parser.parse_args()
    found: list[Line] = []
    for module in MODULES:
        for line in module.lines(asked.full):
            print(row(line), flush=True)
            found.append(line)
    text = document(found, full=asked.full)
    print(text)
    RESULTS.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
