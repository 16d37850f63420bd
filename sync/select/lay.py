"""What is left out, laid beside what is chosen, on its way through the difference.

In: what a target projected of the chosen rows and, by themselves, of the others; then
the joined frames. Out: frames in which every row of the drop stands once, and the mark
``outside`` on whatever is none of this target's business.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.roster import KEY
from sync.select.choose import LEFT

Frames = Mapping[Entity, pl.DataFrame]
DECISION, REASON = "_decision", "_reason"
OUTSIDE = "outside"


def with_left_out(
    chosen: Frames, left: Frames
) -> tuple[dict[Entity, pl.DataFrame], dict[Entity, int]]:
    """The projected frames with the rows that are left out, as ``unsupported``; and how
    many of these are the same remote record as a row that is chosen.

    Both are the target's projections (the frames of ``targets.base.Projection``), which
    carry ``_left`` along. Where both name one record it is the chosen row's, unless
    that would end what the other row says is in force.
    """
    frames, folded = dict(chosen), {}
    for entity, frame in left.items():
        away = frame.filter(pl.col(LEFT).is_not_null()).with_columns(
            pl.lit("unsupported").alias(DECISION), pl.col(LEFT).alias(REASON)
        )
        here = chosen.get(entity, away.clear())
        others = here.select(KEY, _ends=~_in_force(here))
        both = away.join(others, on=KEY, how="inner")
        stays = both.filter("_ends", _in_force(both)).select(KEY)
        lost = both.join(stays, on=KEY, how="anti").select(KEY)
        frames[entity] = pl.concat(
            [
                here.join(stays, on=KEY, how="anti"),
                away.join(lost, on=KEY, how="anti"),
            ],
            how="diagonal",
        ).sort(KEY)
        folded[entity] = both.height
    return frames, folded


def _in_force(frame: pl.DataFrame) -> pl.Expr:
    if "status" not in frame.columns:
        return pl.lit(value=True)
    return pl.col("status").fill_null("active") == "active"


def with_outside(
    joined: Frames, outside: Mapping[Entity, pl.DataFrame]
) -> dict[Entity, pl.DataFrame]:
    """The joined frames with ``outside``: rows that are left out, and remote records
    that are not for this target and that no chosen row names."""
    return {
        entity: frame.with_columns(
            (_left_out(frame) | (~pl.col("in_drop") & _among(entity, outside))).alias(
                OUTSIDE
            )
        )
        for entity, frame in joined.items()
    }


def _left_out(frame: pl.DataFrame) -> pl.Expr:
    name = f"d:{LEFT}"
    return pl.col(name).is_not_null() if name in frame.columns else pl.lit(value=False)


def _among(entity: Entity, outside: Mapping[Entity, pl.DataFrame]) -> pl.Expr:
    """Whether a key is outside; people are one, whichever file they stand in."""
    homes = PEOPLE if entity in PEOPLE else (entity,)
    keys = [outside[home] for home in homes if home in outside]
    whole = pl.concat([pl.DataFrame(schema={KEY: pl.String()}), *keys])
    return pl.col(KEY).is_in(whole[KEY].implode())
