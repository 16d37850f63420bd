"""Whether a drop stayed as it was while it was read.

A file that somebody still writes can be read without an error, and what is not written
yet would look as if it were gone. In: the files on disk, before and after. Out: the
findings that refuse the drop.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sync.model.finding import Finding, found
from sync.read.codes import STILL_CHANGING

Stamp = tuple[int, int, int, int]
"""Device and number of a file (another one may take its name), size and time."""
Stamps = Mapping[str | None, Stamp | None]


def stamp(path: Path) -> Stamp | None:
    """What tells whether a file was changed; None where there is none to be seen."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns


def stamps(files: Mapping[str | None, Path]) -> Stamps:
    """The stamps of files, by their place in the drop (None: the drop itself)."""
    return {file: stamp(path) for file, path in files.items()}


def changed(before: Stamps, after: Stamps) -> list[Finding]:
    """The files that are not as they were, or were not there before."""
    findings = []
    for file in {**before, **after}:
        if file not in before:
            message = "the file arrived while the drop was read"
        elif before[file] is not None and before[file] != after.get(file):
            message = "the file changed while it was read: it is still being written"
        else:
            continue
        findings.append(found(STILL_CHANGING, message, file=file))
    return findings
