"""Which of TimeBack's lists are read, and what becomes of their tables.

The api's lists show a person's guardians as bare ids; only the platform's read per
user tells the type of the relationship. So the lists are read for everybody, and the
guardians singly only for the students for whom it matters.
"""

from __future__ import annotations

import polars as pl

from sync.model import normalise
from sync.model.entities import REFERENCE, Entity
from sync.model.ids import Ids
from sync.model.ledger import digest
from sync.model.mirror import FROZEN, REMOTE_ID
from sync.model.normalise import FIELD_SEPARATOR
from sync.model.roster import KEY
from sync.shelf import put_away
from sync.targets.base import ID, Wants
from sync.targets.common.mirroring import (
    Tables,
    by_course,
    by_id,
    is_student,
    people,
    reference,
)

UNREAD = "_unread"


def assemble(
    wants: Wants, tables: Tables, *, edubridge: bool, types_matter: bool = False
) -> dict[Entity, pl.DataFrame]:
    """The mirror's frames of everything that was read."""
    frames: dict[Entity, pl.DataFrame] = {}
    for entity in REFERENCE:
        if entity.value in tables:
            frames[entity] = reference(tables[entity.value])
    if "users" in tables:
        everybody = people(wants, tables["users"])
        student = is_student()
        frames[Entity.STUDENTS] = put_away(everybody.filter(student))
        frames[Entity.USERS] = put_away(everybody.filter(~student))
        if Entity.AGENTS in wants.entities:
            asked = students_that_matter(
                wants, tables["users"], types_matter=types_matter
            )
            frames[Entity.AGENTS] = _links(tables, asked)
    elif "agents" in tables:
        frames[Entity.AGENTS] = _told(tables["agents"])
    if "enrollments" in tables:
        frames[Entity.ENROLLMENTS] = (
            by_course(tables) if edubridge else by_id(wants, tables)
        )
    return frames


def _links(tables: Tables, asked_for: list[str]) -> pl.DataFrame:
    """Links told singly where they were asked for, else as the list shows them.

    Who was asked and has nobody leaves no row behind, so ``asked_for`` says it.
    """
    told = _told(tables["agents"]) if "agents" in tables else None
    asked = pl.Series(dtype=pl.String)
    if told is not None:
        subjects = tables["agents"]["_subject"]
        asked = pl.concat([subjects, pl.Series(asked_for, dtype=pl.String)]).unique()
    people = tables["users"]
    shown = (
        people.filter(is_student() & (pl.col("_agents").fill_null("") != ""))
        .join(asked.alias(ID).to_frame(), on=ID, how="anti")
        .select(
            pl.col(ID).alias("studentSourcedId"),
            pl.col("_agents").str.split(FIELD_SEPARATOR).alias("agentSourcedId"),
        )
        .explode("agentSourcedId", empty_as_null=False)
        .with_columns(
            relationshipType=pl.lit(None, dtype=pl.String),
            _unread=pl.lit(",relationshipType,"),
        )
    )
    return _link_frame(
        shown if told is None else pl.concat([shown, told], how="diagonal")
    )


def _told(table: pl.DataFrame) -> pl.DataFrame:
    told = table.select(
        "studentSourcedId",
        "agentSourcedId",
        normalise.text(pl.col("relationshipType")),
        pl.lit(None, dtype=pl.String).alias(UNREAD),
    )
    return _link_frame(told.drop_nulls("agentSourcedId"))


def _link_frame(links: pl.DataFrame) -> pl.DataFrame:
    return links.with_columns(
        pl.lit("active").alias("status"),
        pl.lit(None, dtype=pl.String).alias(REMOTE_ID),
        pl.lit(value=False).alias(FROZEN),
        normalise.key("studentSourcedId", "agentSourcedId").alias(KEY),
    ).sort(KEY)


