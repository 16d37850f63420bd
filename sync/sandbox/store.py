"""The embedded SQLite store under all services.

In: records as dicts. Out: records, or pages of stored JSON text, so that a page of
3000 rows costs no JSON work. One thread uses it at a time.
"""

# ruff: noqa: S608 - names of tables and columns are our own, all values are bound

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.sandbox.exchange import encode
from sync.sandbox.filters import holds, pick
from sync.sandbox.part import Part
from sync.sandbox.tables import OTHERS, TABLES, Table

FILE_NAME = "sandbox.sqlite3"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a table, in which order, and which part of them."""

    where: str = "1"
    values: tuple[Any, ...] = ()
    order: str = "sourcedId"
    limit: int = -1
    offset: int = 0
    agents: str | None = None
    """None takes the stored guardian references, other text stands instead."""


def _open(data: Path | None) -> sqlite3.Connection:
    name = ":memory:"
    if data is not None:
        path = data / FILE_NAME if data.is_dir() else data
        # Rosters are personal data: nobody else on the machine may read the file.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        name = str(path)
    connection = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
    # A killed process loses nothing; only a power failure could, which is no matter.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA cache_size = -65536")
    connection.create_function("holds", 4, holds, deterministic=True)
    connection.create_function("pick", 2, pick, deterministic=True)
    return connection


class Store:
    """All records, guardian links and counters of one sandbox."""

    def __init__(self, data: Path | None = None, parts: Sequence[Part] = ()) -> None:
        """Open or make the store; ``data`` None keeps it in memory."""
        self.connection = _open(data)
        self._parts = parts
        for table in TABLES.values():
            for statement in table.statements():
                self.connection.execute(statement)
        for statement in (
            *OTHERS,
            *(each for part in parts for each in part.statements),
        ):
            self.connection.execute(statement)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Make all writes inside happen together or not at all."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def clear(self) -> None:
        """Forget everything."""
        with self.atomic():
            own = (table for part in self._parts for table in part.tables)
            for name in (*TABLES, "links", "pending", "races", *own):
                self.connection.execute(f"DELETE FROM {name}")

    def put(self, table: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Store whole records, replacing those with the same sourcedId."""
        spec = TABLES[table]
        rows = (spec.row(item, encode(item)) for item in items)
        with self.atomic():
            self.connection.executemany(_upsert(spec), rows)

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """Return one record, or None."""
        row = self.one(f"SELECT item FROM {table} WHERE sourcedId = ?", key)
        return None if row is None else dict(json.loads(row[0]))

    def has(self, table: str, key: str) -> bool:
        """Return whether a record is there."""
        found = self.one(f"SELECT 1 FROM {table} WHERE sourcedId = ?", key)
        return found is not None

    def all(self, table: str, where: str = "1", *values: Any) -> list[dict[str, Any]]:
        """Return the records that ``where`` selects, by sourcedId."""
        texts = self.texts(table, Selection(where, values, agents=""))
        return [json.loads(text) for text in texts]

    def names(self, table: str) -> dict[str, str]:
        """Return sourcedId -> name of a whole table."""
        return dict(self.rows(f"SELECT sourcedId, name FROM {table}"))

    def name(self, table: str, key: str) -> str:
        """Return the name of one record, empty where it is not there."""
        row = self.one(f"SELECT name FROM {table} WHERE sourcedId = ?", key)
        return "" if row is None else str(row[0])

    def count(self, table: str, selection: Selection) -> int:
        """Return how many rows match, whatever part of them is asked for."""
        row = self.one(
            f"SELECT COUNT(*) FROM {table} WHERE {selection.where}",
            *selection.values,
        )
        return 0 if row is None else int(row[0])

    def texts(self, table: str, selection: Selection) -> list[str]:
        """Return the JSON texts of the selected rows in order.

        The rows are found in an index first: skipping by OFFSET through whole
        records would read every text before the page.
        """
        agents = TABLES[table].agents and selection.agents != ""
        columns = "item, agents" if agents else "item"
        found = self.rows(
            f"SELECT {columns} FROM (SELECT rowid AS n FROM {table}"
            f" WHERE {selection.where} ORDER BY {selection.order} LIMIT ? OFFSET ?)"
            f" CROSS JOIN {table} ON {table}.rowid = n",
            *selection.values,
            selection.limit,
            selection.offset,
        )
        if not agents:
            return [row[0] for row in found]
        fixed = selection.agents
        return [f'{item[:-1]},"agents":{fixed or own}}}' for item, own in found]

    def set_agents(self, table: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Store guardian references (their text, the person's sourcedId)."""
        with self.atomic():
            self.connection.executemany(
                f"UPDATE {table} SET agents = ? WHERE sourcedId = ?",
                pairs,
            )

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return all of its rows."""
        return self.connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> Sequence[Any] | None:
        """Run a statement and return its first row."""
        found: Sequence[Any] | None = self.connection.execute(
            statement, values
        ).fetchone()
        return found

    def run(self, statement: str, *values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        return self.connection.execute(statement, values).rowcount


def _upsert(spec: Table) -> str:
    marks = ", ".join("?" for _ in spec.names)
    changes = ", ".join(f"{name} = excluded.{name}" for name in spec.names[1:])
    return (
        f"INSERT INTO {spec.name} ({', '.join(spec.names)}) VALUES ({marks})"
        f" ON CONFLICT (sourcedId) DO UPDATE SET {changes}"
    )
