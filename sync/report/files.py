"""Write a file of the run's folder whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sync.disk import replaced


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write into that takes its place when the block ends without error,
    and is on the disk then.

    Raises OSError when the folder is not writable or the disk is full; what stood
    at ``path`` before then still stands there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    draft.unlink(missing_ok=True)
    with replaced(path, draft) as file:
        yield file


def write_private(path: Path, content: bytes) -> None:
    """Write these bytes at ``path``, atomically, with mode 0600."""
    with private_file(path) as file:
        file.write(content)
