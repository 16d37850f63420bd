"""The second way to read rows: by their lines, for files with some that are odd.

Every line is looked at: lines that a quoted cell spans are put together, delimiters
outside of quotes counted, blank lines left out, surplus empty cells cut off. What is
then whole goes to polars in one piece; rows of the wrong width are kept apart, and rows
in which quotes stand oddly are read one by one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import polars as pl

from sync.model.roster import ROW
from sync.read import singly
from sync.read.body import LONGEST_CELL, ODD_SCHEMA, Body, Refusal, no_rows
from sync.read.codes import UNCLOSED_QUOTE
from sync.read.header import Sheet
from sync.read.quick import longest, parse
from sync.read.quotes import HAS_QUOTE, clean, is_blank, opened, stray, width
from sync.read.singly import truncated


@dataclass(frozen=True, slots=True)
class _Records:
    """The rows of a file as text, in their order."""

    frame: pl.DataFrame
    """``text`` and ``_row`` of those that are not blank."""
    cut: int | None
    """The line of the last row if that has no line end."""
    open: Refusal | None


def read(sheet: Sheet) -> Body | None:
    """The rows; None where a cell is too long, or polars reads them otherwise."""
    records = _records(sheet)
    if records is None:
        return None
    frame = records.frame
    quoted = frame.filter(HAS_QUOTE) if sheet.has_quotes else frame.clear()
    clear = quoted.filter(clean(sheet.delimiter))
    loose = quoted.join(clear, on=ROW, how="anti", maintain_order="left")
    data = loose.filter(stray(sheet.delimiter), _plain_width(sheet) <= sheet.width)
    parts = [
        _whole(sheet, _without(frame, loose), quoted=True),
        _whole(sheet, data, quoted=False),
        singly.read(sheet, _without(loose, data), records.cut),
    ]
    bodies = [one for one in parts if one is not None]
    if len(bodies) < len(parts):
        return None
    return _together(sheet, bodies, records)


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    if others.is_empty():
        return rows
    return rows.join(others, on=ROW, how="anti", maintain_order="left")


def _together(sheet: Sheet, bodies: list[Body], records: _Records) -> Body:
    """All rows in their order, up to the first that refuses the file."""
    frame = pl.concat([one.frame for one in bodies]).sort(ROW)
    odd = pl.concat([one.odd for one in bodies]).sort(ROW)
    refusals = [one.refusal for one in bodies] + [
        records.open,
        _cut(sheet, odd, records),
    ]
    first = min(
        (one for one in refusals if one), key=lambda one: one.line, default=None
    )
    if first is not None:
        odd = odd.filter(pl.col(ROW) < first.line)
    return Body(frame, odd, first)


def _cut(sheet: Sheet, odd: pl.DataFrame, records: _Records) -> Refusal | None:
    """The refusal of a file whose last row is short and has no line end."""
    if records.cut is None:
        return None
    last = odd.filter(pl.col(ROW) == records.cut).get_column("cells").list.len()
    if last.is_empty() or last.item() >= sheet.width:
        return None
    return truncated(records.cut, last.item(), sheet.width)


def _records(sheet: Sheet) -> _Records | None:
    lines = pl.read_lines(sheet.data, name="text").with_row_index(ROW, 1)
    lines = lines.slice(sheet.line - 1)
    refusal = None
    if sheet.has_quotes:
        lines, still_open = _joined(lines, sheet.delimiter)
        if still_open:
            line, text = lines.row(-1)
            if len(text) > LONGEST_CELL:
                return None
            message = "a cell of this row begins with a quote that is never closed"
            refusal = Refusal(UNCLOSED_QUOTE, line, message)
            lines = lines.head(-1)
    whole = sheet.ends_whole or refusal is not None or lines.is_empty()
    cut = None if whole else lines.get_column(ROW).item(-1)
    return _Records(lines.filter(is_blank(sheet.delimiter).not_()), cut, refusal)


def _joined(lines: pl.DataFrame, delimiter: str) -> tuple[pl.DataFrame, bool]:
    """Lines within an open quote put together with the line on which it opened.

    And whether the last one is still open.
    """
    begins, ends = opened(delimiter)
    marked = lines.with_columns(begins.alias("begins"), ends.alias("ends"))
    still_open = not marked.is_empty() and bool(marked.get_column("ends").item(-1))
    more = pl.col("begins") | pl.col("ends")
    start = pl.when(pl.col("begins").not_()).then(pl.col(ROW)).forward_fill()
    several = marked.with_columns(start.alias("start")).filter(more)
    if several.is_empty():
        return lines, still_open
    whole = several.group_by("start", maintain_order=True).agg(
        pl.col("text").str.join("\n")
    )
    both = [
        marked.filter(more.not_()).select(ROW, "text"),
        whole.select(pl.col("start").alias(ROW), "text"),
    ]
    return pl.concat(both).sort(ROW), still_open


def _plain_width(sheet: Sheet) -> pl.Expr:
    """How many cells ``text`` has where no quote is more than data."""
    return pl.col("text").str.count_matches(sheet.delimiter, literal=True) + 1


def _whole(sheet: Sheet, rows: pl.DataFrame, *, quoted: bool) -> Body | None:
    """Rows that can be told apart by their delimiters; those of a wrong width odd."""
    cells = width(sheet.delimiter) if quoted else _plain_width(sheet)
    counted = _without_surplus(rows.with_columns(cells.alias("width")), sheet)
    good = _good(sheet, counted.filter(pl.col("width") == sheet.width), quoted=quoted)
    if good is None:
        return None
    return Body(good, _odd(counted.filter(pl.col("width") != sheet.width), sheet))


def _without_surplus(records: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """Rows that are too long only by empty cells at their end, cut to the width."""
    long = records.filter(pl.col("width") > sheet.width)
    if long.is_empty():
        return records
    bare = pl.col("text").str.strip_chars_end(sheet.delimiter)
    spare = pl.col("width") - sheet.width
    at_end = pl.col("text").str.len_bytes() - bare.str.len_bytes()
    back = pl.lit(sheet.delimiter).repeat_by(at_end - spare).list.join("")
    fits = long.filter(at_end >= spare).select(ROW, (bare + back).alias("text"))
    rest = long.filter(at_end < spare)
    cut = pl.concat([fits, singly.cut(rest, sheet)])
    cut = cut.with_columns(pl.lit(sheet.width, pl.UInt32).alias("width"))
    others = records.join(cut, on=ROW, how="anti", maintain_order="left")
    return pl.concat([others.select(ROW, "text", "width"), cut]).sort(ROW)


def _good(sheet: Sheet, rows: pl.DataFrame, *, quoted: bool) -> pl.DataFrame | None:
    if rows.is_empty():
        return no_rows(sheet.width)
    text = io.BytesIO()
    rows.select("text").write_csv(text, include_header=False, quote_style="never")
    data = text.getvalue()
    frame = parse(sheet, data, skip=0, quoted=quoted and b'"' in data)
    if frame is None or frame.height != rows.height or longest(frame) > LONGEST_CELL:
        return None
    return frame.with_columns(rows.get_column(ROW).cast(pl.UInt32))


def _odd(rows: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """The rows of the wrong width with their cells: few, so one by one."""
    cells = [singly.cells(one, sheet.delimiter) for one in rows.get_column("text")]
    return pl.DataFrame(
        {
            ROW: rows.get_column(ROW),
            "cells": pl.Series(cells, dtype=pl.List(pl.String())),
            "behind_quote": pl.repeat(value=False, n=len(cells), eager=True),
        },
        schema=ODD_SCHEMA,
    )
