"""A column read by its distinct values.

Comes in: a column of a long list and how one cell of it is read. Goes out: the column
read. Roles, dates and the class of an enrollment repeat: normalising 300,000 cells of
a few values is work for those few.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

REPEATED = 3
"""Values that do not stand this often on the average are read one by one."""


def by_value(column: pl.Series, read: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """What ``read`` makes of each cell, which must depend on that cell alone."""
    cells = pl.col(column.name)
    values = column.unique()
    if values.len() * REPEATED > column.len():
        return column.to_frame().select(read(cells)).to_series().alias(column.name)
    forms = values.to_frame().select(read(cells)).to_series()
    return column.replace_strict(values, forms, return_dtype=forms.dtype)
