"""What to do about a bad cell: the nearest allowed value, the format to name.

In: the distinct bad values of one rule. Out: one hint for each, so that a mistake made
in a million rows is thought about once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl
from rapidfuzz import fuzz, process

Hint = Callable[[pl.Series, str], pl.Series]
"""(distinct values, column) -> one hint for each."""

SHOWN = 60
"""Characters of a value that a message or a hint repeats."""

DAY_FIRST = r"^[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-](?:[0-9]{4}|[0-9]{2})$"
COMPACT = r"^[0-9]{8}$"


def said(words: str) -> Hint:
    """The same words for every value; ``{column}`` stands for the column."""

    def hint(values: pl.Series, column: str) -> pl.Series:
        return pl.Series([words.format(column=column)] * values.len(), dtype=pl.String)

    return hint


def nearest(allowed: Sequence[str], besides: str = "") -> Hint:
    """The allowed value most like the bad one, then all of them."""
    forms = [value.lower() for value in allowed]
    rest = f"; allowed: {', '.join(allowed)}{besides}"

    def hint(values: pl.Series, _column: str) -> pl.Series:
        best = [allowed[_closest(value, forms)] for value in values]
        return pl.Series([f'nearest is "{value}"{rest}' for value in best])

    return hint


def _closest(value: str, forms: Sequence[str]) -> int:
    found = process.extractOne(value.strip().lower()[:SHOWN], forms, scorer=fuzz.ratio)
    return int(found[2])


def date_format(values: pl.Series, column: str) -> pl.Series:
    """How to say in the mapping in which form the file writes its dates."""
    iso = f"write {column} as YYYY-MM-DD"
    named = f'{iso}, or name its form in the mapping: as = "date", format = '
    return (
        values.to_frame("v")
        .select(
            pl.when(pl.col("v").str.strip_chars().str.contains(DAY_FIRST))
            .then(_both_orders(pl.col("v").str.strip_chars(), named))
            .when(pl.col("v").str.strip_chars().str.contains(COMPACT))
            .then(pl.lit(f'{named}"%Y%m%d"'))
            .otherwise(pl.lit(f"{iso}, a day that the calendar has"))
        )
        .to_series()
    )


def _both_orders(value: pl.Expr, named: str) -> pl.Expr:
    mark = value.str.extract(r"([/.\-])")
    year = (
        pl.when(value.str.contains(r"[0-9]{4}$"))
        .then(pl.lit("%Y"))
        .otherwise(pl.lit("%y"))
    )
    day_first = pl.concat_str(
        pl.lit('"%d'), mark, pl.lit("%m"), mark, year, pl.lit('"')
    )
    month_first = pl.concat_str(
        pl.lit('"%m'), mark, pl.lit("%d"), mark, year, pl.lit('"')
    )
    return pl.concat_str(pl.lit(named), day_first, pl.lit(" or "), month_first)
