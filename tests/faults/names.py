"""Files and their names on a machine whose power may fail.

What is written to a file is on the disk after a sync of the file, and a name or its
change after a sync of the folder. ``Files.survivors`` says what each name holds when
the machine starts again.
"""

from __future__ import annotations

import errno
import os
import pathlib
import random
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

MODULES = ("sync.disk",)
"""Whatever replaces files."""


@dataclass(slots=True)
class Files:
    """The power of one machine, which fails at the n-th thing that is done."""

    chance: random.Random
    fails_at: int
    done: int = 0
    contents: dict[int, bytes] = field(default_factory=dict)
    """By inode, what is surely in a file."""
    names: dict[str, int] = field(default_factory=dict)
    """Names that are surely there, and their inodes."""
    since: list[tuple[str, int]] = field(default_factory=list)
    """Names given since the last sync of the folder."""

    def step(self) -> None:
        """One more thing is done. Raises ``OSError`` once the power is off."""
        self.done += 1
        if self.done >= self.fails_at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def synced(self, descriptor: int) -> None:
        """A file, or the names in a folder, are on the disk."""
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            self.names.update(self.since)
            self.since.clear()
        else:
            self.contents[found.st_ino] = os.pread(descriptor, found.st_size, 0)

    def replaced(self, source: Path, target: Path) -> None:
        """A name is given to another file."""
        self.since.append((target.name, source.stat().st_ino))

    def survivors(self) -> dict[str, bytes]:
        """What each name holds after the power has failed."""
        some = self.since[: self.chance.randint(0, len(self.since))]
        return {
            name: self.contents.get(inode, self.chance.randbytes(8))
            for name, inode in {**self.names, **dict(some)}.items()
        }


@contextmanager
def powered_files(files: Files) -> Iterator[None]:
    """Within it the program replaces files on that machine."""
    replace = pathlib.Path.replace

    def replaced(self: Path, target: Path) -> Path:
        files.step()
        files.replaced(self, target)
        return replace(self, target)

    class Os:
        """The module with a sync that is noted."""

        def __getattr__(self, name: str) -> Any:
            return synced if name == "fsync" else getattr(os, name)

    def synced(descriptor: int) -> None:
        files.step()
        files.synced(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        for name in MODULES:
            patch.setattr(import_module(name), "os", Os())
        patch.setattr(pathlib.Path, "replace", replaced)
        yield
