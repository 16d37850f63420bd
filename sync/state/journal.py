"""The journal of one run: what was sent and what was answered, on the disk.

Level 3, under ``sync.state``. In: the operations of a plan, then ``sent`` before a
request leaves and ``settle`` when its answer is there. Out: the state of every
operation, and which are in doubt after a crash. SQLite in WAL mode with
``synchronous = FULL``; there is one writing connection, and calls that come while a
commit is under way are committed together by the next one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl

from sync.errors import LocalError
from sync.model.outcome import Outcome, State
from sync.state import database
from sync.state.database import Connect
from sync.state.folder import local_errors
from sync.state.together import Together

Clock = Callable[[], datetime]

_STATES: dict[str, pl.DataType] = {
    "id": pl.String(),
    "entity": pl.String(),
    "state": pl.String(),
    "attempts": pl.UInt32(),
    "status": pl.UInt16(),
    "remote_id": pl.String(),
    "kind": pl.String(),
    "code": pl.String(),
    "message": pl.String(),
    "sent_at": pl.Datetime("ms", "UTC"),
    "answered_at": pl.Datetime("ms", "UTC"),
}
STATES_SCHEMA = pl.Schema(_STATES)
"""One row per operation: its state, how often it was sent, and the last answer."""

SENT = """UPDATE operations
    SET state = 'sent', attempts = attempts + 1, sent_at = ?
    WHERE id = ? AND state <> 'done'"""
SETTLE = """UPDATE operations
    SET state = ?, status = ?, remote_id = coalesce(?, remote_id),
        kind = ?, code = ?, message = ?, answered_at = ?
    WHERE id = ?"""
"""What one call writes of one operation: before its request, and after the answer."""
_TAKEN = {
    SENT: "SELECT 1 FROM operations WHERE id = ? AND state = 'sent'",
    SETTLE: "SELECT 1 FROM operations WHERE id = ?",
}
"""Whether that was written of an operation, asked right behind it."""
_PLAN = "INSERT INTO operations (id, entity) VALUES (?, ?)"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Call:
    """One call that waits for its rows to be on the disk."""

    statement: str
    of: tuple[str, ...] | tuple[Outcome, ...]
    """What ``SENT`` or ``SETTLE`` makes its rows of."""
    unknown: bool = False
    """Whether a row of it is none of this journal's, or was done already."""


