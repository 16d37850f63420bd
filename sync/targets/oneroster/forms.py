"""Readers that take pages of plain records without looking at them one by one.

Comes in: a shape. Goes out: its ``Reader``. Plain is a record of which the columns
hold everything: its fields are texts, its references objects that name one record, and
nothing else in it says anything. All others are read by ``records``.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from sync.targets.base import ID
from sync.targets.common.columns import Reader, Record
from sync.targets.common.records import filled
from sync.targets.oneroster import records
from sync.targets.oneroster.shapes import Shape

_ABOUT_IT = frozenset({"href", "name", "type"})
"""What a reference may say besides; see ``records``."""
_NOT_KEPT = frozenset({"dateLastModified", "password"})
"""Whatever they say."""


def reader(shape: Shape) -> Reader:
    """The reader of one collection but the users."""
    texts = ("status", *shape.texts)
    names = {one.name for one in shape.pointers.values()}
    told = {name: name for name in texts} | {
        column: f"{one.name}.sourcedId" for column, one in shape.pointers.items()
    }

    def fits(row: Record) -> bool:
        return isinstance(row.get("sourcedId"), str) and all(
            value is None or _is_plain(name, value) for name, value in row.items()
        )

    def _is_plain(name: str, value: Any) -> bool:
        if name == "sourcedId" or name in texts:
            return isinstance(value, str | bool)
        if name in names:
            return value == {} or _names_one(value)
        return name in _NOT_KEPT or value in ([], {})

    def framed(page: pl.DataFrame) -> pl.DataFrame:
        nameless = [pl.col(f"{name}.sourcedId") == "" for name in sorted(names)]
        odd = pl.any_horizontal(pl.lit(value=False), *nameless)
        frozen = page.select(odd.fill_null(value=False).alias("_frozen"))
        unsaid = (pl.lit(None, pl.String).alias(name) for name in shape.lists)
        return (
            filled(page, told)
            .with_columns(*unsaid, pl.lit(None, pl.String).alias("_rest"))
            .select(ID, *shape.columns, "_rest")
            .hstack(frozen)
        )

    paths = ("sourcedId", *told.values())
    return Reader(records.reader(shape), paths, fits, framed)


def _names_one(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("sourcedId"), str)
        and value.keys() <= {"sourcedId", *_ABOUT_IT}
    )
