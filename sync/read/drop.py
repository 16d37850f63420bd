"""A drop on disk -> raw tables and what is wrong with it: the first step of all.

Everything that is wrong is a finding, and all of them are found before anything is
refused; only a path that does not exist ends the run at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path

from sync.errors import UsageError
from sync.model.finding import Finding, Findings
from sync.model.roster import Drop, DropKind, RawTable, Wanted
from sync.read.archive import of_zip
from sync.read.packaging import (
    Member,
    choose,
    kind_of,
    odd_folders,
    of_file,
    of_folder,
)
from sync.read.settled import Stamps, changed, stamps
from sync.read.table import read_table
from sync.shelf import put_away

AT_ONCE = 2
"""So many files are parsed at once: much of it runs on one core alone, and each
holds the bytes of its file meanwhile."""
LARGE = 16 * 2**20
"""Bytes of a file that is parsed alone: its rows take several times as much."""
Parsing = Future[tuple[RawTable | None, Findings]]


def read_drop(path: Path, wanted: Wanted) -> tuple[Drop, Findings]:
    """Read a folder, a zip or a single CSV file of any name.

    ``wanted`` has the file names of the mapping (``students*.csv``), compared in any
    case. ``Drop.sha256`` covers the names and bytes of the files that were read, and
    so does not depend on how they are packed. Raises ``UsageError`` if there is
    nothing at ``path``.
    """
    if not _is_there(path):
        message = f"there is no file or folder {path}"
        raise UsageError(message, do="check the path of the drop")
    kind = kind_of(path)
    before = stamps_of(kind, path, wanted)
    members, findings = members_of(kind, path, wanted)
    tables, digest, more = _read(members)
    findings += changed(before, stamps_of(kind, path, wanted))
    drop = Drop(path, path.resolve().name, kind, digest, tables)
    return drop, Findings.of(findings) + more


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a name that is too long, a folder that is closed to us
        message = f"{path} cannot be looked at: {error.strerror}"
        raise UsageError(message, do="check the path of the drop") from None


def stamps_of(kind: DropKind, path: Path, wanted: Wanted) -> Stamps:
    """How the files that will be read look from outside."""
    if kind is not DropKind.FOLDER:
        return stamps({None if kind is DropKind.ZIP else path.name: path})
    known, _ = choose(of_folder(path), wanted)
    return stamps({member.file: member.source for member in known})


def members_of(
    kind: DropKind, path: Path, wanted: Wanted
) -> tuple[list[Member], list[Finding]]:
    """The files that the layout reads, and what is wrong with the others."""
    if kind is DropKind.CSV:
        return [of_file(path, path.name)], []
    if kind is DropKind.FOLDER:
        members = of_folder(path)
        odd = odd_folders(path, members, wanted)
    else:
        members, odd = of_zip(path)
        if odd:
            return [], odd
    known, findings = choose(members, wanted)
    return known, [*odd, *findings]


def _read(members: Sequence[Member]) -> tuple[dict[str, RawTable], str, Findings]:
    """All tables: two are parsed at once, and the digests are made beside them."""
    found: dict[str, Parsing | Finding] = {}
    large = False
    digests: list[tuple[str, Future[bytes]]] = []
    with (
        ThreadPoolExecutor(max_workers=1) as digesting,
        ThreadPoolExecutor(max_workers=AT_ONCE) as parsing,
    ):
        for member in sorted(members, key=lambda member: member.file):
            _wait_for_room(found.values(), 1 if large else AT_ONCE)
            raw = member.load()
            large = not isinstance(raw, Finding) and len(raw) >= LARGE
            if isinstance(raw, Finding):
                found[member.file] = raw
                continue
            digests.append((member.base, digesting.submit(_digest, raw)))
            running = copy_context()  # which knows the shelf
            found[member.file] = parsing.submit(running.run, _parsed, member.file, raw)
    tables: dict[str, RawTable] = {}
    findings = Findings.none()
    for file, one in found.items():
        table, more = _ended(one)
        findings += more
        if table is not None:
            tables[file] = table
    return (
        tables,
        whole_digest([(base, one.result()) for base, one in digests]),
        findings,
    )


def _parsed(file: str, raw: bytes) -> tuple[RawTable | None, Findings]:
    table, findings = read_table(file, raw)
    if table is None:
        return None, findings
    return replace(table, frame=put_away(table.frame)), findings


def _wait_for_room(found: Iterable[Parsing | Finding], most: int) -> None:
    """Until so few files are being parsed that the bytes of another may be loaded."""
    running = [one for one in found if isinstance(one, Future) and not one.done()]
    if len(running) >= most:
        wait(running, return_when=FIRST_COMPLETED if most > 1 else ALL_COMPLETED)


def _ended(one: Parsing | Finding) -> tuple[RawTable | None, Findings]:
    return (None, Findings.of([one])) if isinstance(one, Finding) else one.result()


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def whole_digest(digests: list[tuple[str, bytes]]) -> str:
    """One digest of all files by name; a name cannot hold a NUL."""
    whole = hashlib.sha256()
    for base, digest in sorted(digests):
        whole.update(base.encode("utf-8", "surrogateescape") + b"\0" + digest)
    return whole.hexdigest()
