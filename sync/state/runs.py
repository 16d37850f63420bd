"""What is known of one target from run to run: its runs, good drops, plans, ledger.

Level 3, under ``sync.state``. One SQLite file for each target, written by the one run
that holds the target's lock and read by anybody.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self, Unpack

import polars as pl

from sync.errors import LocalError, UsageError
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.state import database
from sync.state.database import Connect
from sync.state.folder import (
    STATE_VERSION,
    StateFolder,
    local_errors,
    plain_name,
)
from sync.state.ledger import load_ledger, replace_ledger
from sync.state.records import (
    GOOD_COLUMNS,
    RUN_COLUMNS,
    RUNS_SCHEMA,
    GoodDrop,
    RunEnd,
    RunFacts,
    RunRecord,
    good_drop,
    good_row,
    run_record,
    run_row,
    stored,
)

_SELECT_RUNS = f"SELECT {', '.join(RUN_COLUMNS)} FROM runs"  # noqa: S608 - constants
_SELECT_GOOD = f"SELECT {', '.join(GOOD_COLUMNS)} FROM good_drops"  # noqa: S608 - constants
_END = """UPDATE runs SET finished = :finished, outcome = :outcome,
    exit_code = :exit_code, good = :good WHERE run = :run"""
_CHANGES = {
    2: "ALTER TABLE ledger ADD COLUMN person TEXT",
    3: "ALTER TABLE runs ADD COLUMN undoes TEXT",
}
"""By version of the state, what its tables had not before."""
_WROTE_OR_UNDOES = "WHERE wrote OR undoes IS NOT NULL ORDER BY number"
_ALL_DONE = "done"
_STOPPED = """WHERE outcome = 'interrupted'
    AND number = (SELECT max(number) FROM runs WHERE wrote)
    AND NOT EXISTS
        (SELECT 1 FROM runs AS later WHERE later.good AND later.number > runs.number)"""
_APPLIED = "WHERE run = (SELECT run FROM applied WHERE plan_id = ?)"
_WRITTEN = """SELECT 1 FROM runs
    WHERE wrote AND (finished IS NULL OR finished > ?) LIMIT 1"""


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    if _version(connection) == STATE_VERSION:
        return
    with database.transaction(connection):
        found = _version(connection)  # another command may have been quicker
        for since, change in _CHANGES.items():
            if found < since:
                connection.execute(change)
        connection.execute(f"PRAGMA user_version = {STATE_VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@dataclass(frozen=True, slots=True)
class Undone:
    """A run that was taken back, and the one that did it."""

    run: str
    by: str


class TargetState:
    """The state of one target. Any call raises ``LocalError`` where the disk fails."""

    def __init__(self, target: str, path: Path, connection: sqlite3.Connection) -> None:
        """Use ``open``."""
        self.target = target
        self.path = path
        self._connection = connection
        self._ledger: tuple[object, LedgerView] | None = None

    @classmethod
    def open(
        cls, folder: StateFolder, target: str, *, connect: Connect = database.connect
    ) -> Self:
        """The state of that target, made on first use, else checked through.

        Raises ``UsageError`` where a newer program wrote it.
        """
        path = folder.targets / f"{plain_name(target)}.sqlite"
        with local_errors(path), database.database_errors(path):
            if not path.exists():
                # Another command may have been quicker: then its file is used.
                with contextlib.suppress(FileExistsError):
                    database.create(path, _tables(), lambda _: None, connect)
            connection = connect(path)
            try:
                database.check(path, connection)
                database.make_durable(connection)
                _bring_up_to_date(connection)
            except BaseException:
                connection.close()
                raise
        return cls(target, path, connection)

    def close(self) -> None:
        """Close the file; every commit is on the disk already."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def begin_run(self, record: RunRecord) -> None:
        """Register a run before it does anything; it is open until ``end_run``."""
        row = run_row(record)
        with self._changing() as connection:
            connection.execute(_insert("runs", row), row)

    def record(self, run: str, **facts: Unpack[RunFacts]) -> None:
        """Add what is known of a run by now.

        ``wrote = True`` goes before the first request that changes the target.
        """
        row: dict[str, Any] = {"run": run, **facts}
        facts_given = ", ".join(f"{name} = :{name}" for name in row)
        statement = f"UPDATE runs SET {facts_given} WHERE run = :run"  # noqa: S608 - keys of RunFacts
        with self._changing() as connection:
            self._update(connection, statement, row)

    def end_run(self, run: str, end: RunEnd) -> None:
        """Close a run; its good drop and its ledger count from the same instant."""
        row = {
            "run": run,
            "finished": stored(end.finished),
            "outcome": end.outcome,
            "exit_code": int(end.exit_code),
            "good": end.good is not None,
        }
        with self._changing() as connection:
            self._update(connection, _END, row)
            if end.good is not None:
                good = good_row(run, end.finished, end.good)
                connection.execute(_insert("good_drops", good), good)
            if end.ledger is not None:
                self._replace(connection, end.ledger)

    def runs(self) -> pl.DataFrame:
        """Every run, ``RUNS_SCHEMA``, newest first."""
        columns = ", ".join(list(RUNS_SCHEMA)[1:])
        query = f"SELECT ?, {columns} FROM runs ORDER BY number DESC"  # noqa: S608 - constants
        with database.database_errors(self.path):
            found = self._connection.execute(query, (self.target,))
            return database.frame(found, RUNS_SCHEMA)

    def open_runs(self) -> list[RunRecord]:
        """Begun and not ended, oldest first: who holds the lock knows that their
        processes are gone (its own run excepted)."""
        return self._runs("WHERE finished IS NULL ORDER BY number")

    def last_run(self) -> RunRecord | None:
        """The run that was begun last."""
        return next(iter(self._runs("ORDER BY number DESC LIMIT 1")), None)

    def stopped(self) -> RunRecord | None:
        """The run to go on with: what wrote last, if it was stopped in it and no good
        run came after it. Previews, refused and held runs do not matter."""
        return next(iter(self._runs(_STOPPED)), None)

    def find_run(self, run: str) -> RunRecord | None:
        """The run of that name."""
        return next(iter(self._runs("WHERE run = ?", run)), None)

    def undone(self) -> Undone | None:
        """The latest run that stands taken back.

        An undo stands from its first request on, until a run that came to its end with
        all done took it back, or a plan of a drop was carried out: such a plan waits
        for somebody to approve it while anything stands.
        """
        standing: dict[str, Undone] = {}
        links: dict[str, int] = {}
        for one in self._runs(_WROTE_OR_UNDOES):
            if one.undoes is None:
                standing.clear()
                continue
            links[one.run] = links.get(one.undoes, 0) + 1
            takes_back = links[one.run] % 2 == 1
            if takes_back and one.wrote:
                standing[one.run] = Undone(one.undoes, one.run)
            elif not takes_back and one.outcome == _ALL_DONE:
                standing.pop(one.undoes, None)
        return next(reversed(standing.values()), None)

    def last_good(self, source: str | None = None) -> GoodDrop | None:
        """The last good drop of that source (none: of the source without a name)."""
        return next(self._good_drops("WHERE source IS ?", source), None)

    def good_before(self, sha256: str, source: str | None = None) -> GoodDrop | None:
        """The last good drop of that source with these bytes."""
        which = "WHERE source IS ? AND sha256 = ?"
        return next(self._good_drops(which, source, sha256), None)

    def last_good_of_any(self) -> GoodDrop | None:
        """The last good drop, whoever delivered it."""
        return next(self._good_drops(""), None)

    def bulk_rows(self, source: str | None = None) -> dict[Entity, int]:
        """For each entity the rows of the last good bulk file of that source."""
        rows: dict[Entity, int] = {}
        for good in self._good_drops("WHERE source IS ?", source):
            rows = {**good.rows, **rows}
        return rows

    def applied_by(self, plan_id: str) -> RunRecord | None:
        """The run that has applied that plan, or begun to."""
        return next(iter(self._runs(_APPLIED, plan_id)), None)

    def mark_applied(self, plan_id: str, run: str) -> None:
        """Use up the plan's one application. Raises ``UsageError`` if it is used."""
        row = {"plan_id": plan_id, "run": run}
        with self._changing() as connection:
            if self._value("SELECT 1 FROM applied WHERE plan_id = ?", plan_id):
                message = f"plan {plan_id} was applied already"
                raise UsageError(message, do="make a new plan")
            connection.execute(_insert("applied", row), row)

    def written_since(self, created: datetime) -> bool:
        """Whether a run that sent changes has ended later than that, or is open."""
        return self._value(_WRITTEN, stored(created)) == 1

    def ledger(self) -> LedgerView:
        """Which remote records are ours, sorted by entity and key.

        Read again only after a change, whoever made it: a night asks a dozen times.
        """
        changed = self._value("PRAGMA data_version")
        if self._ledger is None or self._ledger[0] != changed:
            with database.database_errors(self.path):
                self._ledger = changed, load_ledger(self._connection)
        return self._ledger[1]

    def save_ledger(self, view: LedgerView) -> None:
        """Replace the ledger, in one transaction."""
        with self._changing() as connection:
            self._replace(connection, view)

    def _replace(self, connection: sqlite3.Connection, view: LedgerView) -> None:
        held = self.ledger()
        self._ledger = None
        replace_ledger(connection, view, held)

    def _runs(self, which: str, *values: object) -> list[RunRecord]:
        with database.database_errors(self.path):
            rows = self._connection.execute(f"{_SELECT_RUNS} {which}", values)
            return [run_record(row) for row in rows]

    def _good_drops(self, which: str, *values: object) -> Iterator[GoodDrop]:
        """Newest first."""
        query = f"{_SELECT_GOOD} {which} ORDER BY number DESC"
        with database.database_errors(self.path):
            rows = self._connection.execute(query, values)
            yield from map(good_drop, rows)

    def _value(self, query: str, *values: object) -> object:
        with database.database_errors(self.path):
            row = self._connection.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _update(
        self, connection: sqlite3.Connection, statement: str, row: Mapping[str, Any]
    ) -> None:
        if connection.execute(statement, row).rowcount != 1:
            message = f"{self.path} has no run {row['run']}"
            raise LocalError(message, do="this is a defect; report it with the log")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with (
            database.database_errors(self.path),
            database.transaction(self._connection),
        ):
            yield self._connection


def _tables() -> str:
    return resources.files(__package__).joinpath("state.sql").read_text("utf-8")


def _insert(table: str, row: Mapping[str, Any]) -> str:
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    return f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - our own names
