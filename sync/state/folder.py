"""The state folder: where everything that outlives a run lies, for one user only.

Level 3, under ``sync.state``. Folders are 0700 and files 0600 under any umask; a file
is replaced whole or not at all; a folder of a newer program is refused.

    version                     the version of this layout
    seal.key                    the key of the seals of plans
    locks/TARGET.lock           who runs now
    targets/TARGET.sqlite       runs, good drops, ledger
    targets/TARGET.same.json    the last good run, where it found nothing to do
    targets/TARGET.accepted.json  findings that somebody knows, as digests
    targets/TARGET.told.json    how its runs ended, as people and monitors were told
    mirrors/TARGET/             what the target held when it was last read
    runs/RUN/                   journal, plan and reports of one run
    watches/FOLDER/             what was claimed in a watched folder and is not filed
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sync.disk import PRIVATE_FOLDER, read_regular, replaced, sync_folder
from sync.errors import LocalError, UsageError

STATE_VERSION = 3
"""Of this layout and of the tables of every database in it. Since 2 the ledger knows
whose record an enrollment is, since 3 a run which other run it takes back."""
OLDEST_VERSION = 1

_VERSION_FILE = "version"
_LONGEST_VERSION = 100
"""Characters; more is no number of a version."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class StateFolder:
    """One state folder, made on first use. Raises ``LocalError`` where it cannot be
    written and ``UsageError`` where a newer program wrote it."""

    def __init__(self, path: Path) -> None:
        """Open the folder, or make it with everything that it must have."""
        self.path = path.absolute()
        make_folder(self.path)
        self._settle_version()
        self.locks = self._part("locks")
        self.targets = self._part("targets")
        self.mirrors = self._part("mirrors")
        self.runs = self._part("runs")

    def __repr__(self) -> str:
        """Its path."""
        return f"StateFolder({str(self.path)!r})"

    def new_run_id(self, now: datetime, target: str) -> str:
        """A name such as ``20261121T114500Z-district-3f2a`` that no run has yet."""
        begun = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        while (self.runs / (run := _run_id(begun, target))).exists():
            continue
        return run

    def run_folder(self, run: str) -> Path:
        """The folder of that run, made where it is not there yet."""
        folder = self.runs / plain_name(run)
        make_folder(folder)
        return folder

    def watch_folder(self, watched: Path) -> Path:
        """The folder for what is known of a watched folder, made on first use."""
        place = os.fsencode(watched.resolve())
        folder = self._part("watches") / hashlib.sha256(place).hexdigest()[:16]
        make_folder(folder)
        return folder

    def _part(self, name: str) -> Path:
        folder = self.path / name
        make_folder(folder)
        return folder

    def _settle_version(self) -> None:
        file = self.path / _VERSION_FILE
        try:
            found = read_regular(file, _LONGEST_VERSION + 1).decode("ascii").strip()
        except FileNotFoundError:
            write_atomic(file, f"{STATE_VERSION}\n".encode())
            return
        except UnicodeDecodeError:
            found = ""
        except OSError as error:
            raise local_error(file, error) from None
        if not found.isdecimal() or len(found) > _LONGEST_VERSION:
            message = f"{file} is damaged: it holds no version number"
            raise LocalError(
                message, do=f"restore it; this program writes {STATE_VERSION}"
            )
        check_version(file, int(found))
        if int(found) < STATE_VERSION:
            write_atomic(file, f"{STATE_VERSION}\n".encode())


def check_version(path: Path, found: int) -> None:
    """Refuse what a newer program wrote; what an older one wrote is brought up to date
    where it is opened for writing.

    Raises ``UsageError`` for a newer version and ``LocalError`` for a number that never
    was.
    """
    if found > STATE_VERSION:
        message = (
            f"{path} was written by a newer roster-sync (state version {found}; this"
            f" program knows {STATE_VERSION})"
        )
        raise UsageError(message, do="use the newer program")
    if found < OLDEST_VERSION:
        message = f"{path} is damaged: there never was a state version {found}"
        raise LocalError(message, do="restore it from a backup")


def _run_id(begun: str, target: str) -> str:
    return f"{begun}-{target}-{secrets.token_hex(2)}"


def plain_name(name: str) -> str:
    """The name, if it names an entry of a folder and nothing outside it.

    Raises ``UsageError``: names of runs come from the command line.
    """
    if name in {"", ".", ".."} or "/" in name or "\0" in name or len(name) > 255:  # noqa: PLR2004 - NAME_MAX
        message = "a name of a run or a target has no / and at most 255 characters"
        raise UsageError(message, do="see the names with: roster-sync runs")
    return name


def make_folder(path: Path) -> None:
    """Make a folder of mode 0700 (and the ones above it); leave one that is there."""
    with local_errors(path):
        if path.is_dir():
            return
        if not path.parent.is_dir():
            make_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(PRIVATE_FOLDER)
            path.chmod(PRIVATE_FOLDER)
            sync_folder(path.parent)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole or not at all, and on the disk when it returns.

    Raises ``LocalError``; what was there before is there still.
    """
    with local_errors(path), replaced(path) as file:
        file.write(content)


@contextlib.contextmanager
def local_errors(path: Path) -> Iterator[None]:
    """Within it an ``OSError`` becomes a ``LocalError`` about that path."""
    try:
        yield
    except OSError as error:
        raise local_error(path, error) from None


def local_error(path: Path, error: OSError) -> LocalError:
    """What the operator must do about that error of the operating system."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        do = "make room on that disk, then run again"
    elif error.errno in _DENIED:
        do = f"give the user of this command write permission in {path.parent}"
    else:
        do = "look at that path, or set another state_dir"
    return LocalError(f"{path} cannot be used: {reason}", do=do)
