"""The third way to read rows: Python's csv module, row by row, for what is left.

Slower by an order of magnitude. Only files get here in which a cell is too long, for
which the other ways give up, and it finds the line; the tests compare those with it.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from sync.model.finding import Code
from sync.model.roster import ROW
from sync.read.body import BLANKS, ODD_SCHEMA, Body, Refusal, columns, no_rows
from sync.read.codes import CELL_TOO_LONG, UNCLOSED_QUOTE
from sync.read.header import Sheet
from sync.read.quotes import is_clean
from sync.read.singly import astray, truncated

_BATCH = 50_000


@dataclass(slots=True)
class _Rows:
    """What has been read so far."""

    width: int
    good: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)
    odd: list[tuple[int, list[str], bool]] = field(default_factory=list)

    def add(self, line: int, cells: list[str]) -> None:
        """One row: good, blank, with a surplus of empty cells, or odd."""
        if len(cells) != self.width:
            surplus = "".join(cells[self.width :]).strip(BLANKS)
            if not "".join(cells).strip(BLANKS):
                return
            if len(cells) < self.width or surplus:
                self.odd.append((line, cells, False))
                return
            cells = cells[: self.width]
        elif not cells[0].strip(BLANKS) and not "".join(cells).strip(BLANKS):
            return
        self.good.append(cells)
        self.lines.append(line)
        if len(self.good) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Turn what is gathered into a frame: lists of rows are ten times as big."""
        if not self.good:
            return
        data = dict(zip(columns(self.width), zip(*self.good, strict=True), strict=True))
        rows = pl.Series(ROW, self.lines, dtype=pl.UInt32)
        self.frames.append(pl.DataFrame(data, orient="col").with_columns(rows))
        self.good, self.lines = [], []


@dataclass(slots=True)
class _Source:
    """Physical lines; keeps those of the row that is being read."""

    stream: Iterator[str]
    line: int
    """The physical line of the next one."""
    pending: list[str] = field(default_factory=list)
    ended: bool = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = next(self.stream, None)
        if text is None:
            self.ended = True
            raise StopIteration
        self.pending.append(text)
        self.line += 1
        return text


def read(sheet: Sheet) -> Body:
    """The rows, or the refusal of the file at the line of the quote to blame."""
    stream = io.BytesIO(sheet.data)
    stream.seek(sheet.start)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="\n")
    source = _Source(iter(text), sheet.line)
    rows = _Rows(sheet.width)
    refusal = _take_all(sheet, source, rows)
    rows.flush()
    frame = pl.concat(rows.frames) if rows.frames else no_rows(sheet.width)
    return Body(frame, pl.DataFrame(rows.odd, schema=ODD_SCHEMA, orient="row"), refusal)


def _take_all(sheet: Sheet, source: _Source, rows: _Rows) -> Refusal | None:
    reader = csv.reader(source, delimiter=sheet.delimiter, strict=True)
    while True:
        start = source.line
        source.pending.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return None
        except csv.Error:
            loose = _loosely(sheet, source, start)
            if isinstance(loose, Refusal):
                return loose
            cells, whole = loose
            if not whole and not _is_truncated(cells, source, sheet.width):
                rows.odd.append((start, cells, True))
                continue
        if _is_truncated(cells, source, sheet.width):
            return truncated(start, len(cells), sheet.width)
        rows.add(start, cells)


def _loosely(
    sheet: Sheet, source: _Source, start: int
) -> tuple[list[str], bool] | Refusal:
    """The cells of a row that csv stumbled over, and whether they can be believed.

    Blanks behind a closing quote harm nobody. Where a row with other text there goes on
    behind its line, a quote is missing or in excess, and the rows that it swallowed
    would look as if they were gone: the file is refused.
    """
    again = itertools.chain(list(source.pending), source)
    try:
        cells = next(csv.reader(again, delimiter=sheet.delimiter))
    except csv.Error:
        return _refusal(start, CELL_TOO_LONG, "has no end within reach")
    if source.ended:
        return _refusal(start, UNCLOSED_QUOTE, "is never closed")
    if is_clean("".join(source.pending), sheet.delimiter):
        return cells, True
    if len(source.pending) > 1:
        return astray(start)
    return cells, False


def _refusal(start: int, code: Code, how: str) -> Refusal:
    return Refusal(code, start, f"a cell of this row begins with a quote that {how}")


def _is_truncated(cells: list[str], source: _Source, width: int) -> bool:
    short = len(cells) < width and "".join(cells).strip(BLANKS) != ""
    return short and not source.pending[-1].endswith("\n")
