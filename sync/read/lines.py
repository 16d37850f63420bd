"""The second way to read rows: by their lines, for files with some that are odd.

Every line is looked at: lines that a quoted cell spans are put together, delimiters
outside of quotes counted, blank lines left out, surplus empty cells cut off. What is
then whole goes to polars in one piece; rows of the wrong width are kept apart.
"""

from __future__ import annotations

import csv
import io

import polars as pl

from sync.model.roster import ROW
from sync.read.body import BLANKS, LONGEST_CELL, ODD_SCHEMA, Body, Refusal, no_rows
from sync.read.codes import TRUNCATED
from sync.read.header import Sheet
from sync.read.quick import longest, parse
from sync.read.quotes import are_clean, is_blank, width


def read(sheet: Sheet) -> Body | None:
    """The rows; None where quotes stand so that lines cannot be told apart."""
    records = _records(sheet)
    if records is None:
        return None
    counted = records.with_columns(width(sheet.delimiter).alias("width"))
    counted = _without_surplus(counted, sheet)
    good = counted.filter(pl.col("width") == sheet.width)
    odd = counted.filter(pl.col("width") != sheet.width)
    refusal = _truncated(sheet, odd)
    if refusal is not None:
        odd = odd.head(-1)
    frame = _good(sheet, good)
    if frame is None:
        return None
    return Body(frame, _odd(odd, sheet.delimiter), refusal)


def truncated(line: int, cells: int, width: int) -> Refusal:
    """The refusal of a file whose last row is short and has no line end."""
    message = f"the last row has {cells} of {width} cells and no line end"
    return Refusal(TRUNCATED, line, message)


def _records(sheet: Sheet) -> pl.DataFrame | None:
    """``text`` and ``_row`` of each row that is not blank."""
    lines = pl.read_lines(sheet.data, name="text").with_row_index(ROW, 1)
    lines = lines.slice(sheet.line - 1)
    if sheet.has_quotes:
        lines = _joined(lines)
        if not are_clean(lines, sheet.delimiter):
            return None
    return lines.filter(is_blank(sheet.delimiter).not_())


def _joined(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines within an open quote put together with the line on which it opened."""
    quotes = pl.col("text").str.count_matches('"', literal=True)
    opened = (quotes.cum_sum() - quotes) % 2 == 1
    start = pl.when(opened.not_()).then(pl.col(ROW)).forward_fill()
    more = opened | opened.shift(-1, fill_value=False)
    marked = lines.with_columns(start.alias("start"), more.alias("more"))
    several = marked.filter("more")
    if several.is_empty():
        return lines
    whole = several.group_by("start", maintain_order=True).agg(
        pl.col("text").str.join("\n")
    )
    single = marked.filter(pl.col("more").not_())
    both = [
        single.select(ROW, "text"),
        whole.select(pl.col("start").alias(ROW), "text"),
    ]
    return pl.concat(both).sort(ROW)


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
    cut = pl.concat([fits, _cut_singly(rest, sheet)])
    cut = cut.with_columns(pl.lit(sheet.width, pl.UInt32).alias("width"))
    others = records.join(cut, on=ROW, how="anti", maintain_order="left")
    return pl.concat([others.select(ROW, "text", "width"), cut]).sort(ROW)


def _cut_singly(rows: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """Those whose surplus cells hold spaces or empty quotes: few, so one by one."""
    lines: list[int] = []
    texts: list[str] = []
    for line, text in rows.select(ROW, "text").iter_rows():
        cells = _cells(text, sheet.delimiter)
        if not "".join(cells[sheet.width :]).strip(BLANKS):
            lines.append(line)
            texts.append(_row(cells[: sheet.width], sheet.delimiter))
    return pl.DataFrame(
        {ROW: lines, "text": texts}, schema=rows.select(ROW, "text").schema
    )


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _row(cells: list[str], delimiter: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator="", quoting=csv.QUOTE_ALL
    )
    writer.writerow(cells)
    return text.getvalue()


def _good(sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame | None:
    if rows.is_empty():
        return no_rows(sheet.width)
    text = io.BytesIO()
    rows.select("text").write_csv(text, include_header=False, quote_style="never")
    data = text.getvalue()
    frame = parse(sheet, data, skip=0, quoted=b'"' in data)
    if frame is None or frame.height != rows.height or longest(frame) > LONGEST_CELL:
        return None
    return frame.with_columns(rows.get_column(ROW).cast(pl.UInt32))


def _truncated(sheet: Sheet, odd: pl.DataFrame) -> Refusal | None:
    if sheet.ends_whole or odd.is_empty():
        return None
    line, width = odd.select(ROW, "width").row(-1)
    breaks = odd.get_column("text").item(-1).count("\n")
    last = sheet.data.count(b"\n") + 1 - breaks
    if line != last or width > sheet.width:
        return None
    return truncated(line, width, sheet.width)


def _odd(rows: pl.DataFrame, delimiter: str) -> pl.DataFrame:
    """The rows of the wrong width with their cells: few, so one by one."""
    cells = [_cells(text, delimiter) for text in rows.get_column("text")]
    return pl.DataFrame(
        {
            ROW: rows.get_column(ROW),
            "cells": pl.Series(cells, dtype=pl.List(pl.String())),
            "behind_quote": pl.repeat(value=False, n=len(cells), eager=True),
        },
        schema=ODD_SCHEMA,
    )
