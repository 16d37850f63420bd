"""Moving a drop: out of the watched folder, and to where it is filed.

Each move is one rename within the folder. What was moved when a process died is seen
by what is where, so each function may be called again and goes on.

Nothing that stands somewhere is overwritten, and nothing is read through a link.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from markupsafe import escape

from sync.disk import PRIVATE_FOLDER, replaced, sync_folder
from sync.watch.claims import Claim
from sync.watch.names import WORKING, free_name


def take(folder: Path, claim: Claim) -> bool:
    """Move what belongs to the claim into its room; False where nothing of the drop
    was there any more.

    Raises ``OSError`` where something cannot be moved; then all is where it was.
    """
    for one in (claim.room(folder), claim.base(folder)):
        make(one)
    moves = claim.moves(folder)
    try:
        for here, there in moves:
            _move(here, there)
    except OSError:
        for here, there in moves:
            with suppress(OSError):
                _move(there, here)
        clear(folder, claim)
        raise
    for one in {claim.base(folder), claim.room(folder), folder}:
        _on_disk(one)
    return is_there(folder, claim)


def _move(here: Path, there: Path) -> None:
    """What has been moved before, or has gone, is left as it is."""
    if not _exists(there):
        with suppress(FileNotFoundError):
            here.rename(there)


def is_there(folder: Path, claim: Claim) -> bool:
    """Whether anything of a claimed drop lies in its room. Raises ``OSError`` where
    that cannot be told."""
    base = claim.base(folder)
    return any(_exists(base / one) for one in claim.files)


def _exists(path: Path) -> bool:
    """Links count, wherever they lead; a mount in trouble is no answer."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def choose(folder: Path, claim: Claim, kind: str, beside: tuple[str, ...]) -> str:
    """Where to file it, by a name that is free with all that is to stand beside it.
    Raises ``OSError``."""
    shelf = folder / kind
    make(shelf)
    return f"{kind}/{free_name(claim.name, _names(shelf), beside)}"


def file_away(
    folder: Path, claim: Claim, filed: str, texts: Mapping[str, bytes]
) -> None:
    """File a claimed drop there, with these texts beside it by the ends of their names.

    The texts come first, so that a drop which is filed has them. Raises ``OSError``.
    """
    place, drop = folder / filed, claim.drop(folder)
    make(place.parent)
    _demand_free(drop, place)
    for end, text in texts.items():
        with replaced(place.with_name(place.name + end)) as file:
            file.write(text)
    _demand_free(drop, place)
    _move(drop, place)
    _file_signs(folder, claim, place)
    for one in {place.parent, claim.room(folder)}:
        _on_disk(one)
    clear(folder, claim)


def _demand_free(drop: Path, place: Path) -> None:
    """Raises ``OSError`` where somebody has put a thing there since it was chosen."""
    if _exists(drop) and _exists(place):
        raise FileExistsError(errno.EEXIST, "the name is taken", str(place))


def _file_signs(folder: Path, claim: Claim, place: Path) -> None:
    """Sentinels go along: with them a run by hand finds the drop complete as well."""
    for sign in claim.signs:
        path = claim.room(folder) / sign
        if _exists(path):
            name = _following(sign, claim.name, place.name)
            path.rename(place.with_name(free_name(name, _names(place.parent), ())))


def _following(sign: str, name: str, filed: str) -> str:
    """The name of a sentinel that had the drop's name, for the name of it now."""
    for was, now in ((name, filed), (Path(name).stem, Path(filed).stem)):
        if sign.startswith(f"{was}."):
            return now + sign[len(was) :]
    return sign


def _names(folder: Path) -> set[str]:
    return {one.casefold() for one in os.listdir(folder)}  # noqa: PTH208 - names alone


def clear(folder: Path, claim: Claim) -> None:
    """Remove the room of a claim where nothing is left in it."""
    for one in (claim.base(folder), claim.room(folder)):
        remove_if_empty(one)


def moved_text(report: bytes, folder: Path, claim: Claim, filed: str) -> bytes:
    """A report whose commands name the drop where it is filed."""
    was, now = (
        str(escape(str(one))).encode("utf-8", "surrogateescape")
        for one in (claim.drop(folder), folder / filed)
    )
    return report.replace(was, now)


def make(folder: Path) -> None:
    """Make a private folder, and the one above it. Raises ``OSError``, also where there
    is a link in its place: whoever may write there could lead us anywhere by it."""
    if is_folder(folder):
        return
    if not is_folder(folder.parent):
        make(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(PRIVATE_FOLDER)
        folder.chmod(PRIVATE_FOLDER)
    if not is_folder(folder):
        raise NotADirectoryError(errno.ENOTDIR, "it is not a folder", str(folder))


def is_folder(path: Path) -> bool:
    """Whether there is a folder, and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def rooms(folder: Path) -> list[Path]:
    """What lies in ``working/``, as far as it can be seen."""
    working = folder / WORKING
    with suppress(OSError):
        return sorted(working.iterdir()) if is_folder(working) else []
    return []


def remove_if_empty(path: Path) -> bool:
    """Whether it was an empty folder, such as a process leaves behind that dies."""
    with suppress(OSError):
        path.rmdir()
        return True
    return False


def _on_disk(folder: Path) -> None:
    with suppress(OSError):  # some network file systems cannot do that for folders
        sync_folder(folder)
