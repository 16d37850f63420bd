"""Operations counted by what was to be done and what became of it.

In: the story at its end. Out: a small frame (``TALLY_SCHEMA``) for whoever tells people
or monitors, without a record in it.
"""

from __future__ import annotations

import polars as pl

from sync.flow.context import Story
from sync.model.outcome import State
from sync.report import TALLY_SCHEMA
from sync.report.changes import shown_verbs

_NAMES = {State.SENT.value: "in_doubt", State.PLANNED.value: "not_reached"}
_WELL = (State.DONE.value, "not_reached")


def tally(story: Story) -> pl.DataFrame:
    """``TALLY_SCHEMA``, sorted; what failed is counted by its answer."""
    outcomes = story.outcomes
    if "new" not in outcomes.columns:
        outcomes = outcomes.with_columns(new=pl.lit(None, dtype=pl.Boolean))
    became = outcomes.select("operation", "state", "status", "code", "new")
    state = pl.col("state").fill_null(State.PLANNED.value).replace(_NAMES)
    well = pl.col("state").is_in(_WELL)
    operations = story.operations
    if story.undoes is not None:
        operations = shown_verbs(operations)
    return (
        operations.select("id", "entity", "verb", "file", "line")
        .join(
            became,
            left_on="id",
            right_on="operation",
            how="left",
            maintain_order="left",
        )
        .with_columns(state)
        .with_columns(pl.when(~well).then(name).alias(name) for name in _ANSWER)
        .group_by("entity", "verb", "state", *_ANSWER, maintain_order=True)
        .agg(
            pl.len().alias("count"),
            pl.col("new").sum(),
            pl.col("file").drop_nulls().first(),
            pl.col("line").drop_nulls().first(),
        )
        .sort("entity", "verb", "state", *_ANSWER, nulls_last=True)
        .select(TALLY_SCHEMA.names())
        .cast(TALLY_SCHEMA)
    )


_ANSWER = ("status", "code")
