"""The digest of what lies in a drop: whether it is what it was, byte for byte.

In: files below a folder. Out: one digest over their names and bytes; none where a file
went away or failed meanwhile, so that nothing can be said.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from sync.watch.look import Stamp

_CHUNK = 1 << 20
_UNREADABLE = b"unreadable"
"""In place of the bytes of what this user may not read, or of what is no file; the run
says so."""


def digest(base: Path, stamp: Stamp, stopped: Callable[[], bool]) -> str | None:
    """The digest of these files; none where it could not be made, or ``stopped`` came
    true, which is asked for each megabyte."""
    whole = hashlib.sha256()
    for file, _, _ in stamp:
        try:
            own = _of_file(base / file, stopped)
        except PermissionError:
            own = _UNREADABLE
        except OSError:
            return None
        if own is None:
            return None
        whole.update(os.fsencode(file) + b"\0" + own)
    return whole.hexdigest()


def _of_file(path: Path, stopped: Callable[[], bool]) -> bytes | None:
    """A pipe or a device might never end, a link may lead anywhere: neither is read."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return _UNREADABLE
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    own = hashlib.sha256()
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            own.update(chunk)
            if stopped():
                return None
    return own.digest()
