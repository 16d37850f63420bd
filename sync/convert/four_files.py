"""A roster as the four files with the reference files beside them.

The columns are those that the drop had: one that it did not have stays away, since a
blank one would empty the field.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from sync.convert import notes, roles
from sync.convert.package import FOUR_FILES, OutFile, Package
from sync.model.entities import ENTITIES, METADATA_PREFIX, Entity, Mode
from sync.model.roster import KEY, Roster

_ROLE_COLUMNS = {
    roles.ROLE: "role",
    roles.KIND: "roleType",
    roles.ORG: "roleOrgSourcedId",
}


def four_files(roster: Roster) -> Package:
    """One file for each entity of the roster."""
    frames = dict(roster.frames)
    if Entity.USERS in frames:
        frames[Entity.USERS] = _users(frames)
    files = [
        OutFile(f"{entity.value}.csv", roster.modes[entity], _shaped(entity, frame))
        for entity, frame in frames.items()
    ]
    files.sort(key=lambda one: one.name)
    said = (*_delta(files), *notes.of_cells(roster))
    return Package(FOUR_FILES, tuple(files), notes=said)


def _delta(files: list[OutFile]) -> Iterator[str]:
    """What nothing in the four files says: that they are a delta."""
    names = [one.name for one in files if one.mode is Mode.DELTA]
    if names:
        yield (
            f"{', '.join(names)} told only of changes: read the folder with --delta,"
            " or whoever is not in them is gone"
        )


def _shaped(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    names = [
        name
        for name in ENTITIES[entity].names
        if name in frame.columns and name not in {roles.ROLES, roles.ORGS}
    ]
    metadata = sorted(n for n in frame.columns if n.startswith(METADATA_PREFIX))
    by = [
        name
        for name in (KEY, "roleType", "role", "roleOrgSourcedId")
        if name in frame.columns
    ]
    return frame.sort(by).select(*names, *metadata)


def _users(frames: dict[Entity, pl.DataFrame]) -> pl.DataFrame:
    """One row for each role of a user, and of a student who has others besides."""
    users = frames[Entity.USERS].with_columns(
        pl.lit(value=False).alias(roles.IS_STUDENT)
    )
    students = frames.get(Entity.STUDENTS)
    people = users
    if students is not None:
        several = students.filter(pl.col(roles.ROLES).is_not_null()).with_columns(
            pl.lit(value=True).alias(roles.IS_STUDENT)
        )
        # What only the file of students has is said there.
        names = [name for name in several.columns if name in users.columns]
        people = pl.concat([users, several.select(names)], how="diagonal")
    pupils = people.filter(roles.IS_STUDENT)[roles.ID]
    given = roles.rows(people).filter(~_goes_without_saying(pupils))
    return people.join(
        given.drop(roles.PRIMARY_ORG).rename(_ROLE_COLUMNS), on=roles.ID, how="left"
    )


def _goes_without_saying(pupils: pl.Series) -> pl.Expr:
    """The role that students.csv gives by itself: student at the primary org."""
    is_student = pl.col(roles.ROLE) == roles.STUDENT
    at_home = (pl.col(roles.ORG) == pl.col(roles.PRIMARY_ORG)).fill_null(value=False)
    return (
        pl.col(roles.ID).is_in(pupils.implode())
        & is_student
        & at_home
        & (pl.col(roles.KIND) == "primary")
        & (is_student.sum().over(roles.ID) == 1)
    )
