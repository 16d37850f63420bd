"""What is in a folder or a single file: the members of a drop, not yet read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sync.model.finding import Finding, found
from sync.read.codes import (
    NOTHING_TO_READ,
    SAME_NAME,
    SEVERAL_FOLDERS,
    UNKNOWN_FILE,
    UNREADABLE_FILE,
)

_NOT_OURS = {"__macosx", "thumbs.db", "desktop.ini"}
"""What systems leave behind, besides names that begin with a dot."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the drop."""

    file: str
    """The path inside the drop, ``/`` between folders."""
    load: Callable[[], bytes | Finding]
    """The bytes, or the finding that says why there are none."""

    @property
    def base(self) -> str:
        """The name without folders."""
        return self.file.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folders before the name, "" for none."""
        return self.file.rpartition("/")[0]


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
            return path.read_bytes()
        except OSError as error:
            reason = error.strerror or "the system refuses"
            return found(
                UNREADABLE_FILE, f"the file cannot be read: {reason}", file=file
            )

    return Member(file, load)


def hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over without a word."""
    return name.startswith(".") or name.casefold() in _NOT_OURS


def choose(
    members: Sequence[Member], patterns: Sequence[str]
) -> tuple[list[Member], list[Finding]]:
    """The members whose names the mapping knows, and what is wrong with the others.

    They lie at the top or together in one top folder.
    """
    known = [member for member in members if _matches(member.base, patterns)]
    same = _same_names(known)
    root = _root(known)
    here = [member for member in known if member.folder == root]
    findings = [*same, *_unknown(members, here)]
    if root is None and not same:
        folders = sorted({member.folder for member in known})
        message = f"the files lie in several folders: {', '.join(folders)}"
        findings.append(found(SEVERAL_FOLDERS, message))
    if not known:
        wanted = ", ".join(patterns)
        message = "no file of the drop has a name that the mapping knows"
        findings.append(found(NOTHING_TO_READ, message, hint=f"expected: {wanted}"))
    return ([] if same else here), findings


def _matches(base: str, patterns: Iterable[str]) -> bool:
    name = base.casefold()
    return any(fnmatchcase(name, pattern.casefold()) for pattern in patterns)


def _same_names(known: Sequence[Member]) -> list[Finding]:
    by_name: dict[str, list[str]] = {}
    for member in known:
        by_name.setdefault(member.base.casefold(), []).append(member.file)
    return [
        found(SAME_NAME, f"two files of one name: {', '.join(files)}", file=files[1])
        for files in by_name.values()
        if len(files) > 1
    ]


def _root(known: Sequence[Member]) -> str | None:
    """The folder to read: the top, else the one top folder; None for several."""
    folders = {member.folder for member in known}
    if "" in folders or not folders:
        return ""
    return folders.pop() if len(folders) == 1 else None


def _unknown(members: Sequence[Member], here: Sequence[Member]) -> list[Finding]:
    read = {member.file for member in here}
    message = "the mapping has no table for this file; it was not read"
    return [
        found(UNKNOWN_FILE, message, file=member.file)
        for member in members
        if member.file not in read
    ]
