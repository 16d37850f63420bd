"""What rejected and blocked rows may have meant is left alone.

In: what is not carried out, and the mirror. Out: the remote identities that are frozen.
"""

from __future__ import annotations

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.roster import KEY
from sync.targets.base import DECISION
from sync.targets.common.enrollments import API_ROLES, with_class
from sync.targets.common.projecting import (
    BLOCKED,
    FROZEN_SCHEMA,
    Context,
    column,
    nameless,
    of,
)


def frozen(
    context: Context, wanted: pl.DataFrame | None, *, by_course: bool
) -> pl.DataFrame:
    """What rejected and blocked rows protect, in remote identities.

    Remote enrollments may have another identity than rows: EduBridge's always, others
    where they were made under another id. A rejected row freezes the remote record
    that carries its id. Which other record it may have meant can only be guessed, so
    whatever it may have meant and no accepted row names is protected too.
    ``by_course``: remote enrollments belong to a course, not to a class.
    """
    own = context.roster.frozen.select(FROZEN_SCHEMA.names())
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return own
    ids = own.filter(pl.col("entity") == Entity.ENROLLMENTS.value)[KEY].implode()
    meant = _maybe_meant(context, remote, wanted, by_course=by_course)
    if wanted is not None:
        meant = meant.join(wanted, on=KEY, how="anti")
    named = remote.select(KEY, "_remote_id")
    carried = named.filter(pl.col("_remote_id").is_in(ids)).select(KEY)
    more = pl.concat([carried, meant]).unique().sort(KEY)
    return pl.concat([own, of(Entity.ENROLLMENTS, more)])


def _maybe_meant(
    context: Context,
    remote: pl.DataFrame,
    wanted: pl.DataFrame | None,
    *,
    by_course: bool,
) -> pl.DataFrame:
    """Keys of what enrollments that are not carried out may have meant: their user in
    their place (a course or a class); of one whose place cannot be
    told, all of its user; of one whose user nobody knows, all in its place."""
    every = rows = _not_carried_out(context, wanted)
    if every.is_empty():
        return remote.clear().select(KEY)
    home = Entity.COURSES if by_course else Entity.CLASSES
    place = "courseSourcedId" if by_course else "classSourcedId"
    if not by_course:  # what stands there under its own id means that record
        rows = rows.join(remote, left_on="_own", right_on=KEY, how="anti")
    nowhere = nameless(rows, place, context.known(home))
    parts = [
        remote.join(rows, on=["userSourcedId", place], how="semi"),
        remote.join(nowhere, on="userSourcedId", how="semi"),
    ]
    if not by_course:
        parts.append(_stated(every, remote))
    people = context.known(*PEOPLE)
    if people is not None:
        strangers = nameless(rows, "userSourcedId", people)
        parts.append(remote.join(strangers, on=place, how="semi"))
    return pl.concat([part.select(KEY) for part in parts])


def _stated(rows: pl.DataFrame, remote: pl.DataFrame) -> pl.DataFrame:
    """What rows state exactly that bear the id of a record of another user or class:
    of a duplicate id one cannot tell whose it is. In their role, where it is one."""
    same = ["userSourcedId", "classSourcedId"]
    taken = rows.join(remote, left_on="_own", right_on=KEY, how="semi").join(
        remote, left_on=["_own", *same], right_on=[KEY, *same], how="anti"
    )
    plain = pl.col("role").is_in(API_ROLES).fill_null(value=False)
    return pl.concat(
        [
            remote.join(taken.filter(plain), on=[*same, "role"], how="semi"),
            remote.join(taken.filter(~plain), on=same, how="semi"),
        ]
    )


def _not_carried_out(context: Context, wanted: pl.DataFrame | None) -> pl.DataFrame:
    """User, class, course, role and ``_own`` id of what is not carried out."""
    names = ("userSourcedId", "classSourcedId", "courseSourcedId", "role")
    parts = [pl.DataFrame(schema=dict.fromkeys((*names, "_own"), pl.String()))]
    rejected = context.roster.rejected.get(Entity.ENROLLMENTS)
    if rejected is not None and "userSourcedId" in rejected.columns:
        rows = with_class(rejected, context).with_columns(
            column(rejected, "role").alias("role")
        )
        parts.append(rows.select(*names, pl.col(KEY).alias("_own")))
    if wanted is not None:
        blocked = wanted.filter(pl.col(DECISION) == BLOCKED)
        parts.append(blocked.select(*names, pl.col("sourcedId").alias("_own")))
    return pl.concat(parts, how="vertical")
