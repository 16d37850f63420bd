"""Files on the disk: private, whole or not at all, and there when a call returns.

Beside ``sync.errors``, beneath everything that writes. In: a path and content. Out: a
file of mode 0600 under any umask. Every function raises ``OSError``; what to say of it
is for whoever knows what the file is.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
"""Rosters, plans and reports name people."""


def open_private(path: Path, flags: int) -> int:
    """Open a file with these flags and ``O_CREAT``, for its owner only; its
    descriptor."""
    descriptor = os.open(path, flags | os.O_CREAT, PRIVATE_FILE)
    os.fchmod(descriptor, PRIVATE_FILE)
    return descriptor


def create_private(path: Path) -> int:
    """Create a private file that is not there yet; its descriptor."""
    return open_private(path, os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A private file that was not there; what is written is on the disk afterwards."""
    with os.fdopen(create_private(path), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replaced(path: Path, draft: Path | None = None) -> Iterator[BinaryIO]:
    """A private file that takes its place when the block ends without an error, and is
    on the disk then, as is its name; else what stood at ``path`` stands there still.

    ``draft`` is where it is until then: a path in the same folder at which nothing is.
    """
    if draft is None:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with new_file(draft) as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def read_regular(path: Path, most: int) -> bytes:
    """At most so many bytes of a regular file: a pipe or a device need not end, and a
    pipe to which nobody writes would never begin."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:  # which refuses a folder itself
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return file.read(most)


def sync_folder(folder: Path) -> None:
    """Put the names in that folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_private(source: Path, target: Path) -> None:
    """A private copy in the place of what is there; a device is only written to."""
    if target.is_file():
        target.unlink()
    if not target.exists():
        os.close(open_private(target, os.O_WRONLY))
    shutil.copyfile(source, target)
