"""Rules across tables that are no references: who guards whom, who still attends.

In: sheets with keys, after references were judged. Out: rough findings.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Severity
from sync.model.roster import FILE, KEY, ROW
from sync.validate.references import Sheets
from sync.validate.rough import Pile, rows
from sync.validate.sheet import NUMBER, Sheet, is_one_of

ACTIVE = pl.col("status").fill_null("active") == "active"
"""A blank status of a link or an enrollment says that it holds."""


def judge_own_guardian(agents: Sheet) -> list[pl.DataFrame]:
    """An agent who is the student."""
    same = pl.col("agentSourcedId") == pl.col("studentSourcedId")
    return [
        rows(
            agents.frame.filter(same),
            agents,
            "RS262",
            Severity.REJECTED,
            column="agentSourcedId",
            message=pl.format('"{}" is named as their own guardian', "agentSourcedId"),
            hint="name the guardian, or take the row out",
        )
    ]


def judge_unguarded(
    sheets: Sheets, perhaps: pl.Series, stating: Collection[str]
) -> list[pl.DataFrame]:
    """Students of whom no link names a guardian; only a whole file can tell, or rows
    that state all links of their student.

    ``perhaps``: identifiers in rows of links that cannot be read; ``stating``: files
    whose rows give the links of their people.
    """
    students, agents = sheets.get(Entity.STUDENTS), sheets.get(Entity.AGENTS)
    if students is None or agents is None:
        return []
    told = pl.lit(agents.mode is Mode.BULK) | pl.col(FILE).is_in(list(stating))
    links = agents.frame
    if "status" in links.columns:
        links = links.filter(ACTIVE)
    known = "status" in students.columns
    gone = pl.col("status") == "tobedeleted" if known else pl.lit(value=False)
    stays = ~gone.fill_null(value=False)
    named = pl.concat([links["studentSourcedId"], perhaps])
    guarded = pl.col(KEY).is_in(named.implode())
    alone = (
        students.keyed.filter(stays, told, ~guarded)
        .sort(KEY, FILE, ROW, NUMBER)
        .unique(KEY, keep="first", maintain_order=True)
    )
    return [
        rows(
            alone,
            students,
            "RS263",
            Severity.NOTE,
            message="no row of agents names a guardian of this student",
            hint="deliver the link, if there is a guardian",
        )
    ]


def judge_attendance(sheets: Sheets, pile: Pile) -> list[pl.DataFrame]:
    """Active enrollments of people who are inactive or to be deleted."""
    enrollments = sheets.get(Entity.ENROLLMENTS)
    gone = [
        sheets[entity].keyed.filter(
            pl.col("status").is_in(["inactive", "tobedeleted"]),
            ~is_one_of(pile.rejected(entity)),
        )[KEY]
        for entity in PEOPLE
        if entity in sheets and "status" in sheets[entity].columns
    ]
    if enrollments is None or not any(people.len() for people in gone):
        return []
    people = pl.concat(gone)
    attending = enrollments.frame.filter(
        pl.col("userSourcedId").is_in(people.implode())
    )
    if "status" in attending.columns:
        # A status that cannot be read says nothing, not even that it is blank.
        unread = pile.rejecting(Entity.ENROLLMENTS).filter(column="status")[NUMBER]
        attending = attending.filter(ACTIVE, ~is_one_of(unread))
    return [
        rows(
            attending,
            enrollments,
            "RS264",
            Severity.WARNING,
            column="userSourcedId",
            message=pl.format(
                '"{}" is no longer active, but this enrollment is', "userSourcedId"
            ),
            hint="end the enrollment, or make the person active",
        )
    ]
