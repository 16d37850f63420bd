"""People whose ids may have changed: the same person under another id over there.

In: the rows of students who would be new, and the mirror. Out: who of the target's own
students looks like one of them, the rules that hold such rows back, and what is frozen
with them.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync.model.entities import Entity
from sync.model.normalise import ROLE_SEPARATOR
from sync.model.roster import KEY
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


def renamed_rule() -> Rule:
    """A new student may be one that the target holds under another id (``_theirs``,
    see ``namesakes``)."""
    why = pl.concat_str(
        pl.lit("the target holds its e-mail or username under another id ("),
        "_theirs",
        pl.lit("): ids may have changed; nothing is created or ended for either"),
    )
    return pl.col("_theirs").is_not_null(), BLOCKED, why


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


def namesakes(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Rows of students who would be new, and in ``_theirs`` the target's own students
    in force whom no such row names, of the same e-mail, or of the same username and
    given name."""
    found = pl.DataFrame(schema={KEY: pl.String(), "_theirs": pl.String()})
    remote = context.mirror.frames.get(Entity.STUDENTS)
    if remote is None:
        return found
    lives = pl.col("status").fill_null("active") == "active"
    others = remote.filter(lives, ~pl.col(KEY).is_in(context.ended.implode())).join(
        frame, on=KEY, how="anti"
    )
    new = frame.join(remote, on=KEY, how="anti")
    pairs = [_alike(new, others, same) for same in _EVIDENCE]
    return pl.concat([found, *pairs]).unique().sort(KEY, "_theirs")


_EVIDENCE = (("email",), ("username", "givenName"))
"""What tells that two students are one, whatever their ids."""


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
    """The target's students whom nobody names and whose e-mail or username a row that
    would be new has, with their links and enrollments: they may be that row's under an
    old id."""
    frame = context.roster.frames.get(Entity.STUDENTS)
    if frame is None:
        return FROZEN_SCHEMA.to_frame()
    people = namesakes(frame, context).select(pl.col("_theirs").alias(KEY)).unique()
    users = context.roster.frames.get(Entity.USERS)
    if users is not None:
        people = people.join(users, on=KEY, how="anti")
    people = people.sort(KEY)
    found = [of(Entity.STUDENTS, people)]
    for entity, column in _OWNERS.items():
        remote = context.mirror.frames.get(entity)
        if remote is not None:
            held = remote.join(people, left_on=column, right_on=KEY, how="semi")
            found.append(of(entity, held.sort(KEY)))
    return pl.concat(found)


_OWNERS = {
    Entity.AGENTS: "studentSourcedId",
    Entity.ENROLLMENTS: "userSourcedId",
}
