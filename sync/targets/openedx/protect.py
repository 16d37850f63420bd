"""What rejected and blocked rows may have meant is left alone.

In: what is not carried out, the mirror, and who is known by which address. Out: the
remote enrollments that are frozen. A person is found by his sourcedId (the ledger
knows for whom an enrollment was made) and by every address that he is known to have;
of one who is not found at all everything in the courses of his rows is kept that no
accepted row names. (Somebody whose row is fine and has no address is no such riddle:
for him only that is kept of which nobody knows whose it is.)
"""

from __future__ import annotations

import polars as pl

from sync.model import normalise
from sync.model.entities import ENROLLMENT_ROLES, PEOPLE, Entity
from sync.model.mirror import REMOTE_ID
from sync.model.roster import KEY, Roster
from sync.targets.base import DECISION
from sync.targets.common.projecting import (
    BLOCKED,
    FROZEN_SCHEMA,
    Context,
    column,
    of,
)
from sync.targets.openedx.courses import ALMOST, COURSE, WHO, plausible, with_course
from sync.targets.openedx.mirror import addresses
from sync.targets.openedx.silence import WAITS

OTHER_ROLES = [role for role in ENROLLMENT_ROLES if role != "student"]
_PERSON = pl.Schema({"person": pl.String(), WHO: pl.String()})
_UNDONE = pl.Schema({"person": pl.String(), COURSE: pl.String(), "plain": pl.Boolean()})


def frozen(
    context: Context, known: pl.DataFrame, wanted: pl.DataFrame | None, identifier: str
) -> pl.DataFrame:
    """``entity`` and ``_key`` of what is neither changed nor ended.

    ``known``: the enrollments of the ledger; ``wanted``: the projected rows.
    """
    own = context.roster.frozen.select(FROZEN_SCHEMA.names())
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return own
    named = _addresses(context, known, remote, identifier)
    parts = [_of_rejected_people(context, remote, named, identifier)]
    parts += _maybe_meant(_not_carried_out(context, wanted), remote, named)
    meant = pl.concat([part.select(KEY) for part in parts]).unique()
    if wanted is not None:
        meant = meant.join(wanted, on=KEY, how="anti")
        meant = pl.concat([meant, _moving(wanted, remote)]).unique()
    return pl.concat([own, of(Entity.ENROLLMENTS, meant.sort(KEY))])


def _addresses(
    context: Context, known: pl.DataFrame, remote: pl.DataFrame, identifier: str
) -> pl.DataFrame:
    """``person`` and ``_who``: everything that somebody is known by."""
    parts = [
        addresses(context.roster, identifier).select("person", WHO),
        rejected_people(context.roster, identifier).select("person", WHO),
        known.select("person", WHO),
        remote.select(pl.col("userSourcedId").alias("person"), WHO),
    ]
    return pl.concat(parts).drop_nulls().unique().sort("person", WHO)


def rejected_people(roster: Roster, identifier: str) -> pl.DataFrame:
    """``person`` and ``_who`` of the rejected rows of people, null where unreadable."""
    parts = [_PERSON.to_frame()]
    for entity in PEOPLE:
        rows = roster.rejected.get(entity)
        if rows is not None:
            told = normalise.text(column(rows, identifier)).str.to_lowercase()
            parts.append(rows.select(pl.col(KEY).alias("person"), told.alias(WHO)))
    return pl.concat(parts)


def _of_rejected_people(
    context: Context, remote: pl.DataFrame, named: pl.DataFrame, identifier: str
) -> pl.DataFrame:
    """All that rejected people have, by their sourcedId or by an address."""
    rejected = rejected_people(context.roster, identifier)
    people = pl.concat(
        [context.roster.frozen_people.cast(pl.String), rejected["person"]]
    )
    ids = people.drop_nulls().unique().alias("person").to_frame()
    held = pl.concat(
        [named.join(ids, on="person", how="semi").select(WHO), rejected.select(WHO)]
    ).drop_nulls()
    by_id = remote.join(ids, left_on="userSourcedId", right_on="person", how="semi")
    return pl.concat([by_id, remote.join(held.unique(), on=WHO, how="semi")])


def _not_carried_out(context: Context, wanted: pl.DataFrame | None) -> pl.DataFrame:
    """Rows of learners that are rejected or blocked: ``person``, course (null where it
    cannot be told), and whether the row is ``plain``: nothing of it is wrong but that
    an address is missing."""
    parts = [_UNDONE.to_frame()]
    rejected = context.roster.rejected.get(Entity.ENROLLMENTS)
    if rejected is not None:
        rows = with_course(rejected, context.roster)
        parts.append(_places(rows, pl.lit(value=False)))
    if wanted is not None:
        blocked = wanted.filter(pl.col(DECISION) == BLOCKED)
        plain = pl.col("present") & pl.col("told").is_null() & ~pl.col("misread")
        parts.append(_places(blocked, plain))
    return pl.concat(parts).unique().sort(_UNDONE.names())


def _places(rows: pl.DataFrame, plain: pl.Expr) -> pl.DataFrame:
    others = column(rows, "role").is_in(OTHER_ROLES).fill_null(value=False)
    elsewhere = ~plausible(COURSE) & ~pl.col(COURSE).str.contains(ALMOST)
    return rows.filter(~others, ~elsewhere.fill_null(value=False)).select(
        column(rows, "userSourcedId").alias("person"),
        pl.when(plausible(COURSE)).then(COURSE).alias(COURSE),
        plain.alias("plain"),
    )


def _maybe_meant(
    rows: pl.DataFrame, remote: pl.DataFrame, named: pl.DataFrame
) -> list[pl.DataFrame]:
    """The remote enrollments of these people in these courses; in all courses where the
    course cannot be told, of everybody where the person cannot."""
    found = rows.join(named, on="person", how="inner")
    unplaced = found.filter(pl.col(COURSE).is_null())
    strangers = rows.join(named, on="person", how="anti")
    riddles = strangers.filter(~pl.col("plain"))
    nobodys = remote.filter(pl.col("userSourcedId").is_null())
    return [
        remote.join(found, on=[WHO, COURSE], how="semi"),
        remote.join(unplaced, on=WHO, how="semi"),
        remote.join(riddles, on=COURSE, how="semi"),
        nobodys.join(strangers, on=COURSE, how="semi"),
        remote if riddles[COURSE].null_count() else remote.clear(),
        nobodys if strangers[COURSE].null_count() else nobodys.clear(),
    ]


def _moving(wanted: pl.DataFrame, remote: pl.DataFrame) -> pl.DataFrame:
    """What people hold under an earlier address, until they hold it under the new one:
    the account over there may still have the earlier one."""
    active = remote.filter(pl.col("status") == "active")
    new = wanted.filter(pl.col(DECISION).is_null(), pl.col("status") == "active")
    fresh = new.join(
        active.filter(~pl.col(REMOTE_ID).str.starts_with(WAITS)), on=KEY, how="anti"
    )
    places = fresh.select("userSourcedId", COURSE).drop_nulls()
    earlier = active.join(wanted, on=KEY, how="anti")
    return earlier.join(places, on=["userSourcedId", COURSE], how="semi").select(KEY)