def students_that_matter(
    wants: Wants, people: pl.DataFrame, *, types_matter: bool
) -> list[str]:
    """The students whose guardians are read singly.

    Those whose list says nothing of guardians, shows others than are wanted or leaves
    out one that is ours, and those of whom the drop now says another relationship than
    was last sent. With ``types_matter`` every student who has or wants a guardian.
    """
    students = people.filter(is_student())
    shown = students.select(ID, pl.col("_agents"))
    if wants.roster is None:
        told = shown.filter(pl.col("_agents").fill_null("?") != "")
        return told[ID].sort().to_list()
    wanted = _wanted(wants)
    joined = shown.join(
        wanted, left_on=ID, right_on="_student", how="left"
    ).with_columns(
        pl.col("_wanted", "_owned").fill_null(""),
        pl.col("_new").fill_null(value=False),
    )
    differs = pl.col("_agents").fill_null("?") != pl.col("_wanted")
    concerned = (pl.col("_wanted") != "") | (pl.col("_owned") != "")
    chosen = concerned & (
        differs | _leaves_out() | pl.col("_new") | pl.lit(types_matter)
    )
    return joined.filter(chosen)[ID].sort().to_list()


def _leaves_out() -> pl.Expr:
    """Whether the list lacks a guardian of the ledger: some lists show nobody's."""
    owned = pl.col("_owned").str.split(FIELD_SEPARATOR)
    shown = pl.col("_agents").fill_null("").str.split(FIELD_SEPARATOR)
    return (pl.col("_owned") != "") & (owned.list.set_difference(shown).list.len() > 0)


def _wanted(wants: Wants) -> pl.DataFrame:
    """Per student: the guardians of the drop, those of the ledger, what is new; all
    under the identifiers that the target gave them.

    ``_new`` is set where a relationship is not the one that was last sent; what was
    never sent (a link found on the target) is taken as it is.
    """
    ledger = wants.ledger.of(Entity.AGENTS)
    given = dict(Ids.of_ledger(wants.ledger))
    parts = pl.col("key").str.split("/")
    owned = (
        ledger.filter(~pl.col("ended"))
        .select(
            _plain(parts.list.get(0)).replace(given).alias("_student"),
            _plain(parts.list.get(1)).replace(given).alias("_agent"),
        )
        .group_by("_student")
        .agg(pl.col("_agent").sort().str.join(FIELD_SEPARATOR).alias("_owned"))
    )
    frame = wants.roster.frames.get(Entity.AGENTS) if wants.roster else None
    if frame is None:
        return owned.with_columns(
            _wanted=pl.lit(None, dtype=pl.String), _new=pl.lit(value=False)
        )
    told = (KEY, "status", "studentSourcedId", "agentSourcedId", "relationshipType")
    frame = frame.select(name for name in told if name in frame.columns)
    if "status" in frame.columns:
        frame = frame.filter(pl.col("status").fill_null("active") == "active")
    types = frame["relationshipType"].unique().to_list()
    digests = {one: digest(one) for one in types}
    last = ledger.select(pl.col("key").alias(KEY), pl.col("digest").alias("_last"))
    return (
        frame.join(last, on=KEY, how="left")
        .with_columns(
            _now=pl.col("relationshipType").replace_strict(
                digests, return_dtype=pl.String
            )
        )
        .group_by(pl.col("studentSourcedId").replace(given).alias("_student"))
        .agg(
            pl.col("agentSourcedId")
            .replace(given)
            .unique()
            .sort()
            .str.join(FIELD_SEPARATOR)
            .alias("_wanted"),
            (pl.col("_last") != pl.col("_now")).any().alias("_new"),
        )
        .join(owned, on="_student", how="full", coalesce=True)
    )


def _plain(part: pl.Expr) -> pl.Expr:
    """A part of a key as it was before it was joined (see ``normalise.key``)."""
    return part.str.replace_all("%2F", "/", literal=True).str.replace_all(
        "%25", "%", literal=True
    )
