"""One look into a watched folder: which drops lie there, and how each of them looks.

In: the folder and the sentinels that its targets ask for. Out: each drop with a stamp,
in which every change of its files shows, and what speaks against it being complete.
Nothing is opened but zips in which a sentinel may be, and no link is followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sync.flow import announced, incomplete, is_sentinel, sentinels_beside
from sync.read import hidden
from sync.watch.names import LOOSE, is_archive, is_data, is_on_its_way, is_ours, meant

Stamp = tuple[tuple[str, int, int], ...]
"""Of each file its place, size and time of change, in order. Not its number, which some
network file systems give anew with each look."""
_NOT_A_FILE = -1
"""In place of a size: nothing in it that could be read."""
_ITSELF = "deliver the file itself"
_FOLDER, _ARCHIVE, _DATA, _NOTHING = "folder", "zip", "data", ""
_KNOWN = {_FOLDER, _ARCHIVE, _DATA, _NOTHING}


class Packing(StrEnum):
    """How a drop lies in the folder."""

    FOLDER = "folder"
    FILE = "file"
    """A zip, or the only data file that lies loose."""
    FILES = "files"
    """Several loose files, which are one drop all together."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The files of a drop."""

    stamp: Stamp
    unfit: str | None = None
    """Why it is not to be run: a link among them, or a name that is no text."""
    on_its_way: str | None = None
    """A file among them that is still being uploaded."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(max(0, size) for _, size, _ in self.stamp)


@dataclass(frozen=True, slots=True)
class Seen:
    """One drop at one look."""

    name: str
    packing: Packing
    inside: Inside
    files: tuple[str, ...]
    """What of the folder it consists of: itself, or the loose files."""
    signs: tuple[str, ...] = ()
    """The sentinels beside it that stand for it."""
    waits: str | None = None
    """Why it cannot be complete yet."""
    announced: bool = False
    """The sentinels that its targets ask for are all there."""

    @property
    def age(self) -> tuple[int, str]:
        """To put drops in the order in which they were made."""
        return max((time for _, _, time in self.inside.stamp), default=0), self.name


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look into the folder found."""

    drops: tuple[Seen, ...]
    left_alone: tuple[tuple[str, str], ...]
    """Names of what is no drop, each with the reason."""


def look(folder: Path, sentinels: Sequence[str]) -> Looked:
    """Look at all of the folder. Raises ``OSError`` where it cannot be seen."""
    entries = [
        one for one in _entries(folder) if not (hidden(one.name) or is_ours(one.name))
    ]
    signs = [one.name for one in entries if _any_sentinel(one.name, sentinels)]
    coming = [meant(one.name) for one in entries if is_on_its_way(one.name)]
    kinds = {one.name: _kind(one) for one in entries if one.name not in signs}
    single = [name for name, kind in kinds.items() if kind in {_FOLDER, _ARCHIVE}]
    loose = [name for name, kind in kinds.items() if kind == _DATA]
    more = [one for one in coming if is_data(one)]
    if len(loose) == 1 and not more:
        single += loose
    drops = [_single(folder, name, sentinels) for name in single]
    if loose and loose[0] not in single:
        own = [one for one in signs if not any(bears(one, name) for name in single)]
        drops.append(_loose(folder, loose, more, own, sentinels))
    found = [one for one in drops if one.inside.stamp]
    odd = [(name, kind) for name, kind in kinds.items() if kind not in _KNOWN]
    return Looked(tuple(found), tuple(odd))


def inside(base: Path, files: Sequence[str]) -> Inside:
    """What these files and folders below ``base`` hold. Raises ``OSError``."""
    rows: list[tuple[str, int, int]] = []
    unfit: list[str] = []
    coming: list[str] = []
    for file, found in sorted(_walk(base, files)):
        if stat.S_ISLNK(found.st_mode):
            unfit.append(f"{file} is a link, and links are not followed; {_ITSELF}")
        elif not _is_text(file):
            unfit.append(f"the name {file} is no text in UTF-8; name it anew")
        elif is_on_its_way(file):
            coming.append(file)
        regular = stat.S_ISREG(found.st_mode)
        size = found.st_size if regular else _NOT_A_FILE
        rows.append((file, size, found.st_mtime_ns))
    return Inside(tuple(rows), _first(unfit), _first(coming))


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _first(names: Sequence[str]) -> str | None:
    return names[0] if names else None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted(found, key=lambda one: one.name)


