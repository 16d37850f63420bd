"""What guards count: which records are in scope, and what would happen to each.

In: the differences of one entity with decisions and fates. Out: the same with the
Booleans ``scoped``, ``removed``, ``created`` and ``updated``.
"""

from __future__ import annotations

import polars as pl

from sync.diff import EVIDENCE, PROPOSED
from sync.diff.values import DROP, REMOTE
from sync.model.entities import Entity
from sync.model.roster import KEY
from sync.plan.removal import OUTSIDE, WOULD_END


def marked_rows(entity: Entity, joined: pl.DataFrame, source: str) -> pl.DataFrame:
    """Booleans for each row: in scope, and what would happen to it.

    An ended enrollment whose user gets a new one of the same role is a move: an
    update, not a removal.
    """
    gone = pl.col("fate").fill_null("") == "remove"
    decision = pl.col("decision").fill_null("")
    marked = joined.with_columns(
        scoped=pl.col("in_remote")
        & pl.col("was_active")
        & (pl.col("known") | pl.col("in_drop") | gone)
        & ~_beyond(joined, source),
        removed=(pl.col("ends") | gone | _would_end(joined)) & pl.col("was_active"),
        created=(decision == "create") | _would_be_made(joined),
        updated=decision.is_in(["update", "reactivate"]) & ~pl.col("ends"),
    )
    if entity is not Entity.ENROLLMENTS or "d:userSourcedId" not in joined.columns:
        return marked
    if "r:userSourcedId" not in joined.columns:
        return marked
    moved = _moved(marked)
    return marked.with_columns(
        updated=pl.col("updated") | moved, removed=pl.col("removed") & ~moved
    )


def _moved(marked: pl.DataFrame) -> pl.Series:
    """Row by row, whether it is removed where its user gets a new one of its role."""
    same = ["r:userSourcedId", "r:role"]
    newcomers = (
        marked.lazy()
        .select("created", "d:userSourcedId", "d:role")
        .filter("created")
        .select(pl.col("d:userSourcedId", "d:role").name.map(_of_remote))
        .unique()
        .with_columns(moved=pl.lit(value=True))
    )
    found = marked.lazy().select("removed", *same)
    return (
        found.join(newcomers, on=same, how="left", maintain_order="left")
        .select(pl.col("moved").fill_null(value=False) & pl.col("removed"))
        .collect()
        .to_series()
    )


def _of_remote(name: str) -> str:
    return REMOTE + name.removeprefix(DROP)


def _would_end(joined: pl.DataFrame) -> pl.Expr:
    """People who would be ended if nobody proposed who they may be: all ids changed at
    once must not look like a quiet night."""
    people = EVIDENCE in joined.columns and WOULD_END in joined.columns
    return pl.col(WOULD_END) if people else pl.lit(value=False)


def _would_be_made(joined: pl.DataFrame) -> pl.Expr:
    """The rows that may be these people."""
    new = (pl.col("decision") == PROPOSED).fill_null(value=False)
    return new & ~pl.col("in_remote") & pl.lit(EVIDENCE in joined.columns)


def _beyond(joined: pl.DataFrame, source: str) -> pl.Expr:
    """What this run has no say in: out of scope, outside the selection, or named by
    another source alone; a small delivery must not hide behind a large one."""
    beyond = pl.col("fate").fill_null("") == "out_of_scope"
    if OUTSIDE in joined.columns:
        beyond |= pl.col(OUTSIDE)
    if "source" not in joined.columns:
        return beyond
    others = pl.col("known") & ~pl.col("in_drop") & (pl.col("source") != source)
    return beyond | others.fill_null(value=False)


def without_passed(
    entity: Entity, marked: pl.DataFrame, passed: pl.DataFrame
) -> pl.DataFrame:
    """What an interrupted run was to create is not held when the next one does."""
    if passed.is_empty():
        return marked
    ids = pl.concat_str(pl.lit(f"{entity}:"), KEY)
    again = ids.is_in(passed["id"].implode())
    return marked.with_columns(created=pl.col("created") & ~again)
