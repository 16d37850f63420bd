"""What is in a folder or a single file: the members of a drop, not yet read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sync.model.finding import Finding, found
from sync.model.roster import DropKind, Wanted
from sync.read.codes import (
    NOTHING_TO_READ,
    SAME_NAME,
    SET_ASIDE,
    SEVERAL_FOLDERS,
    UNKNOWN_FILE,
    UNREADABLE_FILE,
)
from sync.read.head import hopeless

_NOT_OURS = {"__macosx", "thumbs.db", "desktop.ini"}
_HIDDEN = (".", "~$")
"""What systems and spreadsheets leave behind: such names, and such beginnings."""
_NEAR = 0.8
"""Of 1; names less alike are not taken for misspelt ones."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the drop."""

    file: str
    """The path inside the drop, ``/`` between folders."""
    load: Callable[[], bytes | Finding]
    """The bytes, or the finding that says why there are none."""
    source: Path
    """The file on disk that the bytes come from: the member itself, or its zip."""

    @property
    def base(self) -> str:
        """The name without folders."""
        return self.file.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folders before the name, "" for none."""
        return self.file.rpartition("/")[0]


def kind_of(path: Path) -> DropKind:
    """How a drop is packed, by what it is and its name."""
    if path.is_dir():
        return DropKind.FOLDER
    return DropKind.ZIP if path.suffix.casefold() == ".zip" else DropKind.CSV


def of_folder(path: Path) -> list[Member]:
    """All files below a folder that are not hidden."""
    members = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not hidden(name))
        for name in sorted(files):
            if not hidden(name):
                full = Path(folder, name)
                members.append(of_file(full, full.relative_to(path).as_posix()))
    return members


def of_file(path: Path, file: str) -> Member:
    """A file on disk under its name in the drop."""

    def load() -> bytes | Finding:
        try:
            if not path.is_file():
                return no_file(path, file)
            return hopeless(path, file) or path.read_bytes()
        except OSError as error:
            return unreadable(error, file)

    return Member(file, load, path)


def no_file(path: Path, file: str | None) -> Finding:
    """The finding for what is not a file; a pipe or a device would never end."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return unreadable(error, file)
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
    message = f"this is {kind} where a file should be"
    return found(UNREADABLE_FILE, message, file=file)


def unreadable(error: OSError, file: str | None) -> Finding:
    """The finding for what the system does not let us read."""
    reason = error.strerror or "the system refuses"
    return found(UNREADABLE_FILE, f"it cannot be read: {reason}", file=file)


def hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over without a word."""
    return name.startswith(_HIDDEN) or name.casefold() in _NOT_OURS


def odd_folders(path: Path, members: Sequence[Member], wanted: Wanted) -> list[Finding]:
    """What is wrong with the folders below a folder.

    One that cannot be listed may hide a file; one with the name of a file and none of
    the drop's files in it stands where that file should be. Links to folders are not
    followed, for they may lead around in circles.
    """
    findings: list[Finding] = []

    def place(folder: str | Path) -> str | None:
        inside = Path(folder).relative_to(path).as_posix()
        return None if inside == "." else inside

    def refuse(error: OSError) -> None:
        findings.append(unreadable(error, place(error.filename)))

    for folder, folders, _ in os.walk(path, onerror=refuse):
        folders[:] = sorted(name for name in folders if not hidden(name))
        for name in folders:
            full = Path(folder, name)
            file = place(full)
            empty = not any(one.file.startswith(f"{file}/") for one in members)
            if empty and wanted.reads(name):
                findings.append(no_file(full, file))
            elif full.is_symlink():
                message = "this is a link to a folder; it was not followed"
                findings.append(found(UNKNOWN_FILE, message, file=file))
    return findings


def choose(
    members: Sequence[Member], wanted: Wanted
) -> tuple[list[Member], list[Finding]]:
    """The members whose names the mapping knows, and what is wrong with the others.

    They lie at the top or together in one top folder; those that lie elsewhere refuse
    the drop, for they were meant to be read.
    """
    known = [member for member in members if wanted.reads(member.base)]
    findings = _same_names(known)
    folders = sorted({member.folder for member in known})
    if not known:
        expected = ", ".join(wanted.patterns)
        message = "no file of the drop has a name that the mapping knows"
        hint = f"expected: {expected}; other layouts: roster-sync mappings list"
        findings.append(found(NOTHING_TO_READ, message, hint=hint))
    elif not findings and len(folders) > 1:
        names = ", ".join(folder or "the top" for folder in folders)
        message = f"the files lie in several folders: {names}"
        findings.append(found(SEVERAL_FOLDERS, message))
    elif not findings and "/" in folders[0]:
        message = f"the files lie more than one folder deep: {folders[0]}"
        findings.append(found(NOTHING_TO_READ, message))
    refused = bool(findings)
    return ([] if refused else known), [*findings, *_unread(members, known, wanted)]


def _same_names(known: Sequence[Member]) -> list[Finding]:
    by_name: dict[str, list[str]] = {}
    for member in known:
        by_name.setdefault(member.base.casefold(), []).append(member.file)
    return [
        found(SAME_NAME, f"two files of one name: {', '.join(files)}", file=files[1])
        for files in by_name.values()
        if len(files) > 1
    ]


def _unread(
    members: Sequence[Member], known: Sequence[Member], wanted: Wanted
) -> list[Finding]:
    ours = {member.file for member in known}
    return [
        found(
            SET_ASIDE,
            "the layout knows this file, but nothing of it is synced; it was not read",
            file=member.file,
        )
        if wanted.sets_aside(member.base)
        else found(
            UNKNOWN_FILE,
            "the mapping has no table for this file; it was not read",
            file=member.file,
            hint=_meant(member.base, wanted),
        )
        for member in members
        if member.file not in ours and member.base.casefold() not in wanted.absent
    ]


def _meant(base: str, wanted: Wanted) -> str | None:
    names = {pattern.casefold(): pattern for pattern in wanted.patterns}
    near = get_close_matches(base.casefold(), names, n=1, cutoff=_NEAR)
    return f'if it is meant to be "{names[near[0]]}", name it so' if near else None
