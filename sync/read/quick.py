"""The fast way to read rows: polars, and a proof that it read what stands there.

polars fills short rows silently and counts blank lines as rows. Instead of looking at
each line, the lengths are added up: cells, delimiters, quotes and line ends of what it
read must give exactly the bytes of the file. A row can only be too short (a longer one
makes polars fail), so that equal sums mean that every row is whole.

Of ``x,"y"yy",z`` polars makes two cells without a word; so where there are quotes, they
are looked at line by line, and cells over several lines are left to the next way.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from sync.model.roster import ROW
from sync.read.body import BLANKS, LONGEST_CELL, ODD_SCHEMA, Body, columns, no_rows
from sync.read.header import Sheet
from sync.read.quotes import quoted_cells
from sync.shelf import put_away

PIECE = 8 * 2**20
"""Bytes of a large file without quotes that are parsed at once: polars takes several
times as much for them."""
_FIRST_VISIBLE = "!"
"""Cells that begin with a space or a tab, and empty ones, sort before it."""


def read(sheet: Sheet) -> Body | None:
    """The rows; None where this way cannot prove that they are right."""
    if sheet.start >= len(sheet.data):
        return Body(no_rows(sheet.width), ODD_SCHEMA.to_frame())
    if not sheet.ends_whole and sheet.data.endswith(sheet.delimiter.encode()):
        return None  # the one place where polars takes a longer row: at the very end
    in_quotes = _quoted_cells(sheet) if sheet.has_quotes else 0
    if in_quotes is None:
        return None
    frame = _parsed(sheet)
    if frame is None or not _adds_up(sheet, frame, in_quotes):
        return None
    numbered = frame.with_columns(_line_numbers(frame, sheet.line))
    return Body(_without_blank_rows(numbered), ODD_SCHEMA.to_frame())


def _parsed(sheet: Sheet) -> pl.DataFrame | None:
    """What polars makes of all rows; None where it fails."""
    if sheet.has_quotes or len(sheet.data) <= PIECE:
        return parse(sheet, sheet.data, skip=sheet.line - 1, quoted=sheet.has_quotes)
    parts = []
    for piece in _pieces(sheet):
        part = parse(sheet, piece, skip=0, quoted=False)
        if part is None:
            return None
        parts.append(put_away(part))
    return pl.concat(parts)


def _pieces(sheet: Sheet) -> Iterator[bytes]:
    """The rows in pieces of whole lines: without quotes each line is a row."""
    at, end = sheet.start, len(sheet.data)
    while at < end:
        found = sheet.data.find(b"\n", min(end, at + PIECE))
        after = end if found < 0 else found + 1
        yield sheet.data[at:after]
        at = after


def parse(sheet: Sheet, data: bytes, *, skip: int, quoted: bool) -> pl.DataFrame | None:
    """What polars makes of the rows behind ``skip`` lines; None where it fails."""
    try:
        return pl.read_csv(
            data,
            has_header=False,
            skip_lines=skip,
            separator=sheet.delimiter,
            quote_char='"' if quoted else None,
            schema=dict.fromkeys(columns(sheet.width), pl.String()),
            infer_schema=False,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:  # its text holds cells: never let it out
        return None


def longest(frame: pl.DataFrame) -> int:
    """The length of the longest cell, in bytes."""
    return int(max(frame.select(pl.all().str.len_bytes().max()).row(0)))


def _line_numbers(frame: pl.DataFrame, first: int) -> pl.Series:
    """``_row`` in the chunks of the frame: polars would copy it all to align it."""
    numbers = pl.int_range(first, first + frame.height, dtype=pl.UInt32, eager=True)
    chunks = []
    start = 0
    for length in frame.to_series(0).chunk_lengths():
        chunks.append(numbers.slice(start, length))
        start += length
    return pl.concat(chunks, rechunk=False).alias(ROW)


def _without_blank_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that have a cell which is more than spaces."""
    cells = [name for name in frame.columns if name != ROW]
    suspicious = frame.get_column(cells[0]) < _FIRST_VISIBLE
    if not suspicious.any():
        return frame
    suspects = frame.filter(suspicious)
    blank = suspects.filter(
        pl.all_horizontal(pl.col(cells).str.strip_chars(BLANKS) == "")
    )
    if blank.is_empty():
        return frame
    return frame.join(blank, on=ROW, how="anti", maintain_order="left")


def _adds_up(sheet: Sheet, frame: pl.DataFrame, in_quotes: int) -> bool:
    sizes = pl.all().str.len_bytes()
    most = sizes.max().name.prefix("most:")
    found = frame.lazy().select(sizes.cast(pl.UInt64).sum(), most).collect()
    sums, longest_cells = found.row(0)[: frame.width], found.row(0)[frame.width :]
    if max(longest_cells) > LONGEST_CELL:
        return False
    line_ends = frame.height - (0 if sheet.ends_whole else 1)
    delimiters = (sheet.width - 1) * (frame.height - _blank_lines_at_end(sheet))
    # Two around each cell in quotes; of the others, every second is doubled away.
    quotes = sheet.data.count(b'"', sheet.start) // 2 + in_quotes
    size = len(sheet.data) - sheet.start
    return bool(sum(sums) + delimiters + line_ends + quotes == size)


def _quoted_cells(sheet: Sheet) -> int | None:
    lines = pl.read_lines(sheet.data, name="text").slice(sheet.line - 1)
    return quoted_cells(lines, sheet.delimiter)


def _blank_lines_at_end(sheet: Sheet) -> int:
    """Lines without any character behind the last row; polars makes rows of them."""
    place = len(sheet.data)
    while place > sheet.start and sheet.data.endswith(b"\n", 0, place):
        place -= 1
    return max(0, len(sheet.data) - place - 1)
