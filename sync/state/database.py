"""SQLite as this program uses it: private files, durable commits, errors as sentences.

Level 3, within ``sync.state``. Every database is one file of mode 0600 with
``synchronous = FULL``, and has one writing connection.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl

from sync.disk import create_private, sync_folder
from sync.errors import LocalError
from sync.state.folder import STATE_VERSION, check_version

Connect = Callable[[Path], sqlite3.Connection]
"""How a writing connection is made; tests put failing ones here."""

_STORED: dict[object, pl.DataType] = {pl.Boolean: pl.Int64(), pl.Datetime: pl.Int64()}
"""What SQLite gives for types that it does not have."""
_PATIENCE_SECONDS = 30.0
_PRIMARY_CODE = 0xFF
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_DAMAGED = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
)
"""The last one: a table is not there."""


class DamagedError(LocalError):
    """A database that is not as this program left it."""


def connect(path: Path) -> sqlite3.Connection:
    """A writing connection to a database that is there; it may change threads, used
    by one at a time. Transactions are explicit."""
    return sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=_PATIENCE_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write and never checkpoints, closed after the block."""
    with database_errors(path):
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_SECONDS
        )
        with contextlib.closing(connection):
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            yield connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def create(
    path: Path,
    tables: str,
    fill: Callable[[sqlite3.Connection], object],
    using: Connect,
) -> None:
    """Make a database with its tables and first rows, whole or not at all.

    It gets its name when it is complete and on the disk, and never takes the place of
    one that is there. Raises ``FileExistsError``, ``OSError`` and ``sqlite3.Error``.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    os.close(create_private(draft))
    try:
        with contextlib.closing(using(draft)) as connection:
            make_durable(connection)
            connection.executescript(tables)
            with transaction(connection):
                connection.execute(f"PRAGMA user_version = {STATE_VERSION}")
                fill(connection)
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_durable(connection: sqlite3.Connection) -> None:
    """Let a commit return only when its pages are on the disk, on macOS too."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")


def check(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a damaged database and one of a newer program.

    Raises ``LocalError``, ``UsageError`` or ``sqlite3.Error``.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not version:  # a file without anything in it
        raise _damaged(path)
    check_version(path, version)
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise _damaged(path)


@contextlib.contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Within it an ``sqlite3.Error`` becomes a ``LocalError`` about that database."""
    try:
        yield
    except sqlite3.Error as error:
        raise database_error(path, error) from None
    except UnicodeDecodeError:  # SQLite quotes the rubbish that it found
        raise _damaged(path) from None


def database_error(path: Path, error: sqlite3.Error) -> LocalError:
    """What the operator must do. SQLite's own text is left out: it may hold values."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    if code in _DAMAGED:
        return _damaged(path)
    if code in _FULL:
        message = f"{path} cannot be written: the disk is full or failed"
        return LocalError(message, do="make room on that disk, then run again")
    if code == sqlite3.SQLITE_BUSY:
        message = f"{path} is in use by another command"
        return LocalError(message, do="run again when that has ended")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    do = f"see that {path.parent} is on a local disk and belongs to this user"
    return LocalError(f"{path} cannot be used: {name}", do=do)


def _damaged(path: Path) -> DamagedError:
    do = "restore it from a backup, or move it away to begin without it"
    return DamagedError(f"{path} is damaged", do=do)


def frame(cursor: sqlite3.Cursor, schema: pl.Schema) -> pl.DataFrame:
    """The rows of a query, whose columns are those of the schema in order."""
    columns = tuple(zip(*cursor.fetchall(), strict=True)) or ((),) * len(schema)
    return _frame(columns, schema)


def frame_of_texts(texts: Sequence[str], schema: pl.Schema) -> pl.DataFrame:
    """The columns of a schema in order, each a JSON array of what SQLite holds."""
    return _frame([json.loads(text) for text in texts], schema)


def _frame(columns: Sequence[Sequence[object]], schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series(name, values, _STORED.get(dtype.base_type(), dtype))
            for (name, dtype), values in zip(schema.items(), columns, strict=True)
        ]
    ).cast(schema)