def _kind(one: os.DirEntry[str]) -> str:
    """What it is; or why it is no drop, where a word should be lost on it."""
    if is_on_its_way(one.name):
        return _NOTHING
    try:
        mode = one.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:  # it has gone since
        return _NOTHING
    if stat.S_ISDIR(mode):
        return _FOLDER
    if not stat.S_ISREG(mode):
        link = "it is a link, and links are not followed"
        return link if stat.S_ISLNK(mode) else "it is neither a file nor a folder"
    if is_archive(one.name):
        return _ARCHIVE
    return _DATA if is_data(one.name) else "its name is not that of a drop"


def _walk(base: Path, files: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below; one that has gone since is left out, and a folder that may not
    be listed counts as a file that cannot be read. Raises ``OSError`` for anything else
    that fails: what a mount in trouble does not show is not gone."""
    for file in files:
        try:
            found = (base / file).lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(found.st_mode):
            yield file, found
            continue
        try:
            names = [one for one in os.listdir(base / file) if not hidden(one)]  # noqa: PTH208 - names alone
        except PermissionError:
            yield file, found
        except (FileNotFoundError, NotADirectoryError):
            continue
        else:
            yield from _walk(base, [f"{file}/{one}" for one in names])


def _single(folder: Path, name: str, sentinels: Sequence[str]) -> Seen:
    path = folder / name
    found = inside(folder, [name])
    missing = [one for one in sentinels if incomplete(path, one) is not None]
    beside = [sign.name for one in sentinels for sign in sentinels_beside(path, one)]
    return Seen(
        name,
        Packing.FOLDER if path.is_dir() else Packing.FILE,
        found,
        (name,),
        signs=tuple(dict.fromkeys(beside)),
        waits=_waits(found.on_its_way, missing),
        # Of a zip that cannot be opened nobody knows: it has to lie still.
        announced=bool(sentinels) and all(announced(path, one) for one in sentinels),
    )


def _loose(
    folder: Path,
    names: Sequence[str],
    coming: Sequence[str],
    signs: Sequence[str],
    sentinels: Sequence[str],
) -> Seen:
    missing = [one for one in sentinels if not _announced(names, signs, one)]
    return Seen(
        LOOSE,
        Packing.FILES,
        inside(folder, names),
        tuple(names),
        signs=tuple(signs),
        waits=_waits(_first(coming), missing),
        announced=bool(sentinels) and not missing,
    )


def _announced(names: Sequence[str], signs: Sequence[str], sentinel: str) -> bool:
    """Whether loose files are announced: all by one sentinel, or each by its own."""
    matching = [one for one in signs if is_sentinel(one, sentinel)]
    named = {name for name in names if any(bears(one, name) for one in matching)}
    alone = [one for one in matching if not any(bears(one, name) for name in names)]
    return bool(alone) or named == set(names)


def bears(sentinel: str, name: str) -> bool:
    """Whether a sentinel has the name of that drop or file."""
    stem = name.rpartition(".")[0] or name
    beginnings = (f"{name}.".casefold(), f"{stem}.".casefold())
    return sentinel.casefold().startswith(beginnings)


def _any_sentinel(name: str, sentinels: Sequence[str]) -> bool:
    return any(is_sentinel(name, one) for one in sentinels)


def _waits(on_its_way: str | None, missing: Sequence[str]) -> str | None:
    if on_its_way is not None:
        return f"{on_its_way} is still on its way"
    return f"there is no {missing[0]} yet" if missing else None
