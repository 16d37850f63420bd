"""Course keys, and the identity of an enrollment: its course and its person.

In: rows of enrollments. Out: the course key of each, and the key under which both
sides meet: the course and the casefolded address (or username).
"""

from __future__ import annotations

import re

import polars as pl

from sync.model import normalise
from sync.model.entities import Entity
from sync.model.roster import KEY, Roster
from sync.targets.common.projecting import column

COURSE = "courseSourcedId"
IDENTIFIER = "identifier"
"""The address or the username, as it is sent."""
WHO = "_who"
"""The same in lower case, as it is compared."""

COURSE_KEY = (
    r"^(?:course-v1:[^\s,+/]+\+[^\s,+/]+\+[^\s,+/]+"  # org, number, run
    r"|[^\s,+/:]+/[^\s,+/:]+/[^\s,+/:]+)$"  # the old form
)
"""A comma or a space would be taken for the end of a key (bulk enrollment API)."""
ALMOST = r"(?i)course-v1|\+|/"
"""What is meant as a course key, even if it is none."""
_PLAUSIBLE = re.compile(COURSE_KEY)


def is_course_key(text: str) -> bool:
    """Whether a text can be the key of a course."""
    return _PLAUSIBLE.fullmatch(text) is not None


def plausible(name: str) -> pl.Expr:
    """Whether a column holds what can be the key of a course."""
    return pl.col(name).str.contains(COURSE_KEY).fill_null(value=False)


def identity() -> pl.Expr:
    """The key of an enrollment, from ``COURSE`` and ``WHO``."""
    return normalise.key(COURSE, WHO)


def parts_of(name: str) -> tuple[pl.Expr, pl.Expr]:
    """Course and person of the keys in a column (see ``normalise.key``)."""
    parts = pl.col(name).str.split("/")
    return _plain(parts.list.get(0, null_on_oob=True)), _plain(
        parts.list.get(1, null_on_oob=True)
    )


def _plain(part: pl.Expr) -> pl.Expr:
    return part.str.replace_all("%2F", "/", literal=True).str.replace_all(
        "%25", "%", literal=True
    )


def with_course(frame: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """``courseSourcedId``: the row's own, or else its class, or the course of that.

    A class of the drop whose id is no course key may name its course instead.
    """
    own = frame.with_columns(
        column(frame, name).alias(name) for name in (COURSE, "classSourcedId")
    )
    classes = roster.frames.get(Entity.CLASSES)
    if classes is None:
        return own.with_columns(pl.coalesce(COURSE, "classSourcedId").alias(COURSE))
    theirs = classes.select(
        pl.col(KEY).alias("classSourcedId"), column(classes, COURSE).alias("_course")
    )
    found = own.join(theirs, on="classSourcedId", how="left")
    by_class = (
        pl.when(plausible("classSourcedId") | ~plausible("_course"))
        .then("classSourcedId")
        .otherwise("_course")
    )
    return (
        found.with_columns(pl.coalesce(COURSE, by_class).alias(COURSE))
        .drop("_course")
        .sort(KEY)
    )
