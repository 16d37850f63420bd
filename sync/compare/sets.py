"""Which rows of two files differ, by hashes alone: a set of numbers in place of rows.

In: the rows of either side, lazily. Out: the few that may differ, to be fetched and
held against each other as text. A hash is never stored: polars promises it for one
version only.

Two different rows may have one hash. Where they stand on two sides, they would cancel
out unseen; so a second hash is summed up over all rows, and the sums of what cancelled
out must be the same on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

HASH, SECOND, KEYED, PLACE = "\0hash", "\0second", "\0keyed", "\0place"
"""Columns beside those of a file, whose headers hold no NUL."""
_WRAP = 1 << 64


class CollidedError(Exception):
    """Two different rows have one hash: only their text can tell them apart."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """The rows of one side as numbers, in their order."""

    frame: pl.DataFrame
    """``HASH`` and ``SECOND`` of the row, and, where there is a key, ``KEYED`` of its
    key."""
    rows: int
    """How many there are, without blank ones."""

    def places(self, column: str, wanted: pl.DataFrame) -> pl.DataFrame:
        """``PLACE`` (UInt32, from 0) and ``SECOND`` of the rows whose hash in a
        column is one of those in a frame."""
        return (
            self.frame.lazy()
            .select(column, SECOND)
            .with_row_index(PLACE)
            .join(wanted.lazy(), on=column, how="semi")
            .select(PLACE, SECOND)
            .sort(PLACE)
            .collect()
        )


def hashes(content: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Both hashes of a row."""
    return content.hash(0).alias(HASH), content.hash(1).alias(SECOND)


def keyed(cells: Sequence[pl.Expr]) -> list[pl.Expr]:
    """The hash of the cells of a key; none where there is no key."""
    if not cells:
        return []
    whole = cells[0] if len(cells) == 1 else pl.struct(cells)
    return [whole.hash(0).alias(KEYED)]


def odd(before: Hashed, after: Hashed) -> pl.DataFrame:
    """``HASH`` of the rows that one side has more often than the other.

    Raises ``CollidedError`` where others have one hash and differ all the same.
    """
    sides = [
        one.frame.lazy().select(HASH, pl.lit(sign, pl.Int8).alias("n"))
        for one, sign in ((before, 1), (after, -1))
    ]
    found = (
        pl.concat(sides)
        .group_by(HASH)
        .agg(pl.col("n").sum())
        .filter(pl.col("n") != 0)
        .select(HASH)
        .collect(engine="streaming")
    )
    left = {_sum(one.frame) - _sum(one.places(HASH, found)) for one in (before, after)}
    if len({one % _WRAP for one in left}) > 1:
        raise CollidedError
    return found


def _sum(frame: pl.DataFrame) -> int:
    """Of the second hashes: in two halves, that cannot run over."""
    second = pl.col(SECOND)
    low, high = frame.select(
        (second % (1 << 32)).sum().alias("low"), (second // (1 << 32)).sum()
    ).row(0)
    return int(low + (high << 32))
