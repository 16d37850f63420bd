"""Courses of which nothing can be told: refused, or come empty against all we know.

An LMS that does not let us see a course may answer with an empty list. So where the
list of a course is empty and the ledger has people in it, some of them are asked for
by name: a different request, which may show what the list hides.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model import normalise
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.outcome import PENDING
from sync.model.roster import KEY
from sync.targets.base import BARRED, Wants
from sync.targets.openedx.courses import COURSE, WHO, parts_of

LISTED = Entity.ENROLLMENTS.value
WITNESS = "witness"
"""The table of what the people who were asked for by name are enrolled in."""
WITNESSES = 3
"""People who are asked for each course that came empty."""
EMPTY = "empty"
WAITS = f"{PENDING}:"
"""Begins the remote id, in the ledger, of those who are allowed and not enrolled."""

Tables = Mapping[str, pl.DataFrame]


def known_pairs(ledger: LedgerView) -> pl.DataFrame:
    """The enrollments of the ledger with course, person and address."""
    kept = ledger.of(Entity.ENROLLMENTS)
    course, who = parts_of("key")
    return kept.select(
        pl.col("key").alias(KEY),
        course.alias(COURSE),
        who.alias(WHO),
        "remote_id",
        "ended",
        "person",
    )


def witnesses(wants: Wants, tables: Tables) -> list[str]:
    """The usernames to ask for, because of courses that came empty."""
    named = _silent(wants, tables).filter(
        ~pl.col("remote_id").str.contains("@", literal=True)
    )
    few = named.sort(COURSE, "remote_id").group_by(COURSE).head(WITNESSES)
    return few["remote_id"].unique().sort().to_list()


def unread(wants: Wants, tables: Tables) -> dict[str, str]:
    """Course -> the status with which its list was refused, or ``EMPTY`` where it came
    empty and nobody who was asked for confirms that."""
    barred = tables.get(BARRED)
    refused = {} if barred is None else dict(_refusals(barred).rows())
    silent = set(_silent(wants, tables)[COURSE])
    if silent and tables.get(WITNESS) is not None:
        silent -= _confirmed(wants, tables)
    return dict.fromkeys(silent, EMPTY) | refused


def _refusals(barred: pl.DataFrame) -> pl.DataFrame:
    return barred.select("subject", "status").drop_nulls()


def _silent(wants: Wants, tables: Tables) -> pl.DataFrame:
    """What the ledger knows to be in force in courses whose list came empty.

    Only where a drop is at hand: what is read back after a change may well be gone.
    """
    known = known_pairs(wants.ledger)
    listed = tables.get(LISTED)
    roster = wants.roster
    if listed is None or roster is None or Entity.ENROLLMENTS not in roster.frames:
        return known.clear()
    waits = pl.col("remote_id").str.starts_with(WAITS)
    alive = known.filter(pl.col("remote_id").is_not_null(), ~waits, ~pl.col("ended"))
    barred = tables.get(BARRED)
    if barred is not None:
        refused = _refusals(barred).rename({"subject": COURSE})
        alive = alive.join(refused, on=COURSE, how="anti")
    return alive.join(_courses(listed), on=COURSE, how="anti")


def _courses(table: pl.DataFrame) -> pl.DataFrame:
    """The courses of which there is a record."""
    if "course_id" not in table.columns:
        return pl.DataFrame(schema={COURSE: pl.String()})
    return table.select(normalise.text(pl.col("course_id")).alias(COURSE)).unique()


def _confirmed(wants: Wants, tables: Tables) -> set[str]:
    """The silent courses of which somebody was asked for, and nobody is in them."""
    asked = set(witnesses(wants, tables))
    of = _silent(wants, tables).filter(pl.col("remote_id").is_in(asked))
    found = of.join(_courses(tables[WITNESS]), on=COURSE, how="anti")
    return set(found[COURSE])
