"""A file layer for SQLite under which the power may fail.

What is written and not synced is kept apart. When the power fails, each sector of it is
there, or not, or is rubbish, and a name that no sync of its folder has confirmed is
there or not. ``Power.survivors`` is the disk as the next start finds it.

SQLite cannot share memory under a file layer of ours, so the connection is an exclusive
one; what it writes and syncs is the same.
"""

from __future__ import annotations

import errno
import os
import random
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest

from sync.state import database

SECTOR = 512
NAME = "tests-power"
NEVER = 1 << 60


@dataclass(slots=True)
class Stored:
    """One file: what is surely on the disk, and what was written since."""

    surely: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Offset and content; without content the length to which it was cut."""

    def synced(self) -> None:
        """Everything written is on the disk."""
        for offset, content in self.since:
            _laid(self.surely, offset, content)
        self.since.clear()

    def survives(self, chance: random.Random) -> bytes:
        """What of it is there after the power has failed."""
        content = bytearray(self.surely)
        for offset, written in self.since:
            if written is None:
                if chance.random() < 0.5:
                    _laid(content, offset, None)
                continue
            for start in range(0, len(written), SECTOR):
                sector = written[start : start + SECTOR]
                fate = chance.random()
                if fate < 0.4:
                    _laid(content, offset + start, sector)
                elif fate < 0.6:
                    _laid(content, offset + start, chance.randbytes(len(sector)))
        return bytes(content)


def _laid(content: bytearray, offset: int, written: bytes | None) -> None:
    if written is None:
        del content[offset:]
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(written)] = written


@dataclass(slots=True)
class Power:
    """The power of one machine: it fails at the n-th thing that is done to the disk."""

    chance: random.Random
    fails_at: int = NEVER
    full_at: int = NEVER
    """Bytes after which nothing more can be written."""
    done: int = 0
    written: int = 0
    files: dict[str, Stored] = field(default_factory=dict)
    """By path."""
    surely_there: set[str] = field(default_factory=set)
    """Names that a sync of their folder has confirmed."""
    going: dict[str, Stored] = field(default_factory=dict)
    """Names that were taken away without such a sync."""

    def step(self) -> None:
        """One more thing is done. Raises ``apsw.IOError`` once the power is off."""
        self.done += 1
        if self.off:
            message = "the power is off"
            raise apsw.IOError(message)

    @property
    def off(self) -> bool:
        """Whether it has failed."""
        return self.done >= self.fails_at

    def room_for(self, count: int) -> None:
        """Raises ``apsw.FullError`` where so many bytes do not go on the disk."""
        if self.written + count > self.full_at:
            message = "the disk is full"
            raise apsw.FullError(message)
        self.written += count

    def survivors(self, folder: Path) -> None:
        """Write what is left of the files into another folder."""
        for path, stored in [*self.going.items(), *self.files.items()]:
            certain = path in self.surely_there and path not in self.going
            if certain or self.chance.random() < 0.5:
                name = Path(path).name
                (folder / name).write_bytes(stored.survives(self.chance))

    def link(self, source: str, target: str) -> None:
        """Another name for a file, as ``os.link`` gives it."""
        self.step()
        self.files[target] = self.files[source]

    def sync_folder(self, folder: str) -> None:
        """The names in a folder are on the disk, and those taken away are not."""
        self.step()
        self.surely_there |= {one for one in self.files if _in(one, folder)}
        for one in [one for one in self.going if _in(one, folder)]:
            del self.going[one]

    def forget(self, path: str, *, surely: bool) -> None:
        """A name is taken away."""
        self.step()
        stored = self.files.pop(path, None)
        if stored is not None and not surely and path in self.surely_there:
            self.going[path] = stored
        self.surely_there.discard(path)


def _in(path: str, folder: str) -> bool:
    return str(Path(path).parent) == folder


class _Layer(apsw.VFS):
    """The file layer, over that of the operating system."""

    def __init__(self, power: Power, name: str) -> None:
        self.power = power
        super().__init__(name, base="")

    def xOpen(self, name: Any, flags: Any) -> _File:  # noqa: N802 - the name of SQLite
        return _File(self.power, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - the name of SQLite
        self.power.forget(filename, surely=syncdir)
        super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    """One open file."""

    def __init__(self, power: Power, name: Any, flags: Any) -> None:
        super().__init__("", name, flags)
        self.power = power
        path = name if isinstance(name, str) else name.filename()
        self.path = path
        self.stored = power.files.setdefault(path, Stored())

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - the name of SQLite
        self.power.room_for(len(data))
        if not self.power.off:
            self.stored.since.append((offset, bytes(data)))
        self.power.step()
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - the name of SQLite
        if not self.power.off:
            self.stored.since.append((newsize, None))
        self.power.step()
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - the name of SQLite
        self.power.step()
        self.stored.synced()
        if self.path.endswith(("-wal", "-journal")):
            # SQLite's own layer syncs the folder with the first sync of such a file:
            # what had that name before is gone for good.
            self.power.surely_there.add(self.path)
            self.power.going.pop(self.path, None)


class Cursor:
    """As much of a cursor of ``sqlite3`` as the program uses."""

    def __init__(self, rows: list[tuple[Any, ...]], rowcount: int) -> None:
        """Keep the rows."""
        self._rows = iter(rows)
        self.rowcount = rowcount

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return next(self._rows, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rest of them."""
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The rest of them."""
        return self._rows


class Connection:
    """As much of a connection of ``sqlite3`` as the program uses, over ``apsw``."""

    def __init__(self, path: Path, layer: str, careless: bool) -> None:
        """Open the database through the layer of that name."""
        flags = apsw.SQLITE_OPEN_READWRITE
        self.careless = careless
        with _errors():
            self._connection = apsw.Connection(str(path), flags=flags, vfs=layer)
            self.execute("PRAGMA locking_mode = EXCLUSIVE")

    def execute(self, statement: str, values: Any = ()) -> Cursor:
        """Carry one statement out."""
        if self.careless:
            statement = statement.replace("synchronous = FULL", "synchronous = OFF")
        with _errors():
            before = self._connection.total_changes()
            rows = self._connection.execute(statement, values or None).fetchall()
            return Cursor(rows, self._connection.total_changes() - before)

    def executemany(self, statement: str, values: Iterable[Any]) -> Cursor:
        """Carry it out for each of the values."""
        with _errors():
            before = self._connection.total_changes()
            self._connection.executemany(statement, values)
            return Cursor([], self._connection.total_changes() - before)

    def executescript(self, statements: str) -> None:
        """Carry several out."""
        with _errors():
            self._connection.execute(statements)

    def close(self) -> None:
        """Close the database."""
        with _errors():
            self._connection.close()


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        told = sqlite3.OperationalError(type(error).__name__)
        told.sqlite_errorcode = getattr(error, "extendedresult", sqlite3.SQLITE_IOERR)
        told.sqlite_errorname = type(error).__name__
        raise told from None


@contextmanager
def _of_the_system() -> Iterator[None]:
    try:
        yield
    except apsw.IOError:
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from None


@contextmanager
def powered(
    power: Power, *, careless: bool = False
) -> Iterator[Callable[[Path], sqlite3.Connection]]:
    """How connections are made on a machine with this power.

    ``careless``: nothing is ever synced, to see that the layer loses it.
    """
    layer = _Layer(power, NAME)

    def connect(path: Path) -> sqlite3.Connection:
        found: Any = Connection(path, NAME, careless)
        return found  # type: ignore[no-any-return]

    def link(source: Path, target: Path) -> None:
        with _of_the_system():
            power.link(str(source), str(target))
        os.link(source, target)

    def sync_folder(folder: Path) -> None:
        with _of_the_system():
            power.sync_folder(str(folder))

    class Os:
        """The module with another way to link."""

        def __getattr__(self, name: str) -> Any:
            return link if name == "link" else getattr(os, name)

    with pytest.MonkeyPatch.context() as patch:
        # SQLite has no use for errors while it rolls back, so the layer tells others.
        patch.setattr(sys, "unraisablehook", lambda _: None)
        patch.setattr(database, "os", Os())
        patch.setattr(database, "sync_folder", sync_folder)
        yield connect
    layer.unregister()