class Journal:
    """The journal of one run, open for writing by its one process.

    ``sent`` and ``settle`` return when their rows are on the disk. When one write has
    failed, every waiting call and every later one raises ``LocalError``: nothing can
    be sent without its intent on the disk.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, clock: Clock
    ) -> None:
        """Use ``create`` or ``open``."""
        self.path = path
        self.commits = 0
        """How many commits there were; calls are more."""
        self._connection = connection
        self._clock = clock
        self._together: Together[_Call] = Together(self._unless_broken)
        self._broken: LocalError | None = None

    @classmethod
    def create(
        cls,
        path: Path,
        operations: pl.DataFrame,
        *,
        connect: Connect = database.connect,
        clock: Clock = _now,
    ) -> Self:
        """A new journal in which every operation is ``planned``.

        ``operations``: the columns ``id`` (unique) and ``entity``. Raises
        ``LocalError``, also where there is a journal already.
        """
        if path.exists():
            message = f"{path} is there already: this run has begun"
            raise LocalError(message, do="finish it with: roster-sync resume")
        rows = operations.select("id", "entity").sort("id").iter_rows()
        tables = resources.files(__package__).joinpath("journal.sql").read_text("utf-8")
        with local_errors(path), database.database_errors(path):
            database.create(
                path, tables, lambda made: made.executemany(_PLAN, rows), connect
            )
        return cls.open(path, connect=connect, clock=clock)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        connect: Connect = database.connect,
        clock: Clock = _now,
    ) -> Self:
        """The journal of a run that has begun, checked through.

        Raises ``LocalError`` where it is not there, damaged or not writable, and
        ``UsageError`` where a newer program wrote it.
        """
        if not path.is_file():
            raise _missing(path)
        with database.database_errors(path):
            connection = connect(path)
            try:
                database.check(path, connection)
                database.make_durable(connection)
                _write_ahead(path, connection)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection, clock)

    async def sent(self, ids: Iterable[str]) -> None:
        """Mark operations as sent, each once more; call it before the request leaves.

        An operation that is done is not sent again: that raises ``LocalError``.
        """
        await self._write(_Call(SENT, tuple(ids)))

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of operations."""
        await self._write(_Call(SETTLE, tuple(outcomes)))

    def states(self) -> pl.DataFrame:
        """Every operation, ``STATES_SCHEMA``, sorted by id."""
        return read_states(self.path)

    def in_doubt(self) -> list[str]:
        """The ids of what was sent and not answered, sorted."""
        query = "SELECT id FROM operations WHERE state = 'sent' ORDER BY id"
        with database.reading(self.path) as connection:
            return [each for (each,) in connection.execute(query)]

    def counts(self) -> Mapping[State, int]:
        """How many operations are in each state."""
        query = "SELECT state, count(*) FROM operations GROUP BY state"
        with database.reading(self.path) as connection:
            found = dict(connection.execute(query).fetchall())
        return {state: found.get(state.value, 0) for state in State}

    def close(self) -> None:
        """Leave one plain file behind."""
        self._together.close()
        # What was committed is on the disk whether or not tidying up succeeds.
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA journal_mode = DELETE")
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    async def _write(self, call: _Call) -> None:
        """Wait until the commit that this call is a part of is through."""
        if not call.of:
            return
        if not await self._together.write(call):
            broken = self._broken or _unwritten(self.path)
            raise LocalError(broken.message, do=broken.do)
        if call.unknown:
            message = f"{self.path} lacks an operation, or has it as done already"
            raise LocalError(message, do="this is a defect; report it with the log")

    def _unless_broken(self, calls: Sequence[_Call]) -> bool:
        return self._broken is None and self._commit(calls)

    def _commit(self, calls: Sequence[_Call]) -> bool:
        """Write these calls in one transaction, in the writer thread."""
        now = self._milliseconds()
        try:
            with database.transaction(self._connection):
                for statement, alike in groupby(calls, attrgetter("statement")):
                    self._execute(statement, list(alike), now)
        except sqlite3.Error as error:
            self._broken = database.database_error(self.path, error)
            return False
        self.commits += 1
        return True

    def _execute(self, statement: str, calls: Sequence[_Call], now: int) -> None:
        """All rows of calls that write alike: each statement by itself costs more."""
        make = _ROWS[statement]
        rows = [make(each, now) for call in calls for each in call.of]
        done = self._connection.executemany(statement, rows)
        if done.rowcount == len(rows):
            return
        for call in calls:
            ids = [make(each, now)[-1:] for each in call.of]
            found = [self._connection.execute(_TAKEN[statement], one) for one in ids]
            call.unknown = not all(one.fetchone() for one in found)

    def _milliseconds(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _unwritten(path: Path) -> LocalError:
    message = f"{path} was not written"
    return LocalError(message, do="this is a defect; report it with the log")


def _missing(path: Path) -> LocalError:
    message = f"there is no journal {path}"
    return LocalError(message, do="see the runs with: roster-sync runs")


def _write_ahead(path: Path, connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        message = f"{path} cannot be written ahead on this file system"
        raise LocalError(message, do="set state_dir to a folder on a local disk")


def _intent(operation: str, now: int) -> tuple[Any, ...]:
    return now, operation


def _answer(outcome: Outcome, now: int) -> tuple[Any, ...]:
    state, one, given = outcome.state.value, outcome.operation, outcome.remote_id
    failure = outcome.failure
    if failure is None:
        return (state, outcome.status, given, None, None, None, now, one)
    status = failure.status or outcome.status
    why = (failure.kind.value, failure.code, failure.message)
    return (state, status, given, *why, now, one)


_ROWS: Mapping[str, Callable[[Any, int], tuple[Any, ...]]] = {
    SENT: _intent,
    SETTLE: _answer,
}


def read_states(path: Path) -> pl.DataFrame:
    """Every operation of a journal that may be in use, ``STATES_SCHEMA``, by id.

    Raises ``LocalError``.
    """
    query = f"SELECT {', '.join(STATES_SCHEMA)} FROM operations ORDER BY id"  # noqa: S608 - constants
    with database.reading(path) as connection:
        return database.frame(connection.execute(query), STATES_SCHEMA)


def check_journal(path: Path) -> None:
    """Raises ``DamagedError`` for a journal that is not whole, ``LocalError`` for one
    that is not there or cannot be read, and changes nothing."""
    if not path.is_file():
        raise _missing(path)
    with database.reading(path) as connection:
        database.check(path, connection)
        connection.execute("SELECT id, state FROM operations LIMIT 1").fetchone()
