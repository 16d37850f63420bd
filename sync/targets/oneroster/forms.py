"""Readers that take pages of plain records without looking at them one by one.

Comes in: a shape. Goes out: its ``Reader``. Plain is a record of which the columns
hold everything: its fields are texts, its references objects that name one record, and
nothing else in it says anything. All others are read by ``records``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from sync.targets.base import ID
from sync.targets.common.columns import Reader, Record
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

    shaped = _shaped(shape, told)
    paths = ("sourcedId", *told.values())
    return Reader(
        records.reader(shape), paths, fits, lambda page: page.select_seq(shaped)
    )


def _shaped(shape: Shape, told: Mapping[str, str]) -> list[pl.Expr]:
    """The columns of ``records``, from a text for each path. Made once: to make them
    for each page holds up all others for as long as to read a part of it."""
    found = {
        column: pl.col(path).replace("", None).alias(column)
        for column, path in {ID: "sourcedId", **told}.items()
    }
    unsaid = pl.lit(None, pl.String)
    names = sorted({one.name for one in shape.pointers.values()})
    nameless = [pl.col(f"{name}.sourcedId") == "" for name in names]
    odd = pl.any_horizontal(pl.lit(value=False), *nameless)
    return [
        *(found.get(name, unsaid.alias(name)) for name in (ID, *shape.columns)),
        unsaid.alias("_rest"),
        odd.fill_null(value=False).alias("_frozen"),
    ]


def _names_one(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("sourcedId"), str)
        and value.keys() <= {"sourcedId", *_ABOUT_IT}
    )
