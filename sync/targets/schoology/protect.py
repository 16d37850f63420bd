"""What rejected and blocked rows may have meant is left alone.

In: what is not carried out, and the mirror. Out: the remote identities that are frozen.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sync.model.entities import Entity
from sync.model.roster import KEY
from sync.targets.base import DECISION
from sync.targets.common.projecting import BLOCKED, FROZEN_SCHEMA, Context, column, of
from sync.targets.schoology.realms import CLASS, realms_of, resolved
from sync.targets.schoology.rules import has_role
from sync.targets.schoology.way import Way


def frozen(context: Context, way: Way, wanted: pl.DataFrame) -> pl.DataFrame:
    """What rejected and blocked rows protect, in Schoology's identities.

    What a row may have meant and no accepted row names is left alone: its user in its
    section; of one whose section cannot be told, all of its user; of one whose user
    nobody knows, all of its section. So is what a row in a role that Schoology does
    not have says of its user in its section.
    """
    own = context.roster.frozen.select(FROZEN_SCHEMA.names())
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return own
    rows = _not_carried_out(context, way, wanted)
    nowhere = rows.filter(pl.col("realmId").is_null())
    people = _people(context)
    strange = rows.filter(
        pl.col("userSourcedId").is_null()
        | ~pl.col("userSourcedId").is_in(people.implode())
    )
    other = wanted.filter(~has_role())
    both = ["realmId", "userSourcedId"]
    meant = [
        remote.join(other, on=both, how="semi"),
        remote.join(rows, on=both, how="semi"),
        remote.join(nowhere, on="userSourcedId", how="semi"),
        remote.join(strange, on="realmId", how="semi"),
    ]
    named = wanted.filter(pl.col(DECISION).fill_null("") != BLOCKED)
    keys = pl.concat([one.select(KEY) for one in meant]).unique()
    open_ = keys.join(named, on=KEY, how="anti").sort(KEY)
    return pl.concat([own, of(Entity.ENROLLMENTS, open_)])


def _people(context: Context) -> pl.Series:
    """Everybody whom Schoology shows."""
    found = [
        frame[name].drop_nulls()
        for entity, name in (
            (Entity.USERS, "sourcedId"),
            (Entity.ENROLLMENTS, "userSourcedId"),
        )
        if (frame := context.mirror.frames.get(entity)) is not None
    ]
    return pl.concat([pl.Series(dtype=pl.String), *found]).unique().sort()


def _not_carried_out(context: Context, way: Way, wanted: pl.DataFrame) -> pl.DataFrame:
    """User and realm of the rows that are rejected or blocked."""
    names = ("realmId", "userSourcedId")
    blocked = wanted.filter(pl.col(DECISION) == BLOCKED).select(names)
    rejected = context.roster.rejected.get(Entity.ENROLLMENTS)
    if rejected is None:
        return blocked
    rows = rejected.with_columns(
        column(rejected, name).alias(name) for name in (CLASS, "userSourcedId")
    )
    found = _resolved_realms(rows[CLASS], context, way.periods)
    placed = rows.drop("realmId", strict=False).join(found, on=CLASS, how="left")
    return pl.concat([blocked, placed.select(names)])


def _resolved_realms(
    classes: pl.Series, context: Context, periods: Collection[str]
) -> pl.DataFrame:
    found = resolved(classes, realms_of(context), context.roster, periods)
    return found.select(CLASS, "realmId")
