"""Which section (or group) a class of the drop is.

In: the sections that Schoology lists, and the drop's classes and courses. Out: for each
``classSourcedId`` its realm with the codes by which it can be named, or why it has
none. Schoology REST API, Section: the school code is unique in the school, the section
code within course and grading period.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sync.model import normalise
from sync.model.entities import Entity
from sync.model.mirror import FROZEN, REMOTE_ID
from sync.model.roster import KEY, Roster
from sync.targets.base import ID
from sync.targets.common.projecting import Context, column
from sync.targets.schoology.records import LIST_SEPARATOR

CLASS = "classSourcedId"
WHY, GONE = "_why", "_gone"
"""Why a class has no realm; whether that is for want of one (and not of many)."""
CODES = ("sectionSchoolCode", "courseCode", "sectionCode", "gradingPeriods")
"""By which a section can be named in a request."""


def of_sections(table: pl.DataFrame) -> pl.DataFrame:
    """The sections as realms: ``_key`` is their id; codes, periods, ``_active``."""
    return _realms(
        table.with_columns(
            sectionSchoolCode=normalise.text(column(table, "section_school_code")),
            courseCode=normalise.text(column(table, "course_code")),
            sectionCode=normalise.text(column(table, "section_code")),
            gradingPeriods=column(table, "grading_periods"),
            title=column(table, "section_title"),
            _active=column(table, "active"),
            _course=column(table, "course_id"),
        )
    )


def of_groups(table: pl.DataFrame) -> pl.DataFrame:
    """The groups as realms; their code stands where a section's school code does."""
    none = pl.lit(None, dtype=pl.String)
    return _realms(
        table.with_columns(
            sectionSchoolCode=normalise.text(column(table, "group_code")),
            courseCode=none,
            sectionCode=none,
            gradingPeriods=none,
            title=column(table, "title"),
            _active=none,
            _course=none,
        )
    )


