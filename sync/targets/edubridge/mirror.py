"""What was read of EduBridge's side -> the mirror's frames, and whom to ask singly.

The list of enrollments and the lists of single persons stand in one table, the latter
with ``_subject``. Where the list may not be read, theirs are all there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync.errors import TargetError
from sync.model.entities import REFERENCE, Entity
from sync.model.mirror import SHOWN
from sync.targets.base import BARRED, ID, Wants
from sync.targets.common.mirroring import (
    Tables,
    by_course,
    is_student,
    people,
    reference,
)

ENROLLMENTS = Entity.ENROLLMENTS.value
SUBJECT = "_subject"
_PLACE = ("courseSourcedId", "schoolSourcedId")
_MORE = ("classSourcedId", "primary", "endDate")
"""What is only shown: neither compared nor written."""
_BEGINS = "beginDate"
"""The same, but for an enrollment that comes back as it was."""
_NEEDED = ("users", "courses", "orgs")
"""Lists of what an enrollment needs, and EduBridge does not make."""


def assemble(wants: Wants, tables: Tables) -> dict[Entity, pl.DataFrame]:
    """The mirror's frames of everything that was read.

    Raises ``TargetError`` for lists that are empty and cannot be.
    """
    _doubt_empty(wants, tables)
    frames = {
        entity: reference(tables[entity.value])
        for entity in REFERENCE
        if entity.value in tables
    }
    if "users" in tables:
        everybody = people(wants, tables["users"])
        frames[Entity.STUDENTS] = everybody.filter(is_student())
        frames[Entity.USERS] = everybody.filter(~is_student())
    if ENROLLMENTS in tables:
        found = _enrollments(tables)
        # A person's own list does not tell these: a record is the same without them.
        frames[Entity.ENROLLMENTS] = (
            found
            if wants.roster is None
            else found.drop(_MORE).rename({_BEGINS: SHOWN + _BEGINS})
        )
    return frames


def listed(tables: Tables) -> bool:
    """Whether the list of all enrollments could be had."""
    barred = tables.get(BARRED)
    if barred is None:
        return True
    whole = (pl.col("label") == ENROLLMENTS) & pl.col("subject").is_null()
    return barred.filter(whole).is_empty()


def _split(tables: Tables) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The enrollments of the list, and those of the lists of single persons."""
    table = tables[ENROLLMENTS]
    if SUBJECT not in table.columns:
        table = table.with_columns(pl.lit(None, dtype=pl.String).alias(SUBJECT))
    told = pl.col(SUBJECT).is_not_null()
    return table.filter(~told), table.filter(told)


def _enrollments(tables: Tables) -> pl.DataFrame:
    """One row for each user, course, school and role (see ``by_course``).

    Of a record that both show, the list knows the status, and the person's own list
    the course and the school.
    """
    whole, singly = _split(tables)
    if not listed(tables):
        return by_course({**tables, ENROLLMENTS: singly})
    places = singly.select(ID, *(pl.col(name).alias(f"_{name}") for name in _PLACE))
    known = whole.join(places.unique(ID, keep="first"), on=ID, how="left")
    known = known.with_columns(
        pl.coalesce(name, f"_{name}").alias(name) for name in _PLACE
    ).select(whole.columns)
    more = singly.join(whole, on=ID, how="anti").unique(ID, keep="first")
    both = pl.concat([known, more], how="vertical").sort(ID).drop(SUBJECT)
    return by_course({**tables, ENROLLMENTS: both})


def _doubt_empty(wants: Wants, tables: Tables) -> None:
    """Nobody can be enrolled where there is no person, no course or no school: such a
    list is rather one that we may not see. So is one without the enrollments that a
    person's own list tells."""
    rows = None if wants.roster is None else wants.roster.frames.get(Entity.ENROLLMENTS)
    empty = [name for name in _NEEDED if name in tables and tables[name].is_empty()]
    if rows is not None and not rows.is_empty() and empty:
        raise _unseen(empty[0], "and nobody can be enrolled without")
    if "users" in tables and ENROLLMENTS in tables and listed(tables):
        whole, singly = _split(tables)
        if whole.is_empty() and not singly.is_empty():
            raise _unseen(ENROLLMENTS, "but a person's own list holds some")


def _unseen(label: str, why: str) -> TargetError:
    message = f"edubridge: the list {label} is empty, {why}"
    return TargetError(message, do="see whether our access covers the whole district")


def users_that_matter(wants: Wants, table: pl.DataFrame) -> list[str]:
    """Whose own lists are read where the whole list cannot be had: everybody whom an
    enrollment of the drop or of the ledger names, as far as he is there; without such
    enrollments everybody."""
    there = table.select(ID).unique()
    rows = None if wants.roster is None else wants.roster.frames.get(Entity.ENROLLMENTS)
    if rows is None:
        return there[ID].sort().to_list()
    named = [rows.select(pl.col("userSourcedId").alias(ID)), _owners(wants).to_frame()]
    return there.join(pl.concat(named), on=ID, how="semi")[ID].sort().to_list()


def _owners(wants: Wants) -> pl.Series:
    """The persons of the enrollments that are ours and in force."""
    ours = wants.ledger.of(Entity.ENROLLMENTS).filter(~pl.col("ended"))
    return ours["person"].drop_nulls().unique().sort().alias(ID)


def witnesses(wants: Wants, table: pl.DataFrame, most: int) -> Sequence[str]:
    """A few persons whose own lists are read beside the whole one: of the ledger's, or
    else of the drop's, who are there."""
    ours = table.select(ID).join(_owners(wants).to_frame(), on=ID, how="semi")
    if not ours.is_empty():
        return ours[ID].unique().sort().head(most).to_list()
    return users_that_matter(wants, table)[:most]
