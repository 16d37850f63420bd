"""Where quotes may stand: rows that every reader of CSV reads alike (RFC 4180).

polars takes other rows without a word and drops quotes from them, so that each row
with a quote is compared with this form before polars is believed.
"""

from __future__ import annotations

import polars as pl

QUOTED = r'"(?:[^"]|"")*"'
"""A cell in quotes, as a regular expression of polars and of Python."""

ESCAPED = {",": ",", ";": ";", "\t": r"\t", "|": r"\|"}
"""The delimiters in polars' regular expressions."""

_BLANK_CELL = r'(?:[ \t]*|"[ \t]*")'


def are_clean(rows: pl.DataFrame, delimiter: str) -> bool:
    """Whether in all of ``text`` quotes only open, close or are doubled."""
    escaped = ESCAPED[delimiter]
    cell = rf'(?:{QUOTED}|[^"\n{escaped}]*)'
    row = rf"\A{cell}(?:{escaped}{cell})*\z"
    quoted = rows.filter(pl.col("text").str.contains('"', literal=True))
    return bool(quoted.select(pl.col("text").str.contains(row).all()).item())


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
