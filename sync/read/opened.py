"""A drop opened to be looked through: what is large is not kept, what is not is read.

In: a path and what the layout wants. Out: the files, each of which answers expressions
row by row, and in the end the drop with those rows alone that somebody wants to see.
Whatever may refuse the drop gives None: ``read_drop`` says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from sync.model.finding import Finding, Findings
from sync.model.roster import Drop, DropKind, RawTable, Wanted
from sync.read.drop import members_of, stamps_of, whole_digest
from sync.read.packaging import Member, kind_of
from sync.read.scan import LEAST, WHOLE, Scan, scan
from sync.read.settled import Stamps, changed
from sync.read.table import read_table


@dataclass(frozen=True, slots=True)
class Held:
    """A file that was read whole, and answers like one that is looked through."""

    table: RawTable
    findings: Findings

    def look(self, wanted: Sequence[pl.Expr]) -> HeldLook:
        """What ``wanted`` say of each row; all of them are whole."""
        said = self.table.frame.select(wanted)
        return HeldLook(self, said.with_columns(pl.lit(value=True).alias(WHOLE)))

    def column(self, header: str) -> pl.Series:
        """The cells of one column."""
        return self.table.frame[header]

    def whole(self) -> tuple[RawTable, Findings]:
        """All of its rows."""
        return self.table, self.findings

    @property
    def bare(self) -> RawTable:
        """The table without its rows."""
        return replace(self.table, frame=self.table.frame.clear())


@dataclass(frozen=True, slots=True)
class HeldLook:
    """A file that was read whole, after it was looked through."""

    source: Held
    frame: pl.DataFrame

    def some(self, wanted: pl.Series) -> tuple[RawTable, Findings]:
        """The rows where ``wanted`` is true; the others are ``aside``."""
        table = self.source.table
        few = table.frame.filter(wanted)
        aside = table.frame.height - few.height
        return replace(table, frame=few, aside=aside), self.source.findings


@dataclass(frozen=True, slots=True)
class Opened:
    """A drop whose files may be looked through; by file."""

    path: Path
    kind: DropKind
    wanted: Wanted
    files: Mapping[str, Scan | Held]
    _findings: Sequence[Finding]
    _before: Stamps
    _digests: Sequence[tuple[str, Future[bytes]]]

    @property
    def bare(self) -> Drop:
        """The drop with its headers and no row."""
        return self._drop({file: one.bare for file, one in self.files.items()}, "")

    def drop(
        self, some: Mapping[str, tuple[RawTable, Findings]]
    ) -> tuple[Drop, Findings]:
        """The drop with those rows of each file, and what is wrong with its reading."""
        findings = [
            *self._findings,
            *changed(self._before, stamps_of(self.kind, self.path, self.wanted)),
        ]
        said = Findings.from_frames([more.frame for _, more in some.values()])
        digest = whole_digest([(base, one.result()) for base, one in self._digests])
        tables = {file: table for file, (table, _) in some.items()}
        return self._drop(tables, digest), Findings.of(findings) + said

    def _drop(self, tables: Mapping[str, RawTable], digest: str) -> Drop:
        return Drop(self.path, self.path.resolve().name, self.kind, digest, tables)


@contextmanager
def open_drop(path: Path, wanted: Wanted) -> Iterator[Opened | None]:
    """A drop to be looked through, whose digest is made meanwhile; None where it is
    small, or where it or a file of it may be refused."""
    kind = kind_of(path)
    before = stamps_of(kind, path, wanted)
    members, findings = members_of(kind, path, wanted)
    if sum(_size(one) for one in {member.source for member in members}) < LEAST:
        yield None
        return
    opened = [_open(one, kind) for one in sorted(members, key=lambda one: one.file)]
    files = {one.file: one.source for one in opened if one is not None}
    refused = len(files) < len(members) or not files
    if refused or Findings.of(findings).refuses:
        yield None
        return
    beside = ThreadPoolExecutor(max_workers=1)
    try:
        digests = [
            (one.base, beside.submit(one.digest)) for one in opened if one is not None
        ]
        yield Opened(path, kind, wanted, files, findings, before, digests)
    finally:
        beside.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _One:
    """A file that was opened, and how its bytes are digested."""

    file: str
    base: str
    source: Scan | Held
    digest: Callable[[], bytes]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _open(member: Member, kind: DropKind) -> _One | None:
    """A file, to be looked through on the disk or read whole; None if refused."""
    try:
        found = None if kind is DropKind.ZIP else scan(member.file, member.source)
    except OSError:
        return None
    if found is not None:
        digest = partial(_digest_of_file, member.source)
        return _One(member.file, member.base, found, digest)
    raw = member.load()
    if isinstance(raw, Finding):
        return None
    table, findings = read_table(member.file, raw)
    if table is None:
        return None
    held = Held(table, findings)
    return _One(member.file, member.base, held, hashlib.sha256(raw).digest)


def _digest_of_file(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
