"""Where quotes may stand: rows that every reader of CSV reads alike (RFC 4180).

polars takes other rows without a word and drops quotes from them, so that each row
with a quote is compared with this form before polars is believed.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from sync.read.body import BLANKS

QUOTED = r'"(?:[^"]|"")*"'
"""A cell in quotes, as a regular expression of polars and of Python."""

ESCAPED = {",": ",", ";": ";", "\t": r"\t", "|": r"\|"}
"""The delimiters in polars' regular expressions."""

_BLANK_CELL = r'(?:[ \t]*|"[ \t]*")'


HAS_QUOTE = pl.col("text").str.contains('"', literal=True)


def quoted_cells(rows: pl.DataFrame, delimiter: str) -> int | None:
    """How many cells of ``text`` stand in quotes; None where not all are clean."""
    quoted = rows.filter(HAS_QUOTE)
    if not quoted.select(clean(delimiter).all()).item():
        return None
    cell = pl.col("text").str.count_matches(rf"(?:\A|{ESCAPED[delimiter]}){QUOTED}")
    return int(quoted.select(cell.sum()).item())


def clean(delimiter: str) -> pl.Expr:
    """Whether in ``text`` quotes only open, close or are doubled."""
    escaped = ESCAPED[delimiter]
    cell = rf'(?:{QUOTED}|[^"\n{escaped}]*)'
    return pl.col("text").str.contains(rf"\A{cell}(?:{escaped}{cell})*\z")


def stray(delimiter: str) -> pl.Expr:
    """Whether all quotes of ``text`` are data: no cell begins with one."""
    escaped = ESCAPED[delimiter]
    cell = rf'(?:[^"{escaped}][^{escaped}]*|)'
    return pl.col("text").str.contains(rf"\A{cell}(?:{escaped}{cell})*\z")


def opened(delimiter: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether each line of ``text`` begins, and whether it ends, within a quote.

    A line does one of four things: it ends outside of quotes however it began, or
    inside, or as it began, or the other way round. The last of the first two settles
    the state, and from there on only the turns are counted: no line waits for the one
    above it.
    """
    escaped = ESCAPED[delimiter]
    behind = rf'(?:[^"{escaped}][^{escaped}]*)?'
    cell = rf'(?:{QUOTED}{behind}|[^"{escaped}][^{escaped}]*|)'
    rest = rf"(?:{escaped}{cell})*\z"
    text = pl.col("text")
    leaves = HAS_QUOTE & text.str.contains(rf'\A(?:[^"]|"")*"{behind}{rest}')
    stays_out = HAS_QUOTE.not_() | text.str.contains(rf"\A{cell}{rest}")
    turns = (leaves & stays_out.not_()).cast(pl.UInt32).cum_sum()
    stays_in = HAS_QUOTE & leaves.not_() & stays_out.not_()
    settled = pl.when(leaves & stays_out).then(0).when(stays_in).then(1)
    last = (settled + turns).forward_fill().fill_null(0)
    ends_in = (last + turns) % 2 == 1
    return ends_in.shift(1, fill_value=False), ends_in


def is_clean(row: str, delimiter: str) -> bool:
    """The same of one row with its line end; blanks behind a quote harm nobody."""
    return _clean_row(delimiter).fullmatch(row) is not None


@cache
def _clean_row(delimiter: str) -> re.Pattern[str]:
    blanks = f"[{BLANKS.replace(delimiter, '')}]*"
    escaped = ESCAPED[delimiter]
    cell = rf'(?:{QUOTED}{blanks}|[^"\n{escaped}][^\n{escaped}]*|)'
    return re.compile(rf"{cell}(?:{escaped}{cell})*\n?")


def is_blank(delimiter: str) -> pl.Expr:
    """Whether ``text`` is a row of nothing but blank cells."""
    row = rf"\A{_BLANK_CELL}(?:{ESCAPED[delimiter]}{_BLANK_CELL})*\z"
    return pl.col("text").str.contains(row)


def width(delimiter: str) -> pl.Expr:
    """How many cells the clean row in ``text`` has."""
    text = pl.col("text")
    outside = text.str.replace_all(QUOTED, "")
    bare = pl.when(text.str.contains('"', literal=True)).then(outside).otherwise(text)
    return bare.str.count_matches(delimiter, literal=True) + 1
