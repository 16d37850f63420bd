"""How much memory a run may take, and where the rest of its frames lies.

In: the configuration, and the drop as it lies on the disk. Out: the shelf of a run.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

from sync.config import Config
from sync.errors import RosterSyncError
from sync.shelf import Shelf
from sync.state import StateFolder

MEBIBYTE = 2**20
SLICE = 1 << 14
"""Rows of a large frame that are worked on at once."""
LARGE_DROP = 24
"""Mebibytes of a drop from which on its frames are worth a place on the shelf."""
PACKED = 8
"""So many times smaller rosters become in a zip."""


def shelf_of(config: Config, drop: Path | None = None) -> Shelf:
    """Where large frames of the runs of this configuration lie: in the state folder,
    which is made when there is one, and not for a drop that is not read at all.

    Those of a small drop all fit into memory; only what the target holds may not.
    """

    @cache
    def folder() -> Path:
        try:
            return StateFolder(config.state_dir).path
        except RosterSyncError as error:  # which the run itself will tell
            raise OSError(str(error)) from None

    small = drop is not None and size_of(drop) < LARGE_DROP * MEBIBYTE
    least = 1 if config.memory == "low" else 32 if small else 4
    return Shelf(folder, least * MEBIBYTE, SLICE)


def size_of(drop: Path) -> int:
    """Bytes of a file, or of the files of a folder; of what cannot be looked at, 0."""
    with suppress(OSError):
        files = drop.iterdir() if drop.is_dir() else [drop]
        size = sum(file.stat().st_size for file in files if file.is_file())
        return size * PACKED if drop.suffix.lower() == ".zip" else size
    return 0
