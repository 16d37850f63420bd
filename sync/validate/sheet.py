"""One mapped table with equal things made equal, ready to be judged.

In: a ``Table`` of raw canonical cells. Out: a ``Sheet``: the normalised cells, and
beside them the raw ones of those columns only that normalising changed. Most columns
of a clean drop come through unchanged, which is why each is looked at cheaply first.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import reduce

import polars as pl

from sync.model.entities import ENTITIES, Column, Entity, Mode
from sync.model.roster import FILE, KEEP, KEY, ROW, Table
from sync.validate.glance import Looked, look

NUMBER = "_n"
"""The row's place in its sheet: file and line do not tell rows apart where one row of
a file gives several records."""

RAW = "raw:"
"""Prefix of the raw column beside its normalised one, while rules are judged."""

MANY, AT_ONCE = 50_000, 2
"""A table of so many rows has so many columns looked at side by side, since the work on
one column runs on one core."""

VISIBLE = r"[^\s\x{200b}\x{200c}\x{200d}\x{2060}\x{feff}]"
"""A character that ``normalise.text`` leaves."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows of an entity that were looked at before, with nothing wrong: how many, and
    their keys, where somebody may ask for them."""

    rows: int = 0
    keys: pl.Series = field(default_factory=lambda: pl.Series(KEY, [], pl.String))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One entity's rows.

    ``frame``: canonical columns normalised, ``_file``, ``_row``, ``_n``, and, once
    they are known, ``_key`` (null where it cannot be read) and ``_keep``. ``raw``: the
    columns that normalising changed, as they were, in the same row order.
    ``doubtful``: the rows with a cell in which a rule may find a fault; null where
    there are none.
    """

    entity: Entity
    mode: Mode
    frame: pl.DataFrame
    raw: pl.DataFrame
    doubtful: pl.Series | None
    optional: frozenset[str] = frozenset()
    undelivered: pl.Series | None = None
    """Row by row the fields (between commas) that the file of the row does not have."""
    aside: Aside = field(default_factory=Aside)

    @property
    def columns(self) -> tuple[str, ...]:
        """The canonical columns that the drop has."""
        return tuple(name for name in self.frame.columns if not name.startswith("_"))

    def column(self, name: str) -> Column:
        """What the canonical column of that name may hold in this layout."""
        column = ENTITIES[self.entity].column(name)
        if name in self.optional:
            return replace(column, required=False)
        return column

    def with_frame(self, frame: pl.DataFrame) -> Sheet:
        """The same sheet with another frame of the same rows."""
        return replace(self, frame=frame)

    @property
    def rows(self) -> int:
        """How many there are, with those that are aside."""
        return self.frame.height + self.aside.rows

    @property
    def keyed(self) -> pl.DataFrame:
        """The rows whose key can be read."""
        return self.frame.filter(pl.col(KEY).is_not_null())


def sheet(table: Table, aside: Aside | None = None) -> Sheet:
    """Normalise a table's cells; nothing is judged yet."""
    spec = ENTITIES[table.entity]
    frame = table.frame.with_row_index(NUMBER)
    raws = [frame[name] for name in frame.columns if not name.startswith("_")]
    looked = _looked(raws, [spec.column(raw.name) for raw in raws])
    pairs = zip(raws, looked, strict=True)
    return Sheet(
        table.entity,
        table.mode,
        pl.DataFrame(
            [*(one.cells for one in looked), frame[FILE], frame[ROW], frame[NUMBER]]
        ),
        pl.DataFrame([raw for raw, one in pairs if one.cells is not raw]),
        reduce(either, [one.doubtful for one in looked], None),
        table.optional,
        frame[KEEP] if KEEP in frame.columns else None,
        aside or Aside(),
    )


def _looked(raws: Sequence[pl.Series], columns: Sequence[Column]) -> list[Looked]:
    """The first look at each column."""
    if not raws or raws[0].len() < MANY:
        return list(map(look, raws, columns))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as looking:
        return list(looking.map(look, raws, columns))


def either(one: pl.Series | None, other: pl.Series | None) -> pl.Series | None:
    """The rows of both; null stands for none."""
    if one is None or other is None:
        return other if one is None else one
    return one | other


def blank(name: str) -> pl.Expr:
    """Whether a raw cell is null or shows nothing."""
    return ~pl.col(RAW + name).str.contains(VISIBLE).fill_null(value=False)


def is_one_of(numbers: pl.Series) -> pl.Expr:
    """Whether a row is one of those with these ``_n``."""
    return pl.col(NUMBER).is_in(numbers.implode())
