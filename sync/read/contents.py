"""What stands in a drop, byte for byte, without reading any of it as a table.

In: a path. Out: a digest of each file, also of those that no layout would read; None
where something is odd, of which reading says better what.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sync.model.roster import DropKind
from sync.read.archive import of_zip
from sync.read.drop import AT_ONCE, whole_digest
from sync.read.packaging import Member, hidden, kind_of, of_file, of_folder


@dataclass(frozen=True, slots=True)
class Contents:
    """The digests of the files of a drop, by their place in it, and its folders."""

    kind: DropKind
    files: Mapping[str, bytes]
    folders: tuple[str, ...]

    def of(self, files: Iterable[str]) -> str | None:
        """What ``Drop.sha256`` is where these were read; None where one is missing."""
        wanted = list(files)
        if not set(wanted) <= set(self.files):
            return None
        bases = ((one.rpartition("/")[2], self.files[one]) for one in wanted)
        return whole_digest(list(bases))

    def digest(self) -> str:
        """One digest of all of it."""
        named = sorted((file, one.hex()) for file, one in self.files.items())
        said = json.dumps([self.kind.value, named, self.folders])
        return hashlib.sha256(said.encode()).hexdigest()


def contents(path: Path) -> Contents | None:
    """What stands at ``path``; None where it cannot be told."""
    try:
        kind = kind_of(path)
        found = _members(kind, path)
        if found is None:
            return None
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            digests = list(pool.map(lambda one: _digest(kind, one), found))
        folders = _folders(path) if kind is DropKind.FOLDER else ()
    except OSError:
        return None
    whole = {one.file: of for one, of in zip(found, digests, strict=True) if of}
    return Contents(kind, whole, folders) if len(whole) == len(found) else None


def _members(kind: DropKind, path: Path) -> list[Member] | None:
    if kind is DropKind.FOLDER:
        return of_folder(path)
    if kind is DropKind.CSV:
        return [of_file(path, path.name)]
    members, odd = of_zip(path)
    return None if odd else members


def _digest(kind: DropKind, member: Member) -> bytes | None:
    if kind is DropKind.ZIP:
        raw = member.load()
        return hashlib.sha256(raw).digest() if isinstance(raw, bytes) else None
    if not member.source.is_file():  # a pipe would never end
        return None
    with member.source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _folders(path: Path) -> tuple[str, ...]:
    """All of them, and which are links."""
    found = []
    for folder, folders, _ in os.walk(path):
        folders[:] = sorted(name for name in folders if not hidden(name))
        for name in folders:
            full = Path(folder, name)
            link = "@" if full.is_symlink() else ""
            found.append(f"{full.relative_to(path).as_posix()}{link}")
    return tuple(found)
