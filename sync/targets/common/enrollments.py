"""Enrollments on their way to a system: their class, their dates, their partner.

In: rows of the roster. Out: the same rows with course and school, with the status that
today gives them, folded where a system sees several of them as one.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from sync.model.entities import Entity
from sync.model.roster import KEY
from sync.shelf import in_slices, rows_at
from sync.targets.base import DECISION
from sync.targets.common.projecting import (
    BLOCKED,
    DEFERRED,
    UNSUPPORTED,
    Context,
    Rule,
    column,
    decided,
    unknown,
)

API_ROLES = ("administrator", "proctor", "student", "teacher")
"""Enrollment roles of the api: EduBridge reference and OneRoster v1p2."""


def class_rule(frame: pl.DataFrame, context: Context) -> Rule:
    """Rows whose class nobody holds, as far as validation has not judged it."""
    known = None if context.judged(Entity.CLASSES) else context.known(Entity.CLASSES)
    return (
        unknown(frame, "classSourcedId", known),
        BLOCKED,
        "neither the drop nor the target holds its class",
    )


def with_class(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Course and school of each row, or else those of its class; in their order."""
    for name in ("classSourcedId", "courseSourcedId", "schoolSourcedId"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    own = [
        source.select(
            pl.col(KEY).alias("classSourcedId"),
            column(source, "courseSourcedId").alias("_course"),
            column(source, "schoolSourcedId").alias("_school"),
        )
        for source in (
            context.roster.frames.get(Entity.CLASSES),
            context.mirror.frames.get(Entity.CLASSES),
        )
        if source is not None
    ]
    if not own:
        return frame
    classes = pl.concat(own).unique("classSourcedId", keep="first", maintain_order=True)
    found = frame.select("classSourcedId").join(
        classes, on="classSourcedId", how="left", maintain_order="left"
    )
    return frame.with_columns(
        pl.coalesce("courseSourcedId", found["_course"]).alias("courseSourcedId"),
        pl.coalesce("schoolSourcedId", found["_school"]).alias("schoolSourcedId"),
    )


def dated(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """Where a system keeps no dates: a row counts from beginDate to endDate, both
    included."""
    day = pl.lit(today.isoformat())
    over = column(frame, "endDate") < day
    early = (column(frame, "beginDate") > day) & (pl.col("status") == "active")
    return decided(
        frame.with_columns(
            pl.when(over.fill_null(value=False))
            .then(pl.lit("tobedeleted"))
            .otherwise("status")
            .alias("status")
        ),
        [(early, DEFERRED, "its beginDate has not come")],
    )


def folded(frame: pl.DataFrame, key: pl.Expr) -> tuple[pl.DataFrame, int]:
    """Rows that a system sees as one enrollment, as one; it ends with the last.

    ``key`` is its identity there. The row that stands for them is the first active
    one, failing that the first deferred one. Sorted by ``_key``.
    """
    own = pl.concat_str(pl.lit("?"), "sourcedId")  # not carried out: under its own id
    lost = pl.col(DECISION).is_in([BLOCKED, UNSUPPORTED]).fill_null(value=False)
    rank = (
        pl.when((pl.col("status") == "active") & pl.col(DECISION).is_null())
        .then(0)
        .when(pl.col(DECISION) == DEFERRED)
        .then(1)
        .otherwise(2)
    )
    named = pl.when(lost).then(own).otherwise(key).alias(KEY)
    told = (named, "sourcedId", rank.alias("_rank"))
    keys = in_slices(frame, lambda rows: rows.select(told))
    order = _one_each(keys.with_row_index("_place")).sort(KEY)
    kept = rows_at(frame, order["_place"]).with_columns(order[KEY].set_sorted())
    return kept, frame.height - kept.height


def _one_each(keys: pl.DataFrame) -> pl.DataFrame:
    """``_key`` and ``_place`` of one row of each key: only where a key has several
    rows, they are put in order."""
    twice = keys[KEY].is_duplicated()
    several = keys.filter(twice)
    if several.is_empty():
        return keys.select(KEY, "_place")
    first = several.sort(KEY, "_rank", "sourcedId").unique(
        KEY, keep="first", maintain_order=True
    )
    others = keys.filter(~twice)
    return pl.concat([others, first]).select(KEY, "_place")


def with_partner(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """An enrollment under a new id that one remote record of its user, class and role
    holds already *is* that record."""
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    same = ["userSourcedId", "classSourcedId", "role"]
    if remote is None or remote.is_empty():
        return frame
    loose = remote.filter(pl.col("status") == "active").join(frame, on=KEY, how="anti")
    single = loose.filter(~pl.struct(same).is_duplicated())
    new = frame.join(remote, on=KEY, how="anti")
    alone = new.filter(
        ~pl.struct(same).is_duplicated() & (pl.col("status") == "active")
    )
    pairs = alone.select(KEY, *same).join(
        single.select(*same, pl.col(KEY).alias("_theirs")), on=same, how="inner"
    )
    return (
        frame.join(pairs.select(KEY, "_theirs"), on=KEY, how="left")
        .with_columns(pl.coalesce("_theirs", KEY).alias(KEY))
        .drop("_theirs")
        .sort(KEY)
    )
