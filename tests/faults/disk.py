"""Disks that are full and folders that cannot be written, for any user.

``limited`` and ``as_anybody`` are called in a child before its command: files may not
grow beyond a size, and the super-user's right to write everywhere is given up, so that
modes of folders bind him as well. ``failing`` lets every writing step from the n-th on
fail in this process: statements of SQLite, new files and folders, syncs, renames.
"""

from __future__ import annotations

import ctypes
import errno
import os
import pathlib
import resource
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

NEVER = 1 << 60
CAPABILITIES_3 = 0x20080522
"""Of the Linux call ``capset``."""
MODULES = (
    *(f"sync.state.{name}" for name in ("folder", "lock", "seal", "database")),
    *("sync.disk", "sync.report.files", "sync.log"),
)
"""Whatever writes by descriptor."""
WRITING = ("BEGIN", "COMMIT", "PRAGMA journal_mode")
"""What statements that write begin with; those between are in a transaction."""


def limited(size: int) -> None:
    """No file of this process may become longer."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def as_anybody() -> None:
    """Give up the rights of the super-user, if this is he, and remain who we are."""
    if os.geteuid() or sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_3, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a disk, in the words of the system and of SQLite."""

    system: int
    sqlite: int
    name: str


FULL = Trouble(errno.ENOSPC, sqlite3.SQLITE_FULL, "SQLITE_FULL")
READ_ONLY = Trouble(errno.EROFS, sqlite3.SQLITE_READONLY, "SQLITE_READONLY")
BROKEN = Trouble(errno.EIO, sqlite3.SQLITE_IOERR, "SQLITE_IOERR")


@dataclass(slots=True)
class Disk:
    """A disk on which every writing step from the n-th on fails."""

    trouble: Trouble
    fails_at: int = NEVER
    steps: int = 0

    def step(self) -> bool:
        """Whether one more step fails."""
        self.steps += 1
        return self.steps >= self.fails_at

    def ask_system(self) -> None:
        """Raises ``OSError`` where it fails."""
        if self.step():
            raise OSError(self.trouble.system, os.strerror(self.trouble.system))

    def ask_sqlite(self, statement: str) -> None:
        """Raises ``sqlite3.OperationalError`` where it fails."""
        if statement.startswith(WRITING) and self.step():
            error = sqlite3.OperationalError(self.trouble.name)
            error.sqlite_errorcode = self.trouble.sqlite
            error.sqlite_errorname = self.trouble.name
            raise error


class _Os:
    """The module ``os`` on such a disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        honest = getattr(os, name)
        if name not in {"open", "fsync", "link", "pwrite", "ftruncate"}:
            return honest

        def asked(*given: Any, **known: Any) -> Any:
            if name != "open" or given[1] & os.O_CREAT:
                self._disk.ask_system()
            return honest(*given, **known)

        return asked


@contextmanager
def failing(disk: Disk, folder: Path) -> Iterator[None]:
    """Within it the program in this process writes to that disk, below ``folder``."""
    with pytest.MonkeyPatch.context() as patch:
        for name in MODULES:
            if hasattr(module := import_module(name), "os"):
                patch.setattr(module, "os", _Os(disk))
        for name in ("mkdir", "replace"):
            patch.setattr(pathlib.Path, name, _path_call(disk, folder, name))
        patch.setattr(sqlite3, "connect", _connecting(disk))
        yield


def _path_call(disk: Disk, folder: Path, name: str) -> Any:
    honest = getattr(pathlib.Path, name)

    def asked(self: Path, *given: Any, **known: Any) -> Any:
        if self.is_relative_to(folder):
            disk.ask_system()
        return honest(self, *given, **known)

    return asked


def _connecting(disk: Disk) -> Any:
    honest = sqlite3.connect

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:
            disk.ask_sqlite(statement)
            return super().execute(statement, *given)

        def executescript(self, statements: str) -> sqlite3.Cursor:
            disk.ask_sqlite("BEGIN")
            return super().executescript(statements)

    def connect(path: str, **known: Any) -> sqlite3.Connection:
        if "mode=rw" in path:
            known["factory"] = Connection
        made: sqlite3.Connection = honest(path, **known)
        return made

    return connect
