"""Which row's rejection brought another one down.

In: sheets and the findings so far. Out: for each fallen key the root: file, line and
code of the first finding that rejected the row where the trouble began.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync.model.roster import KEY
from sync.validate.rough import Pile
from sync.validate.sheet import NUMBER, Sheet


def causes() -> tuple[str, str, str]:
    """The three columns that name a root."""
    return ("cause_file", "cause_line", "cause_code")


def broken(sheets: Sequence[Sheet], pile: Pile) -> pl.DataFrame:
    """The same for rows of the wrong width; they take no other row of their key with
    them, but may be what another row names."""
    return pl.concat(
        [
            pl.DataFrame(schema={KEY: pl.String()}),
            *(pile.broken[one.entity] for one in sheets if one.entity in pile.broken),
        ],
        how="diagonal",
    ).unique(KEY, keep="first", maintain_order=True)


def fallen(sheets: Sequence[Sheet], pile: Pile) -> pl.DataFrame:
    """``_key`` and the root of every readable key of which a row was rejected."""
    parts = [_fallen(sheet, pile) for sheet in sheets]
    if not parts:
        return pl.DataFrame()
    return (
        pl.concat(parts)
        .sort(KEY, "_follows", *causes())
        .unique(KEY, keep="first", maintain_order=True)
        .drop("_follows")
    )


def _fallen(sheet: Sheet, pile: Pile) -> pl.DataFrame:
    rejecting = pile.rejecting(sheet.entity)
    follows = pl.col("cause_file").is_not_null()
    own = ("file", "line", "code")
    roots = rejecting.select(
        NUMBER,
        follows.alias("_follows"),
        *(
            pl.when(follows).then(name).otherwise(mine).alias(name)
            for name, mine in zip(causes(), own, strict=True)
        ),
    )
    keys = sheet.keyed.select(NUMBER, KEY)
    return keys.join(roots, on=NUMBER, how="inner").drop(NUMBER)
