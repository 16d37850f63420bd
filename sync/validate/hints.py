"""What to do about a bad cell: the nearest allowed value, the format to name.

In: the distinct bad values of one rule. Out: one hint for each, so that a mistake made
in a million rows is thought about once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from sync.model.entities import GRADES
from sync.validate.words import GRADES_MEANT

Hint = Callable[[pl.Series, str], pl.Series]
"""(distinct values, column) -> one hint for each."""

SHOWN = 60
"""Characters of a value that a message or a hint repeats."""

DAY_FIRST = r"^[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-](?:[0-9]{4}|[0-9]{2})$"
YEAR_FIRST = r"^[0-9]{4}[/.][0-9]{1,2}[/.][0-9]{1,2}$"
COMPACT = r"^[0-9]{8}$"
SERIAL = r"^[1-9][0-9]{4}$"
"""How a spreadsheet counts days, 1955 to 2173."""
ZEROS = r"^[0/.\-]+(?:[T ][0:.]+Z?)?$"


def said(words: str) -> Hint:
    """The same words for every value; ``{column}`` stands for the column."""

    def hint(values: pl.Series, column: str) -> pl.Series:
        return pl.Series([words.format(column=column)] * values.len(), dtype=pl.String)

    return hint


def nearest(
    allowed: Sequence[str], besides: str = "", meant: Mapping[str, str] | None = None
) -> Hint:
    """The allowed value most like the bad one, then all of them.

    ``meant``: words that look like none of them and mean one all the same.
    """
    known = dict(meant or {}) | {plain(value): value for value in allowed}
    rest = f"; allowed: {', '.join(allowed)}{besides}"

    def hint(values: pl.Series, _column: str) -> pl.Series:
        best = [known[_closest(value, list(known))] for value in values]
        return pl.Series(
            [f'nearest is "{value}"{rest}' for value in best], dtype=pl.String
        )

    return hint


def plain(value: str) -> str:
    """Letters and digits only, in lower case: what a slip of the pen leaves."""
    return re.sub(r"[\W_]+", "", value[:SHOWN].casefold())


def _closest(value: str, forms: Sequence[str]) -> str:
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - for what is wrong alone

    found = process.extractOne(plain(value), forms, scorer=fuzz.ratio)
    return str(found[0])


def grade(values: pl.Series, column: str) -> pl.Series:
    """The nearest grade; of a list, that of its first item that is none."""
    kept = [_grade_like(value) for value in values]
    return _NEAREST_GRADE(pl.Series(kept, dtype=pl.String), column)


def _grade_like(value: str) -> str:
    items = [item.strip(' "[]') for item in value[:SHOWN].split(",")]
    item = next((item for item in items if plain(item) not in _GRADES), value)
    number = _NUMBER.search(item)
    if number is None:
        return item
    year = int(number[0])
    if not year:
        return "KG"
    return f"{min(year, LAST_YEAR):02d}"


LAST_YEAR = 13
_NUMBER = re.compile(r"(?<![0-9])[0-9]{1,2}(?![0-9])")
_GRADES = frozenset(
    {"k", *(grade.lower() for grade in GRADES), *map(str, range(1, LAST_YEAR + 1))}
)
_NEAREST_GRADE = nearest(GRADES, "", GRADES_MEANT)


def date_format(values: pl.Series, column: str) -> pl.Series:
    """How to say in the mapping in which form the file writes its dates."""
    iso = f"write {column} as YYYY-MM-DD"
    named = f'{iso}, or name its form in the mapping: as = "date", format = '
    v = pl.col("v").str.strip_chars()
    return (
        values.to_frame("v")
        .select(
            pl.when(v.str.contains(ZEROS))
            .then(pl.lit("leave the cell empty where there is no date"))
            .when(v.str.contains(DAY_FIRST))
            .then(_both_orders(v, named))
            .when(v.str.contains(YEAR_FIRST))
            .then(pl.concat_str(pl.lit(named), _year_first(v)))
            .when(v.str.contains(COMPACT))
            .then(pl.lit(f'{named}"%Y%m%d"'))
            .when(v.str.contains(SERIAL))
            .then(pl.lit(f"a spreadsheet's number of days; {iso}"))
            .otherwise(pl.lit(f"{iso}, a day that the calendar has"))
        )
        .to_series()
    )


def _year_first(value: pl.Expr) -> pl.Expr:
    mark = value.str.extract(r"([/.])")
    return pl.concat_str(
        pl.lit('"%Y'), mark, pl.lit("%m"), mark, pl.lit("%d"), pl.lit('"')
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
    # Of a column whose first numbers go beyond the months there is but one way to read.
    numbers = r"^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-](?:[0-9]{4}|[0-9]{2})$"
    first, second = (
        value.str.extract(numbers, place).cast(pl.Int64) > MONTHS for place in (1, 2)
    )
    form = (
        pl.when(first.any() & ~second.any())
        .then(day_first)
        .when(second.any() & ~first.any())
        .then(month_first)
        .otherwise(pl.concat_str(day_first, pl.lit(" or "), month_first))
    )
    return pl.concat_str(pl.lit(named), form)


MONTHS = 12


def near(wanted: pl.Series, held: pl.Series) -> pl.DataFrame:
    """``wanted`` and ``near``: of the identifiers held, the one that was meant.

    One that differs in case, zeros, spaces or marks alone; failing that the one that
    is most like it, if no other is as like: identifiers that count up are all alike,
    and a guess among them helps nobody. The work is bounded, whatever the drop.
    """
    asked = wanted.drop_nulls().unique().sort().alias("wanted").to_frame()
    there = held.drop_nulls().unique().sort().alias("near").to_frame()
    forms = there.with_columns(_form("near")).unique("_form", keep="none")
    alike = asked.with_columns(_form("wanted")).join(forms, on="_form").drop("_form")
    rest = asked.join(alike, on="wanted", how="anti").sort("wanted")["wanted"]
    tried = rest.head(WORK // max(there.height, 1))
    names = there["near"].to_list()
    found = [(value, _clearly_nearest(value, names)) for value in tried]
    guessed = pl.DataFrame(
        [pair for pair in found if pair[1] is not None],
        {"wanted": pl.String, "near": pl.String},
        orient="row",
    )
    return pl.concat([alike.select("wanted", "near"), guessed]).sort("wanted")


WORK = 2_000_000
"""Comparisons of two identifiers: about a second."""
LIKE = 80.0
"""Of 100; below it a guess confuses more than it helps."""


def _form(name: str) -> pl.Expr:
    return (
        pl.col(name)
        .str.to_lowercase()
        .str.replace_all(r"[\W_]+", "")
        .str.replace_all(r"(^|[^0-9])0+([0-9])", "${1}${2}")
        .alias("_form")
    )


def _clearly_nearest(value: str, names: Sequence[str]) -> str | None:
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - for what is wrong alone

    best = process.extract(
        *(value[:SHOWN], names), scorer=fuzz.ratio, limit=2, score_cutoff=LIKE
    )
    if not best or (len(best) > 1 and best[0][1] == best[1][1]):
        return None
    return str(best[0][0])
