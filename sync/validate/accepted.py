"""The rows that are left: one for each record, in the order of their keys.

In: sheets and what was rejected. Out: the frames of the roster, and how many accepted
rows of each entity were folded into another one.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import PEOPLE, STATED, Entity
from sync.model.normalise import ROLE_SEPARATOR, encode_roles
from sync.model.roster import FILE, KEEP, KEY, ROW
from sync.shelf import in_order, put_away
from sync.validate.duplicates import ROLE_COLUMNS, merged
from sync.validate.people import ROLES, STUDENT, roles
from sync.validate.satellites import (
    of_records,
    role_rows,
    with_birth_dates,
    with_primary_org,
    with_relationships,
)
from sync.validate.sheet import Sheet, is_one_of

Sheets = Mapping[Entity, Sheet]
Rejected = Mapping[Entity, pl.Series]
Frames = dict[Entity, pl.DataFrame]


def accepted(sheets: Sheets, rejected: Rejected) -> tuple[Frames, dict[Entity, int]]:
    """The frames of the roster, and the rows that are merged."""
    own = of_records(sheets)
    frames = {entity: _left(sheet, rejected[entity]) for entity, sheet in own.items()}
    _with_satellites(frames, sheets, rejected)
    _with_roles(frames, roles(sheets, rejected))
    if Entity.AGENTS in frames:
        people = [frames[one] for one in PEOPLE if one in frames]
        frames[Entity.AGENTS] = with_relationships(frames[Entity.AGENTS], people)
    counts = {
        entity: sheet.frame.height - rejected[entity].len() - frames[entity].height
        for entity, sheet in own.items()
    }
    return {entity: _arranged(frame) for entity, frame in frames.items()}, counts


def _with_satellites(frames: Frames, sheets: Sheets, rejected: Rejected) -> None:
    """What other files tell of people, laid beside them."""
    found = role_rows(sheets, rejected)
    told = sheets.get(Entity.DEMOGRAPHICS)
    fallen = rejected.get(Entity.DEMOGRAPHICS)
    for entity in PEOPLE:
        if entity in frames:
            people = frames[entity].drop(STATED, strict=False)
            people = with_primary_org(people, found)
            frames[entity] = with_birth_dates(people, told, fallen)


def _left(sheet: Sheet, rejected: pl.Series) -> pl.DataFrame:
    gone = pl.concat([rejected, merged(sheet, rejected)])
    if gone.is_empty():
        return sheet.frame
    return sheet.frame.filter(~is_one_of(gone))


def _with_roles(frames: Frames, given: pl.DataFrame) -> None:
    """Roles in place of a users row's own; the students' rows take theirs along."""
    students, users = (frames.get(entity) for entity in PEOPLE)
    if students is not None:
        frames[Entity.STUDENTS] = _students(students, given)
    if users is not None:
        if students is not None:
            users = users.join(students, on=KEY, how="anti", maintain_order="left")
        frames[Entity.USERS] = users.drop(ROLE_COLUMNS, strict=False).join(
            given, on=KEY, how="left", maintain_order="left"
        )


def _students(students: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """A student who has other roles too gets them all, that of student among them."""
    joined = students.join(given, on=KEY, how="left", maintain_order="left")
    own = encode_roles(
        pl.lit(None, pl.String), pl.lit(STUDENT), pl.col("primaryOrgSourcedId")
    )
    listed = pl.col(ROLES).str.split(ROLE_SEPARATOR)
    is_student = pl.element().str.contains(f"\x1f{STUDENT}\x1f", literal=True)
    has_own = listed.list.eval(is_student).list.any()
    mere = listed.list.eval(is_student).list.all()
    with_own = (
        pl.when(has_own).then(listed).otherwise(pl.concat_list(own, listed).list.sort())
    )
    # A mere student has no roles to speak of, whichever file said so.
    return joined.with_columns(
        pl.when(~mere).then(with_own.list.join(ROLE_SEPARATOR)).alias(ROLES)
    )


def _arranged(frame: pl.DataFrame) -> pl.DataFrame:
    own = [n for n in frame.columns if not n.startswith("_")]
    whole = frame.select(*own, KEY, FILE, ROW, KEEP)
    # Sorting millions of texts costs as much as all the rest; many files are in order.
    if not whole[KEY].is_sorted():
        return in_order(whole, KEY)
    return put_away(whole.with_columns(pl.col(KEY).set_sorted()))
