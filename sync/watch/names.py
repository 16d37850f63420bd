"""Which names in a watched folder mean what.

In: the name of a file or folder. Out: whether it may belong to a drop, is still on its
way, or is ours.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import count
from pathlib import PurePath

WORKING = "working"
DONE, REJECTED, HELD = "done", "rejected", "held"
OURS = frozenset({WORKING, DONE, REJECTED, HELD})
"""The folders that a watcher makes in the folder it watches."""

LOOSE = "files"
"""How a drop of files that lie loose in the folder is called."""
DATA = (".csv", ".txt", ".text", ".tsv")
"""How files of a drop end that lie loose in the folder; mappings name no others."""
ARCHIVE = ".zip"
_ON_THEIR_WAY = (
    *(".part", ".partial", ".filepart", ".tmp", ".temp", ".upload", ".uploading"),
    *(".download", ".crdownload", ".opdownload", ".incomplete", ".inprogress"),
)
"""What programs append to a name until the file is whole: WinSCP, FileZilla, lftp,
browsers, and house rules of schools."""


def is_ours(name: str) -> bool:
    """Whether a watcher made it; some systems do not tell upper case from lower."""
    return name.casefold() in OURS


def is_on_its_way(name: str) -> bool:
    """Whether a file of that name is still being uploaded."""
    return name.casefold().endswith(_ON_THEIR_WAY)


def is_data(name: str) -> bool:
    """Whether a loose file of that name belongs to a drop."""
    return name.casefold().endswith(DATA)


def is_archive(name: str) -> bool:
    """Whether a file of that name is a drop by itself."""
    return name.casefold().endswith(ARCHIVE)


def meant(name: str) -> str:
    """The name that a file on its way will have."""
    ending = next((one for one in _ON_THEIR_WAY if name.casefold().endswith(one)), "")
    return name[: len(name) - len(ending)]


def numbered(name: str) -> Iterator[str]:
    """The name, then ``night-2.zip``, ``night-3.zip`` and so on."""
    path = PurePath(name)
    ends = is_archive(name) or is_data(name)
    stem, ending = (path.stem, path.suffix) if ends else (name, "")
    yield name
    for number in count(2):
        yield f"{stem}-{number}{ending}"


def free_name(name: str, taken: Container[str], beside: tuple[str, ...]) -> str:
    """The first of the ``numbered`` names that is free, with all that is to stand
    beside it: the ends that are put behind it. Names of ``taken`` are casefolded."""
    return next(
        one
        for one in numbered(name)
        if not any(f"{one}{end}".casefold() in taken for end in ("", *beside))
    )
