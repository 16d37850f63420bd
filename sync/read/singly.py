"""Rows that are read one by one with Python's csv module, for they are few.

Those with surplus cells that are blank and not empty, and those in which quotes stand
where the rules of CSV know none.
"""

from __future__ import annotations

import csv
import io

import polars as pl

from sync.model.roster import ROW
from sync.read.body import BLANKS, ODD_SCHEMA, Body, Refusal, columns, no_rows
from sync.read.codes import TRUNCATED, UNCLOSED_QUOTE
from sync.read.header import Sheet
from sync.read.quotes import is_clean


def read(sheet: Sheet, rows: pl.DataFrame, last: int | None) -> Body | None:
    """The rows with odd quotes; None where a cell is too long.

    Blanks behind a closing quote harm nobody; with other text there the row is odd, or
    refuses the file if it goes over several lines. ``last`` is the line of the file's
    last row where that has no line end.
    """
    good: list[list[str]] = []
    lines: list[int] = []
    odd: list[tuple[int, list[str], bool]] = []
    refusal = None
    for line, text in rows.select(ROW, "text").iter_rows():
        try:
            found = cells(text, sheet.delimiter)
        except csv.Error:
            return None
        believed = is_clean(text, sheet.delimiter)
        if not "".join(found).strip(BLANKS):
            continue
        if not believed and "\n" in text:
            refusal = astray(line)
            break
        if len(found) < sheet.width and line == last:
            refusal = truncated(line, len(found), sheet.width)
            break
        if believed and fits(found, sheet.width):
            good.append(found[: sheet.width])
            lines.append(line)
        else:
            odd.append((line, found, not believed))
    frame = _frame(good, lines, sheet.width)
    return Body(frame, pl.DataFrame(odd, schema=ODD_SCHEMA, orient="row"), refusal)


def _frame(rows: list[list[str]], lines: list[int], width: int) -> pl.DataFrame:
    if not rows:
        return no_rows(width)
    data = dict(zip(columns(width), zip(*rows, strict=True), strict=True))
    numbers = pl.Series(ROW, lines, dtype=pl.UInt32)
    return pl.DataFrame(data, orient="col").with_columns(numbers)


def fits(found: list[str], width: int) -> bool:
    """Whether a row has all cells and at its end no others than blank ones."""
    return len(found) >= width and not "".join(found[width:]).strip(BLANKS)


def cut(rows: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """``_row`` and ``text`` of the rows whose surplus cells are blank, without them."""
    lines: list[int] = []
    texts: list[str] = []
    for line, text in rows.select(ROW, "text").iter_rows():
        found = cells(text, sheet.delimiter)
        if fits(found, sheet.width):
            lines.append(line)
            texts.append(_row(found[: sheet.width], sheet.delimiter))
    return pl.DataFrame(
        {ROW: lines, "text": texts}, schema=rows.select(ROW, "text").schema
    )


def cells(text: str, delimiter: str) -> list[str]:
    """The cells of one row, its quotes taken as they come."""
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _row(found: list[str], delimiter: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator="", quoting=csv.QUOTE_ALL
    )
    writer.writerow(found)
    return text.getvalue()


def truncated(line: int, found: int, width: int) -> Refusal:
    """The refusal of a file whose last row is short and has no line end."""
    message = f"the last row has {found} of {width} cells and no line end"
    return Refusal(TRUNCATED, line, message)


def astray(line: int) -> Refusal:
    """The refusal of a file in which a quote swallows lines, or seems to."""
    how = "begins with a quote that is closed in the middle of a later line"
    return Refusal(UNCLOSED_QUOTE, line, f"a cell of this row {how}")
