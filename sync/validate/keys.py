"""The key of every row that has a readable one.

In: a ``Sheet`` and what its rows are rejected for. Out: the sheet with ``_key``, null
where a cell of the key is missing or unreadable; enrollments without a sourcedId get
theirs here.
"""

from __future__ import annotations

import uuid

import polars as pl

from sync.model.entities import ENTITIES, Entity
from sync.model.identifier import uuid5
from sync.model.normalise import key
from sync.model.roster import KEY
from sync.validate.rough import Pile
from sync.validate.sheet import NUMBER, Sheet, is_one_of

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "roster-sync.enrollments")
"""Of the identifiers given to enrollments that have none; never to be changed, or all
such enrollments would be made anew."""

PARTS = (
    "userSourcedId",
    "classSourcedId",
    "courseSourcedId",
    "schoolSourcedId",
    "role",
)


def with_keys(sheet: Sheet, pile: Pile) -> Sheet:
    """The sheet with ``_key``; enrollments also with every ``sourcedId`` filled in."""
    unreadable = _unreadable(sheet, pile)
    if sheet.entity is Entity.ENROLLMENTS:
        return sheet.with_frame(_enrollments(sheet.frame, unreadable))
    spec = ENTITIES[sheet.entity]
    columns = [name for name in spec.key if name in sheet.columns]
    if {name for name in spec.key if name in spec.required} - {*columns}:
        found = pl.lit(None, pl.String)  # a layout may leave out what is required
    else:
        bad = _any(unreadable, *columns)
        found = pl.when(~bad).then(key(*columns)) if unreadable else key(*columns)
    return sheet.with_frame(sheet.frame.with_columns(found.alias(KEY)))


def _unreadable(sheet: Sheet, pile: Pile) -> dict[str, pl.Series]:
    """By column of a key, the rows that were rejected for their cell in it."""
    found = pile.rejecting(sheet.entity).select("column", NUMBER)
    names = {*ENTITIES[sheet.entity].key, *PARTS}
    return {
        str(name): part[NUMBER].unique()
        for (name,), part in found.partition_by("column", as_dict=True).items()
        if name in names
    }


def _any(unreadable: dict[str, pl.Series], *names: str) -> pl.Expr:
    bad = [is_one_of(unreadable[name]) for name in names if name in unreadable]
    return pl.any_horizontal(pl.lit(value=False), *bad)


def _enrollments(frame: pl.DataFrame, unreadable: dict[str, pl.Series]) -> pl.DataFrame:
    if "sourcedId" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.String).alias("sourcedId"))
    given = pl.col("sourcedId")
    if "sourcedId" in unreadable:
        given = pl.when(~_any(unreadable, "sourcedId")).then(given)
    keyed = frame.with_columns(given.alias(KEY))
    if not frame["sourcedId"].null_count():
        return keyed
    without = keyed.filter(pl.col("sourcedId").is_null())
    made = without.select(
        NUMBER, pl.when(~_any(unreadable, *PARTS)).then(_said(without)).alias("said")
    ).drop_nulls()
    made = made.with_columns(uuid5(NAMESPACE, made["said"]).alias("made")).drop("said")
    return (
        keyed.join(made, on=NUMBER, how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(KEY, "made").alias(KEY),
            pl.coalesce("sourcedId", "made").alias("sourcedId"),
        )
        .drop("made")
    )


def _said(frame: pl.DataFrame) -> pl.Expr:
    """User, class and role, or user, course, school and role; null without a class
    and a course."""
    has = {name: name in frame.columns for name in PARTS}
    columns = {
        name: pl.col(name) if there else pl.lit(None, pl.String)
        for name, there in has.items()
    }
    user, class_, course, school, role = (columns[name] for name in PARTS)
    return (
        pl.when(class_.is_not_null())
        .then(_joined(user, class_, role))
        .when(course.is_not_null())
        .then(_joined(user, course, school.fill_null(""), role))
    )


def _joined(*parts: pl.Expr) -> pl.Expr:
    escaped = [
        part.str.replace_all("%", "%25", literal=True).str.replace_all(
            "/", "%2F", literal=True
        )
        for part in parts
    ]
    return pl.concat_str(escaped, separator="/")