def _realms(table: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("sectionSchoolCode")
    return (
        table.select(
            pl.col(ID).alias(KEY),
            pl.col(ID).alias(REMOTE_ID),
            pl.col(FROZEN),
            *CODES,
            "title",
            "_active",
            "_course",
            column(table, "school_id").alias("_school"),
        )
        .unique(KEY, keep="first", maintain_order=True)
        .with_columns(_shared=code.is_not_null() & code.is_duplicated())
        .sort(KEY)
    )


def resolved(
    classes: pl.Series, realms: pl.DataFrame, roster: Roster, periods: Collection[str]
) -> pl.DataFrame:
    """One row for each distinct class: ``classSourcedId``, ``realmId`` or null with
    ``_why`` and ``_gone``, the codes of its realm, and ``_shared``.

    By the school code; failing that by the codes of courses.csv and classes.csv;
    failing that by the id itself. ``periods``: where codes are looked for, if not
    everywhere.
    """
    wanted = classes.drop_nulls().unique().sort().alias(CLASS).to_frame()
    steps = (
        _by_school_code(wanted, realms),
        _by_codes(wanted, realms, roster, periods),
        _by_id(wanted, realms),
    )
    found = wanted.with_columns(
        pl.lit(None, dtype=pl.String).alias("realmId"),
        pl.lit(None, dtype=pl.UInt32).alias("_count"),
        pl.lit(None, dtype=pl.String).alias("_by"),
    )
    for step in steps:
        found = _first_of(found, step)
    many = pl.col("_count") > 1
    why = (
        pl.when(many)
        .then(pl.concat_str(pl.col("_count"), pl.lit(" of Schoology have "), "_by"))
        .when(pl.col("_count").is_null())
        .then(pl.lit("Schoology has none with this code or id"))
    )
    return (
        found.with_columns(
            why.alias(WHY),
            pl.col("_count").is_null().alias(GONE),
            pl.when(~many).then("realmId").alias("realmId"),
        )
        .drop("_count", "_by")
        .join(
            realms.select(pl.col(KEY).alias("realmId"), *CODES, "_shared", "_active"),
            on="realmId",
            how="left",
        )
        .sort(CLASS)
    )


def _first_of(found: pl.DataFrame, step: pl.DataFrame) -> pl.DataFrame:
    """What an earlier step found, one realm or several, stays."""
    new = {name: f"_new_{name}" for name in ("realmId", "_count", "_by")}
    joined = found.join(step.rename(new), on=CLASS, how="left")
    open_ = pl.col("_count").is_null()
    return (
        joined.with_columns(
            pl.when(open_).then(other).otherwise(name).alias(name)
            for name, other in new.items()
        )
        .drop(new.values())
        .sort(CLASS)
    )


def _counted(pairs: pl.DataFrame, by: str) -> pl.DataFrame:
    """``pairs``: classSourcedId and realmId of every realm that fits."""
    return (
        pairs.group_by(CLASS)
        .agg(
            pl.col("realmId").min(),
            pl.len().cast(pl.UInt32).alias("_count"),
            pl.lit(by).first().alias("_by"),
        )
        .sort(CLASS)
    )


def _by_school_code(wanted: pl.DataFrame, realms: pl.DataFrame) -> pl.DataFrame:
    codes = realms.drop_nulls("sectionSchoolCode").select(
        pl.col("sectionSchoolCode").alias(CLASS), pl.col(KEY).alias("realmId")
    )
    pairs = wanted.join(codes, on=CLASS, how="inner")
    return _counted(pairs, "this section_school_code or group_code")


def _by_id(wanted: pl.DataFrame, realms: pl.DataFrame) -> pl.DataFrame:
    ids = realms.select(pl.col(KEY).alias(CLASS), pl.col(KEY).alias("realmId"))
    return _counted(wanted.join(ids, on=CLASS, how="inner"), "this id")


def _by_codes(
    wanted: pl.DataFrame,
    realms: pl.DataFrame,
    roster: Roster,
    periods: Collection[str],
) -> pl.DataFrame:
    """By the class's own code and that of its course, both of the drop."""
    classes = roster.frames.get(Entity.CLASSES)
    courses = roster.frames.get(Entity.COURSES)
    if classes is None or courses is None:
        none = wanted.clear().with_columns(realmId=pl.lit(None, dtype=pl.String))
        return _counted(none, "")
    codes = (
        classes.select(
            pl.col(KEY).alias(CLASS),
            column(classes, "classCode").alias("sectionCode"),
            column(classes, "courseSourcedId").alias("_of"),
        )
        .join(
            courses.select(
                pl.col(KEY).alias("_of"),
                column(courses, "courseCode").alias("courseCode"),
            ),
            on="_of",
            how="inner",
        )
        .join(wanted, on=CLASS, how="semi")
    )
    both = ["courseCode", "sectionCode"]
    open_to = realms.filter(in_periods(periods)) if periods else realms
    pairs = codes.drop_nulls(both).join(
        open_to.select(*both, pl.col(KEY).alias("realmId")), on=both, how="inner"
    )
    return _counted(pairs.select(CLASS, "realmId"), "this course and section code")


def in_periods(periods: Collection[str]) -> pl.Expr:
    """Whether a realm is in one of these grading periods, or does not say."""
    own = pl.col("gradingPeriods").str.split(LIST_SEPARATOR)
    met = own.list.set_intersection(list(periods)).list.len() > 0
    return met.fill_null(value=True)


def realms_of(context: Context) -> pl.DataFrame:
    """The realms of the mirror."""
    found = context.mirror.frames.get(Entity.CLASSES)
    if found is not None:
        return found
    names = (KEY, REMOTE_ID, *CODES, "_active", "_barred")
    empty = pl.DataFrame(schema=dict.fromkeys(names, pl.String()))
    return empty.with_columns(_shared=pl.lit(value=False))
