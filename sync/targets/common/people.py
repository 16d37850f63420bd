"""People who look like one of the target's own under another id.

In: the rows of students who would be new, and the mirror. Out: the rules that hold them
back where the system itself may take two for one, and, for kinds that only resolve
people, what is frozen because it may be theirs. Whose id has changed is not judged here
(see ``sync.diff.renames``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync.model.entities import Entity
from sync.model.normalise import ROLE_SEPARATOR
from sync.model.roster import KEY
from sync.targets.base import MEANT
from sync.targets.common.mirroring import STUDENT_ROLE
from sync.targets.common.projecting import BLOCKED, FROZEN_SCHEMA, Context, Rule, of


def still_students(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Users of whom no whole ``students`` says whether they are students as well stay
    what they are over there."""
    remote = context.mirror.frames.get(Entity.STUDENTS)
    if remote is None or not {"roles"} <= set(frame.columns) & set(remote.columns):
        return frame
    split = pl.col("roles").str.split(ROLE_SEPARATOR)
    theirs = split.list.filter(pl.element().str.contains(STUDENT_ROLE, literal=True))
    whole = split.list.set_union("_theirs").list.sort().list.join(ROLE_SEPARATOR)
    # A row without a role that TimeBack knows stays one.
    laid = pl.when(pl.col("roles").is_not_null() & pl.col("_theirs").is_not_null())
    return (
        frame.join(remote.select(KEY, theirs.alias("_theirs")), on=KEY, how="left")
        .with_columns(laid.then(whole).otherwise("roles").alias("roles"))
        .drop("_theirs")
        .sort(KEY)
    )


def with_meant(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The rows of students with ``_meant``: of those who would be new, the keys of the
    target's students in force, named by no row, that have the same e-mail."""
    names = namesakes(frame, context, _SAME_EMAIL)
    meant = names.group_by(KEY).agg(pl.col("_theirs").unique().sort().alias(MEANT))
    return frame.join(meant, on=KEY, how="left").sort(KEY)


def same_email_rule() -> Rule:
    """A new student may be taken for another of the target's (see ``with_meant``)."""
    why = pl.concat_str(
        pl.lit("the target holds its e-mail under another id ("),
        pl.col(MEANT).list.join(", "),
        pl.lit("), so that it may take the two for one: neither is created or ended"),
    )
    return pl.col(MEANT).is_not_null(), BLOCKED, why


def shared_email(frame: pl.DataFrame, context: Context) -> list[Rule]:
    """A second student of one e-mail might be taken for the first by the platform."""
    if "email" not in frame.columns:
        return []
    new = pl.col("email").is_not_null() & ~pl.col(KEY).is_in(_there(frame, context))
    why = "another student has the same e-mail, by which TimeBack may confuse them"
    return [(new & pl.col("email").str.to_lowercase().is_duplicated(), BLOCKED, why)]


def _there(frame: pl.DataFrame, context: Context) -> pl.Expr:
    """The students of the drop that the target holds."""
    remote = context.mirror.frames.get(Entity.STUDENTS)
    held = frame.clear() if remote is None else remote
    return pl.lit(frame.select(KEY).join(held, on=KEY, how="semi")[KEY].implode())


_SAME_EMAIL = (("email",),)
_EVIDENCE = (*_SAME_EMAIL, ("username", "givenName"))
"""What tells that two students may be one, whatever their ids."""


def namesakes(
    frame: pl.DataFrame, context: Context, evidence: Sequence[Sequence[str]]
) -> pl.DataFrame:
    """Rows of students who would be new, and in ``_theirs`` the target's own students
    in force whom no such row names, that agree in one of these sets of columns."""
    found = pl.DataFrame(schema={KEY: pl.String(), "_theirs": pl.String()})
    remote = context.mirror.frames.get(Entity.STUDENTS)
    if remote is None:
        return found
    lives = pl.col("status").fill_null("active") == "active"
    others = remote.filter(lives, ~pl.col(KEY).is_in(context.ended.implode())).join(
        frame, on=KEY, how="anti"
    )
    new = frame.join(remote, on=KEY, how="anti")
    pairs = [_alike(new, others, same) for same in evidence]
    return pl.concat([found, *pairs]).unique().sort(KEY, "_theirs")


def _alike(
    new: pl.DataFrame, others: pl.DataFrame, same: Sequence[str]
) -> pl.DataFrame:
    """``_key`` and ``_theirs`` of the pairs that agree in these columns."""
    if not set(same) <= set(new.columns) & set(others.columns):
        return pl.DataFrame(schema={KEY: pl.String(), "_theirs": pl.String()})
    lowered = [pl.col(name).str.to_lowercase() for name in same]
    theirs = others.select(pl.col(KEY).alias("_theirs"), *lowered)
    pairs = new.select(KEY, *lowered).join(theirs, on=list(same), how="inner")
    return pairs.select(KEY, "_theirs")


def renumbered(context: Context) -> pl.DataFrame:
    """For a kind that makes no people: the target's students whom nobody names and
    whose e-mail or username a row has that it does not hold, with their links and
    enrollments: they may be that row's under an old id."""
    frame = context.roster.frames.get(Entity.STUDENTS)
    if frame is None:
        return FROZEN_SCHEMA.to_frame()
    found = namesakes(frame, context, _EVIDENCE)
    people = found.select(pl.col("_theirs").alias(KEY)).unique()
    users = context.roster.frames.get(Entity.USERS)
    if users is not None:
        people = people.join(users, on=KEY, how="anti")
    people = people.sort(KEY)
    frozen = [of(Entity.STUDENTS, people)]
    for entity, column in _OWNERS.items():
        remote = context.mirror.frames.get(entity)
        if remote is not None:
            held = remote.join(people, left_on=column, right_on=KEY, how="semi")
            frozen.append(of(entity, held.sort(KEY)))
    return pl.concat(frozen)


_OWNERS = {
    Entity.AGENTS: "studentSourcedId",
    Entity.ENROLLMENTS: "userSourcedId",
}
