"""A column read by its distinct values.

Comes in: a column of a long list and how one cell of it is read. Goes out: the column
read. Roles, dates and the class of an enrollment repeat: normalising 300,000 cells of
a few values is work for those few.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from sync.model import normalise

REPEATED = 3
"""Values that do not stand this often on the average are read one by one."""
_SAMPLE, _FEW = 1000, 10
"""Of so many cells at the beginning no more distinct ones are read once each, though
they need no more than to be trimmed."""


def by_value(column: pl.Series, read: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """What ``read`` makes of each cell, which must depend on that cell alone."""
    if read is normalise.text and _is_plain(column):
        return column.str.strip_chars().replace("", None)
    cells = pl.col(column.name)
    values = column.unique()
    if values.len() * REPEATED > column.len():
        return column.to_frame().select(read(cells)).to_series().alias(column.name)
    forms = values.to_frame().select(read(cells)).to_series()
    return column.replace_strict(values, forms, return_dtype=forms.dtype)


def _is_plain(column: pl.Series) -> bool:
    """Whether trimming is all that its texts can need: in ASCII there is nothing to
    compose and nothing without width, which is what takes the time."""
    if column.len() > _SAMPLE and column.head(_SAMPLE).n_unique() <= _FEW:
        return False
    return bool((column.str.len_bytes() == column.str.len_chars()).all())
