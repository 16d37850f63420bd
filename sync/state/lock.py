"""One run per target at a time, and one watcher per folder.

Level 3, under ``sync.state``. The lock is the kernel's (``flock``), so it is free the
moment its process is gone, however it went; the file only says who holds it. It is
never deleted: a deleted lock file could be held twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sync.disk import open_private
from sync.errors import LocalError, LockedError
from sync.state.folder import StateFolder, local_errors, plain_name

_POLL_SECONDS = 0.1
_LONGEST_NOTE = 4096


@contextlib.contextmanager
def hold(
    folder: StateFolder,
    target: str,
    *,
    run: str,
    started: datetime,
    wait: timedelta | None = None,
) -> Iterator[None]:
    """Hold the lock of that target within the block.

    ``wait``: how long to wait for whoever holds it; none: not at all. Raises
    ``LockedError`` naming the holder, and ``LocalError`` where nothing can be locked.
    """
    path = folder.locks / f"{plain_name(target)}.lock"
    patience = time.monotonic() + (wait or timedelta()).total_seconds()
    with _opened(path) as descriptor:
        while not _take(descriptor, path):
            if time.monotonic() >= patience:
                raise _locked(target, descriptor)
            time.sleep(_POLL_SECONDS)
        with local_errors(path):
            _write_note(descriptor, run, started)
        yield


@contextlib.contextmanager
def watch_alone(path: Path, folder: Path, started: datetime) -> Iterator[None]:
    """Be the one watcher of a folder within the block; ``path`` is its lock.

    Raises ``LockedError`` naming the other one, and ``LocalError`` where nothing can be
    locked.
    """
    with _opened(path) as descriptor:
        if not _take(descriptor, path):
            message = f"{folder} is watched already, by {_holder(descriptor)}"
            raise LockedError(message, do="let that one go on, or end it first")
        with local_errors(path):
            _write_note(descriptor, None, started)
        yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    with local_errors(path):
        descriptor = open_private(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # some network file systems have none
        reason = error.strerror or type(error).__name__
        message = f"{path} cannot be locked on this file system: {reason}"
        do = "set state_dir to a folder on a local disk"
        raise LocalError(message, do=do) from None
    return True


def _write_note(descriptor: int, run: str | None, started: datetime) -> None:
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "run": run,
        "started": started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(note).encode(), 0)


def _locked(target: str, descriptor: int) -> LockedError:
    do = "wait for it to end, or let this command wait with --wait 30m"
    message = f"target {target} is in the hands of {_holder(descriptor)}"
    return LockedError(message, do=do)


def _holder(descriptor: int) -> str:
    try:
        note = json.loads(os.pread(descriptor, _LONGEST_NOTE, 0))
        run = "" if note["run"] is None else f"run {note['run']}, "
        return run + "process {pid} on {host} since {started}".format(**note)
    except (ValueError, KeyError, TypeError):  # it is being written at this moment
        return "another command"
