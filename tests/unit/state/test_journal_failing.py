"""A journal whose disk fails once and is well again: nothing refused is written
after all, and nothing stays open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import polars as pl
import pytest

from sync.errors import LocalError
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.state import Journal
from sync.state.database import connect

IDS = ["op-0", "op-1"]
PLAN = pl.DataFrame({"id": IDS, "entity": ["users", "users"]})
PLAIN = b"\x01\x01"
"""The versions in the head of a database that is not written ahead (SQLite, file
format, 1.3)."""


class Once(sqlite3.Connection):
    """Fails one write, when it is told to."""

    fails = False

    def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:
        if self.fails:
            self.fails = False
            message = "disk I/O error"
            raise sqlite3.OperationalError(message)
        return super().executemany(sql, rows)


class Opened:
    """Connects, and remembers the connections."""

    def __init__(self) -> None:
        self.connections: list[Once] = []

    def __call__(self, path: Path) -> sqlite3.Connection:
        made = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=Once
        )
        self.connections.append(made)
        return made


def made(folder: Path, using: Callable[[Path], sqlite3.Connection]) -> Journal:
    return Journal.create(folder / "journal.sqlite", PLAN, connect=using)


def is_closed(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False


def test_after_one_failure_nothing_is_written_any_more_though_the_disk_is_well(
    tmp_path: Path,
) -> None:
    opened = Opened()
    journal = made(tmp_path, opened)
    opened.connections[-1].fails = True
    for one in IDS:
        with pytest.raises(LocalError):
            anyio.run(journal.sent, [one])
    journal.close()
    with Journal.open(journal.path) as again:
        assert set(again.states()["state"]) == {"planned"}


def test_what_waits_when_the_disk_has_failed_is_not_written_at_the_close(
    tmp_path: Path,
) -> None:
    opened = Opened()
    journal = made(tmp_path, opened)

    async def story() -> None:
        opened.connections[-1].fails = True
        with pytest.raises(LocalError):
            await journal.sent(IDS[:1])
        with anyio.move_on_after(0):
            await journal.sent(IDS[1:])

    anyio.run(story)
    journal.close()
    with Journal.open(journal.path) as again:
        assert set(again.states()["state"]) == {"planned"}


def test_a_closed_journal_is_written_ahead_no_more_and_its_connection_is_closed(
    tmp_path: Path,
) -> None:
    opened = Opened()
    with made(tmp_path, opened) as journal:
        anyio.run(journal.sent, IDS)
        assert journal.path.read_bytes()[18:20] != PLAIN
    assert journal.path.read_bytes()[18:20] == PLAIN
    assert [is_closed(one) for one in opened.connections] == [True, True]


def test_a_journal_that_is_refused_leaves_no_connection_open(tmp_path: Path) -> None:
    opened = Opened()
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(LocalError):
        Journal.open(path, connect=opened)
    assert [is_closed(one) for one in opened.connections] == [True]


def test_every_commit_is_asked_to_reach_the_disk_itself(tmp_path: Path) -> None:
    """Of the one in use, and not only of the one that made it."""
    opened = Opened()
    with made(tmp_path, opened) as journal:
        assert journal.path.exists()
        (full,) = opened.connections[-1].execute("PRAGMA fullfsync").fetchone()
    assert full == 1


def test_each_call_by_itself_is_one_commit(tmp_path: Path) -> None:
    with made(tmp_path, connect) as journal:
        for count, one in enumerate(IDS, 1):
            anyio.run(journal.sent, [one])
            assert journal.commits == count


@pytest.mark.parametrize(
    ("own", "failures", "kept"), [(200, None, 200), (200, 422, 422), (None, 422, 422)]
)
def test_the_status_of_the_failure_goes_before_that_of_the_answer(
    tmp_path: Path, own: int | None, failures: int | None, kept: int
) -> None:
    failure = Failure(FailureKind.REJECT, failures, "code", "words")
    with made(tmp_path, connect) as journal:
        outcome = Outcome(IDS[0], State.FAILED, own, failure=failure)
        anyio.run(journal.settle, [outcome])
        assert journal.states()["status"].to_list() == [kept, None]


def test_where_the_one_that_writes_breaks_down_nobody_takes_it_for_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    told: list[type[Exception]] = []

    async def call(journal: Journal, one: str) -> None:
        try:
            await journal.sent([one])
        except (LocalError, MemoryError) as error:
            told.append(type(error))

    async def work() -> None:
        with made(tmp_path, connect) as journal:
            monkeypatch.setattr(journal, "_commit", broken)
            async with anyio.create_task_group() as group:
                for one in IDS:
                    group.start_soon(call, journal, one)
            assert journal.in_doubt() == []

    anyio.run(work)
    assert sorted(one.__name__ for one in told) == ["LocalError", "MemoryError"]
