"""The few rows that differ -> which were added, removed or changed, cell by cell.

In: the rows of either side that the other has not as they are. Out: a frame of
``CHANGE_SCHEMA``. Nothing is decided by a hash here: rows are held against each other
as text, and how often a key stands in either file was counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from sync.model import normalise

CHANGE_SCHEMA = pl.Schema(
    {
        "change": pl.String(),
        "key": pl.String(),
        "column": pl.String(),
        "before": pl.String(),
        "after": pl.String(),
        "repeated": pl.Boolean(),
    }
)
"""``change``: ``added``, ``removed`` or ``changed``; ``key``: the cells of the key
joined by ``/``, null for a row without one. A changed row has one line for each cell,
with ``column``; of the others the row's cells, joined by ``, ``, stand in ``after`` or
``before``. ``repeated``: the key has several rows on a side. Sorted by key, then by
change and by the order of the columns."""

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
BEFORE, AFTER = "before", "after"
KEY, COUNT = "\0key", "\0count"
"""Of a row: its key as one text, null where a cell of it is blank; of a key: its rows.
No file has a NUL in it, so that no header is called so."""
_N, _PLACE, _WAS, _OLD, _NEW = "\0n", "\0place", "\0was", "\0before", "\0after"


@dataclass(frozen=True, slots=True)
class Rest:
    """The rows of either side that are left when equal ones have cancelled out."""

    before: pl.DataFrame
    after: pl.DataFrame
    """The same String columns in the same order, none of them null."""

    @property
    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Both sides."""
        return self.before, self.after


def rest(before: pl.DataFrame, after: pl.DataFrame) -> Rest:
    """Take away what both sides have, as often as both have it.

    Both frames have the same String columns.
    """
    names = before.columns
    both = pl.concat(
        [
            before.with_columns(pl.lit(1).alias(_N)),
            after.with_columns(pl.lit(-1).alias(_N)),
        ]
    )
    left = both.group_by(names).agg(pl.col(_N).sum()).filter(pl.col(_N) != 0)
    return Rest(
        *(
            left.filter(pl.col(_N) * sign > 0)
            .sort(names)
            .select(pl.col(names).repeat_by(pl.col(_N).abs()))
            .explode(names, empty_as_null=True)
            for sign in (1, -1)
        )
    )


def stripped(key: Sequence[str]) -> list[pl.Expr]:
    """The cells of a key without the spaces around them, under their names."""
    return [pl.col(name).str.strip_chars() for name in key]


def keys(rows: Iterable[pl.DataFrame], key: Sequence[str]) -> pl.DataFrame:
    """The keys of some rows, each once, cell by cell; without those that have a blank
    cell."""
    if not key:
        return pl.DataFrame()
    return pl.concat([_whole_keys(one, key) for one in rows]).unique()


def tally(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The cells of each such key, and ``COUNT``, in how many of the rows it stands."""
    if not key:
        return pl.DataFrame()
    return _whole_keys(rows, key).group_by(list(key)).len(COUNT)


def _whole_keys(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    bare = rows.select(stripped(key))
    return bare.filter(pl.all_horizontal(pl.col(name) != "" for name in key))


def changes(
    rows: Rest, key: Sequence[str], counted: tuple[pl.DataFrame, pl.DataFrame]
) -> pl.DataFrame:
    """A frame of ``CHANGE_SCHEMA``.

    ``counted``: for either side how often its file has each of the keys (see
    ``tally``). A row was changed if its key has one row on either
    side; it was added or removed if the other side has none of its key. Rows of keys
    of which there are more are told one by one, as they are.
    """
    told = _with_counts(rows, key, counted)
    one_each = (pl.col(_OLD) == 1) & (pl.col(_NEW) == 1)
    pairs = [one.filter(one_each) for one in told.frames]
    alone = [one.filter(one_each.fill_null(value=False).not_()) for one in told.frames]
    order = {name: place for place, name in enumerate(rows.before.columns)}
    whole = [
        _alone(REMOVED, alone[0], BEFORE, list(order)),
        _alone(ADDED, alone[1], AFTER, list(order)),
        *_changed(pairs[0], pairs[1], list(order)),
    ]
    place = pl.col("column").replace_strict(order, default=None, return_dtype=pl.UInt32)
    return (
        pl.concat([CHANGE_SCHEMA.to_frame(), *whole])
        .with_columns(place.alias(_PLACE))
        .sort("key", "change", _PLACE, "before", "after", nulls_last=True)
        .drop(_PLACE)
    )


def _with_counts(
    rows: Rest, key: Sequence[str], counted: tuple[pl.DataFrame, pl.DataFrame]
) -> Rest:
    """The rows with ``KEY``, and with the number of rows of it that either file has."""
    names = [f"\0{place}" for place, _ in enumerate(key)]
    if not key:
        blank = [pl.lit(None, pl.String).alias(KEY), *_NEVER]
        return Rest(*(one.with_columns(blank) for one in rows.frames))
    sides = [
        one.select(
            *(pl.col(name).alias(at) for name, at in zip(key, names, strict=True)),
            pl.col(COUNT).cast(pl.Int64).alias(side),
        )
        for side, one in zip((_OLD, _NEW), counted, strict=True)
    ]
    counts = (
        sides[0]
        .join(sides[1], on=names, how="full", coalesce=True)
        .with_columns(pl.col(_OLD, _NEW).fill_null(0), normalise.key(*names).alias(KEY))
    )
    return Rest(
        *(
            one.with_columns(
                expr.alias(at) for expr, at in zip(stripped(key), names, strict=True)
            )
            .join(counts, on=names, how="left", maintain_order="left")
            .drop(names)
            for one in rows.frames
        )
    )


_NEVER = [pl.lit(None, pl.Int64).alias(name) for name in (_OLD, _NEW)]


def _alone(
    change: str, rows: pl.DataFrame, side: str, names: Sequence[str]
) -> pl.DataFrame:
    """Rows that the other side has not, or that cannot be paired."""
    nothing = pl.lit(None, pl.String)
    text = pl.concat_str(names, separator=", ")
    several = pl.max_horizontal(_OLD, _NEW) > 1
    return rows.select(
        pl.lit(change).alias("change"),
        pl.col(KEY).alias("key"),
        nothing.alias("column"),
        (text if side == BEFORE else nothing).alias("before"),
        (text if side == AFTER else nothing).alias("after"),
        several.fill_null(value=False).alias("repeated"),
    )


def _changed(
    before: pl.DataFrame, after: pl.DataFrame, names: Sequence[str]
) -> list[pl.DataFrame]:
    """For each column the cells that differ in rows of one key."""
    pairs = after.join(before, on=KEY, how="inner", suffix=_WAS)
    return [
        pairs.filter(pl.col(name) != pl.col(name + _WAS)).select(
            pl.lit(CHANGED).alias("change"),
            pl.col(KEY).alias("key"),
            pl.lit(name).alias("column"),
            pl.col(name + _WAS).alias("before"),
            pl.col(name).alias("after"),
            pl.lit(value=False).alias("repeated"),
        )
        for name in names
    ]
