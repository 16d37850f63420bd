"""Line 13: operations a second on the record, committed together and each by itself.

Both sides write the same rows through the same statements with full durability, two
for each operation: that it is about to leave, and what was answered. The journal is
called as the sending calls it, by as many tasks as requests may be in flight.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio
import polars as pl

from benchmarks.measuring import (
    Counted,
    Line,
    Sample,
    Work,
    in_turn,
    main,
    of_module,
    rate,
    rate_ratio,
    run,
)
from sync.model.outcome import Outcome, State
from sync.state import Journal, database
from sync.state.journal import SENT, SETTLE

MODULE = "benchmarks.journal"
IN_FLIGHT = 64
LEAST = 20
EACH, TOGETHER = 1_000, 20_000
"""Operations of the two sides: the slow one would take minutes."""


def _operations(count: int) -> pl.DataFrame:
    return pl.select(
        id=pl.format("enrollments:enr-{}", pl.int_range(count)),
        entity=pl.lit("enrollments"),
    )


def together(folder: str, count: str) -> Counted:
    """Many tasks, each with its own operations: their calls share commits."""
    operations = _operations(int(count))
    left = iter(operations["id"])
    with Journal.create(Path(folder) / "journal.db", operations) as journal:
        began = time.perf_counter()

        async def worker() -> None:
            for one in left:
                await journal.sent([one])
                await journal.settle([Outcome(one, State.DONE, 201, one)])

        async def work() -> None:
            async with anyio.create_task_group() as group:
                for _ in range(IN_FLIGHT):
                    group.start_soon(worker)

        anyio.run(work)
        seconds = time.perf_counter() - began
        done, commits = journal.counts()[State.DONE], journal.commits
    return _all_done(int(count), done, seconds, commits)


def each(folder: str, count: str) -> Counted:
    """The first of the same rows in the same table, with a commit for each."""
    operations = _operations(TOGETHER)
    path = Path(folder) / "journal.db"
    Journal.create(path, operations).close()
    with closing(database.connect(path)) as connection:
        database.make_durable(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        began = time.perf_counter()
        for one in operations["id"].head(int(count)):
            _commit(connection, SENT, (1, one))
            _commit(connection, SETTLE, ("done", 201, one, None, None, None, 1, one))
        seconds = time.perf_counter() - began
        query = "SELECT count(*) FROM operations WHERE state = 'done'"
        (done,) = connection.execute(query).fetchone()
    return _all_done(int(count), done, seconds, 2 * int(count))


def _commit(
    connection: sqlite3.Connection, statement: str, values: tuple[object, ...]
) -> None:
    with database.transaction(connection):
        connection.execute(statement, values)


def _all_done(count: int, done: int, seconds: float, commits: int) -> Counted:
    if done != count:
        message = f"{done} operations are done where {count} should be"
        raise ValueError(message)
    return Counted(count, seconds, {"commits": commits})


WORKS: dict[str, Work] = {"together": together, "each": each}


def lines(full: bool) -> Iterator[Line]:
    """Line 13."""
    more = 5 if full else 1
    ours, theirs = in_turn(
        partial(_in_folder, "together", TOGETHER * more),
        partial(_in_folder, "each", EACH * more),
    )
    found = rate_ratio(ours, theirs)
    best, single = max(map(rate, ours)), max(map(rate, theirs))
    commits = int(ours[0].facts["commits"])
    yield Line(
        13,
        f"journal: operations/s, {IN_FLIGHT} in flight / one commit for each",
        f"≥ {LEAST}",
        str(found),
        found.least >= LEAST,
        f"{best:,.0f}/s / {single:,.0f}/s; {2 * ours[0].count / commits:.0f} calls a "
        "commit",
    )


def _in_folder(name: str, count: int) -> Sample:
    with tempfile.TemporaryDirectory() as folder:
        return run(of_module(MODULE, name, folder, count))


if __name__ == "__main__":
    main(lines, WORKS)
