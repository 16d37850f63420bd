"""Write a file of the run's folder whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

MODE = 0o600
"""Reports name people; the mode holds under any umask."""


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write into that takes its place when the block ends without error,
    and is on the disk then.

    Raises OSError when the folder is not writable or the disk is full; what stood
    at ``path`` before then still stands there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), MODE)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Put the names in that folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Write these bytes at ``path``, atomically, with mode 0600."""
    with private_file(path) as file:
        file.write(content)
