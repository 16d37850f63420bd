"""What to mend first: one place, and the rows that this one mend brings back.

In: the findings of a drop and how many rows each file has. Out: ``Mend``, most rows
first. A mend is a row, a group of rows that contradict each other, one value that many
rows have (a record that is missing, a code that the mapping could translate), or a
whole column, where the export and not a person is at fault. A row comes back when
all that it was rejected for is mended at once; rows that fell with it come back too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from sync.model.finding import Findings, Severity

MANY = 10
"""Rows from which on one mistake is said to be the column's, not the rows'."""
SHARE = 2
"""One in so many rows of the file must have it then."""

_PLACE = ("file", "line")
_CAUSE = ("cause_file", "cause_line")
_GROUPS = ("RS202", "RS203")
"""Codes of which all rows of a group have one message, which names them all."""
_VALUES = r"^RS05[0-9]$|^RS11[0-6]$|^RS12[2-4]$|^RS25[0-5]$"
"""Codes of values that one translation, or one record more, would mend everywhere."""


class Scope(StrEnum):
    """How much one mend is about."""

    COLUMN = "column"
    VALUE = "value"
    GROUP = "group"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing to do, where it stands first, and what comes of it."""

    scope: Scope
    code: str
    file: str | None
    line: int | None
    column: str | None
    value: str | None
    message: str
    hint: str | None
    touched: int
    """Rows that have the mistake."""
    brings_back: int
    """Rows that nothing else is wrong with, and those that fell with them."""
    beneath: int
    """Those of them that fell only because of the others."""
    defects: int
    """Mistakes in the row, where it is one row."""


def mends(findings: Findings, rows: Mapping[str, int]) -> list[Mend]:
    """What to mend, most rows first; ``rows``: how many each file has."""
    rejecting = findings.of_severity(Severity.REJECTED)
    roots = rejecting.filter(pl.col("cause_code").is_null())
    if roots.is_empty():
        return []
    roots = _with_scope(roots, rows)
    told = (
        roots.group_by("_mend", maintain_order=True)
        .agg(
            pl.col("scope", "code", *_PLACE, "column", "value", "message", "hint")
            .first()
            .name.keep(),
            pl.struct(_PLACE).n_unique().alias("touched"),
            pl.len().alias("defects"),
        )
        .join(_brought_back(roots, rejecting), on="_mend", how="left")
        .with_columns(pl.col("brings_back", "beneath").fill_null(0))
        .sort(
            *("brings_back", "touched", "code", "file", "line"),
            descending=[True, True, False, False, False],
        )
        .drop("_mend")
    )
    return [_mend(row) for row in told.rows(named=True)]


def _with_scope(roots: pl.DataFrame, rows: Mapping[str, int]) -> pl.DataFrame:
    """Each root with ``scope`` and ``_mend``: the same for what is mended at once."""
    together, alike = ("code", "file", "column"), ("code", "value")
    touched = pl.struct(_PLACE).n_unique()
    whole = pl.col("file").replace_strict(
        list(rows), list(rows.values()), default=None, return_dtype=pl.Int64
    )
    counted = roots.with_columns(
        touched.over(together).alias("_column"),
        touched.over(alike).alias("_value"),
        whole.alias("_rows"),
    )
    is_column = (pl.col("_column") >= MANY) & (
        pl.col("_column").cast(pl.Int64) * SHARE >= pl.col("_rows")
    )
    is_value = (
        pl.col("code").str.contains(_VALUES)
        & pl.col("value").is_not_null()
        & (pl.col("_value") > 1)
    )
    scope = (
        pl.when(is_column.fill_null(value=False))
        .then(pl.lit(Scope.COLUMN.value))
        .when(is_value)
        .then(pl.lit(Scope.VALUE.value))
        .when(pl.col("code").is_in(_GROUPS))
        .then(pl.lit(Scope.GROUP.value))
        .otherwise(pl.lit(Scope.ROW.value))
    )
    return counted.with_columns(scope.alias("scope")).with_columns(_shared())


def _shared() -> pl.Expr:
    parts = {
        Scope.COLUMN: ("code", "file", "column"),
        Scope.VALUE: ("code", "value"),
        Scope.GROUP: ("code", "message"),
        Scope.ROW: _PLACE,
    }
    texts = {
        scope.value: pl.concat_str(
            pl.lit(scope.value),
            *(pl.col(name).cast(pl.String).fill_null("") for name in names),
            separator="\x00",
        )
        for scope, names in parts.items()
    }
    return pl.coalesce(
        [pl.when(pl.col("scope") == scope).then(text) for scope, text in texts.items()]
    ).alias("_mend")


def _brought_back(roots: pl.DataFrame, rejecting: pl.DataFrame) -> pl.DataFrame:
    """``_mend``, ``brings_back`` and ``beneath``."""
    own = roots.select(*_PLACE, "_mend", pl.lit(value=False).alias("_follows")).unique()
    causes = dict(zip(_PLACE, _CAUSE, strict=True))
    follow = (
        rejecting.filter(pl.col("cause_code").is_not_null())
        .select(*_PLACE, *_CAUSE)
        .unique()
        .join(
            own.select(*_PLACE, "_mend").rename(causes),
            on=_CAUSE,
            how="left",
            nulls_equal=True,
        )
        .select(*_PLACE, "_mend", pl.lit(value=True).alias("_follows"))
    )
    return (
        pl.concat([own, follow])
        .group_by(_PLACE)
        .agg(
            pl.col("_mend").first(),
            pl.col("_mend").n_unique().alias("needed"),
            pl.col("_follows").all(),
        )
        .filter(pl.col("needed") == 1)
        .group_by("_mend")
        .agg(pl.len().alias("brings_back"), pl.col("_follows").sum().alias("beneath"))
    )


def _mend(row: dict[str, Any]) -> Mend:
    return Mend(**{**row, "scope": Scope(row["scope"])})
