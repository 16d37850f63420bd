"""Files never seen -> a mapping that reads them, and what is left to do in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sync.model.entities import Entity
from sync.model.finding import Findings, Severity
from sync.model.roster import RawTable, Wanted
from sync.read import read_drop
from sync.suggest.drafts import Draft
from sync.suggest.keys import settle
from sync.suggest.kinds import Files, Read, read_all
from sync.suggest.lines import lines, open_issues
from sync.suggest.links import links
from sync.suggest.phrases import KINDS
from sync.suggest.shaped import Line
from sync.suggest.sheets import Sheet, sheet
from sync.suggest.tables import tables
from sync.suggest.write import comment, table, value

PATTERNS = ("*.csv", "*.txt", "*.tsv", "*.tab", "*.psv", "*.dat")
"""File names that may be tables; a single file may have any name."""
MANIFEST = "manifest.csv"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposed mapping."""

    toml: str
    open: tuple[str, ...]
    """What somebody has to do before the mapping is whole; none of it is sure."""
    findings: Findings
    """What is wrong with the files themselves."""
    tables: int
    """How many tables it has; without one there is no mapping."""


def suggest(paths: Sequence[Path], name: str) -> Suggestion:
    """Propose a mapping for CSV files, folders or zips.

    Every file is read as a drop would be, so that any encoding and delimiter will do.
    Raises ``UsageError`` where there is nothing at a path.
    """
    raw, findings, unread = _read(paths)
    sheets = [sheet(one) for _, one in sorted(raw.items())]
    found = links(raw, {one.file: one.profiles for one in sheets})
    reads = read_all(sheets, found)
    files = Files(reads, found)
    drafts = tables(files)
    settle(drafts, files)
    written = [(draft, lines(draft)) for draft in drafts]
    left = list(_left(reads, written, unread))
    text = "\n".join(_text(name, reads, written, unread, left)) + "\n"
    return Suggestion(text, tuple(left), findings, len(drafts))


def _read(
    paths: Sequence[Path],
) -> tuple[dict[str, RawTable], Findings, list[str]]:
    """The tables by file, what is wrong with them, and the files that are refused."""
    raw: dict[str, RawTable] = {}
    findings = Findings.none()
    for path in paths:
        drop, more = read_drop(path, Wanted(PATTERNS))
        findings += more
        raw |= {
            file: one
            for file, one in drop.tables.items()
            if file.rpartition("/")[2].casefold() != MANIFEST
        }
    names = (
        findings.of_severity(Severity.REFUSED)
        .get_column("file")
        .drop_nulls()
        .unique()
        .sort()
        .to_list()
    )
    return raw, findings, [one for one in names if one not in raw]


Written = Sequence[tuple[Draft, Sequence[Line]]]


def _left(
    reads: Sequence[Read], written: Written, unread: Sequence[str]
) -> Iterator[str]:
    for file in unread:
        yield f"{file} cannot be read"
    for draft, made in written:
        for issue in open_issues(list(made)):
            yield f"{draft.entity} of {draft.sheet.base}: {issue}"
    if not any(draft.entity is Entity.STUDENTS for draft, _ in written):
        yield "no file holds students"
    for read in reads:
        if read.kind is None and _is_table(read.sheet):
            yield f"it is not clear what {read.sheet.base} holds"


def _is_table(one: Sheet) -> bool:
    """A file with one column is a text that lies beside the tables."""
    return len(one.profiles) > 1


def _text(
    name: str,
    reads: Sequence[Read],
    written: Written,
    unread: Sequence[str],
    left: Sequence[str],
) -> Iterator[str]:
    yield from comment(
        "A proposal, made from the headers and cells of the files. Read each DOUBT, "
        "then try it: roster-sync check DROP --mapping THIS-FILE"
    )
    if left:
        yield "#"
        yield "# Left to do:"
        for one in left:
            yield from (f"# - {part[2:]}" for part in comment(one))
    yield ""
    yield f"name = {value(name)}"
    yield f"title = {value(f'{name}, as proposed')}"
    yield 'mode = "bulk"'
    yield "guessed = true"
    if aside := _aside(reads, unread):
        yield "# Files that could not be understood; nothing of them is read."
        yield f"aside = {value(aside)}"
    files = [read.sheet.base for read in reads]
    for draft, made in written:
        yield ""
        yield from _unused(draft, written)
        yield from _doubles(draft, written)
        yield from table(draft, made, files)
    for read in reads:
        if read.kind is None and _is_table(read.sheet):
            yield ""
            yield from _left_out(read.sheet)


def _aside(reads: Sequence[Read], unread: Sequence[str]) -> list[str]:
    unknown = [read.sheet.base for read in reads if read.kind is None]
    return sorted({*unknown, *(one.rpartition("/")[2] for one in unread)})


def _unused(draft: Draft, written: Written) -> Iterator[str]:
    """Once for each file, above its own table."""
    first = next(one for one, _ in written if one.sheet is draft.sheet)
    if first is not draft:
        return
    used = {
        header
        for one, made in written
        if one.sheet is draft.sheet
        for header in _headers(one, made)
    }
    rest = [one for one in draft.sheet.profiles if one not in used]
    if rest:
        yield from comment(f"{draft.sheet.base}: nothing uses {', '.join(rest)}")


def _headers(draft: Draft, made: Sequence[Line]) -> Iterator[str]:
    yield from draft.where
    yield from draft.unless
    for line in made:
        source = line.steps.get("from")
        yield from [source] if isinstance(source, str) else source or ()
        yield from line.steps.get("hash", ())


def _doubles(draft: Draft, written: Written) -> Iterator[str]:
    """People of two tables with the same identifiers may be different people."""
    mine = _identifiers(draft)
    for other, _ in written:
        if other is draft:
            return
        theirs = _identifiers(other)
        if mine is None or theirs is None or not _apart(draft, other):
            continue
        share = mine.is_in(theirs.implode()).sum() / max(len(mine), 1)
        if share:
            yield from comment(
                f'DOUBT: {share:.0%} of "{mine.name}" also stand in "{theirs.name}" '
                f"of {other.sheet.base}. If these are other people, add a prefix to "
                "sourcedId here and wherever it is named."
            )


def _identifiers(draft: Draft) -> pl.Series | None:
    key = draft.matches.get("sourcedId")
    if key is None or draft.entity not in {Entity.STUDENTS, Entity.USERS}:
        return None
    column = draft.sheet.table.frame.get_column(key.header)
    return column.filter(column != "")


def _apart(draft: Draft, other: Draft) -> bool:
    """Whether two tables are not the halves of one list of people."""
    return draft.sheet is not other.sheet or not (draft.where or draft.unless)


def _left_out(one: Sheet) -> Iterator[str]:
    """Why a file gives no table, and what would make one of it."""
    yield from comment(
        f"{one.base} is left out: no headers of it look like the key and the required "
        f"columns of a table. Its headers are {', '.join(one.profiles)}. A table needs "
        "at least these:"
    )
    for kind in ("students", "staff", "enrollments", "classes"):
        spec = next(s for k, s in KINDS.items() if k.value == kind)
        core = ", ".join(" or ".join(c for c in either) for either in spec.core)
        yield from comment(f"- {kind}: {core}")
