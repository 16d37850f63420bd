"""The ledger of one target on the disk: which remote records are ours to remove.

Level 3, within ``sync.state``. Frames in, frames out; replaced whole, in the
transaction of whoever calls.
"""

from __future__ import annotations

import sqlite3

import polars as pl

from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.state.database import frame_of_texts

_TABLES = {
    "ledger": (LEDGER_SCHEMA, ["entity", "key"]),
    "pairs": (PAIRS_SCHEMA, ["entity", "key", "field"]),
}

PAGE = 65_536
"""Rows that are read at once."""


def load_ledger(connection: sqlite3.Connection) -> LedgerView:
    """The ledger as it was saved, sorted by entity and key; empty at first."""
    return LedgerView(
        records=_load(connection, "ledger"), pairs=_load(connection, "pairs")
    )


def replace_ledger(
    connection: sqlite3.Connection, view: LedgerView, held: LedgerView
) -> None:
    """Put this ledger in the place of the one that is there, which is ``held``: only
    the rows in which they differ are touched.

    Within a transaction of the caller. Raises ``sqlite3.IntegrityError`` for two
    records of one key.
    """
    _replace(connection, "ledger", view.records, held.records)
    _replace(connection, "pairs", view.pairs, held.pairs)


def _load(connection: sqlite3.Connection, table: str) -> pl.DataFrame:
    schema, _ = _TABLES[table]
    pages = [schema.to_frame()]
    while not (page := _page(connection, table, behind=pages[-1])).is_empty():
        pages.append(page)
    return pl.concat(pages, rechunk=True)


def _page(
    connection: sqlite3.Connection, table: str, behind: pl.DataFrame
) -> pl.DataFrame:
    """The rows behind the last one of a page, each column as one text: a tuple of each
    row would take more than twice as long, and several times the memory."""
    schema, order = _TABLES[table]
    last = behind.select(order).row(-1) if behind.height else ("",) * len(order)
    columns = ", ".join(f"json_group_array({name})" for name in schema)
    key, marks = ", ".join(order), ", ".join("?" * len(order))
    query = (
        f"SELECT {columns} FROM (SELECT * FROM {table} "  # noqa: S608 - constants
        f"WHERE ({key}) > ({marks}) ORDER BY {key} LIMIT ?)"
    )
    # Which order an aggregate takes its rows in, SQLite does not promise.
    return frame_of_texts(
        connection.execute(query, (*last, PAGE)).fetchone(), schema
    ).sort(order)


def _replace(
    connection: sqlite3.Connection,
    table: str,
    records: pl.DataFrame,
    held: pl.DataFrame,
) -> None:
    schema, order = _TABLES[table]
    names = list(schema)
    wanted, there = records.select(names), held.select(names)
    gone = there.join(wanted, on=names, how="anti", nulls_equal=True)
    fresh = wanted.join(there, on=names, how="anti", nulls_equal=True)
    key = " AND ".join(f"{name} = ?" for name in order)
    connection.executemany(
        f"DELETE FROM {table} WHERE {key}",  # noqa: S608 - constants
        gone.select(order).iter_rows(),
    )
    places = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})",  # noqa: S608 - constants
        fresh.sort(order).iter_rows(),
    )
