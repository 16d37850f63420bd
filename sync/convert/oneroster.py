"""A roster as a OneRoster 1.1 or 1.2 package.

People come together in users.csv, links onto the rows of students, dates of birth into
demographics.csv and, in 1.2, roles into roles.csv. What the binding has no place for
goes into ``metadata.rosterSync.*``, which our reader takes back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sync.convert import links, notes, roles
from sync.convert.binding import PROPERTIES, VERSIONS
from sync.convert.delivered import keeps
from sync.convert.package import ONEROSTER_1_1, LeftOut, OutFile, Package
from sync.convert.shape import OURS, out_file, with_status
from sync.convert.unlistable import Frames, without_unlistable
from sync.model.entities import PEOPLE, REFERENCE, Entity, Mode
from sync.model.identifier import uuid5
from sync.model.normalise import key
from sync.model.roster import Roster

BIRTH, _BORN = "birthDate", "_born"
COURSE = f"{OURS}courseSourcedId"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "roster-sync.roles")
"""Of the identifiers that rows of roles.csv get; never to be changed, or a reader would
take every role for a new one."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What all files of one package share."""

    layout: str
    moment: datetime

    def file(self, name: str, mode: Mode, frame: pl.DataFrame) -> OutFile:
        """A table of the binding's, with its status as the mode wants it."""
        return out_file(self.layout, name, mode, with_status(frame, mode, self.moment))


def oneroster(roster: Roster, layout: str, moment: datetime) -> Package:
    """All files of the package, its manifest too; ``moment`` is for its deltas."""
    form = _Form(layout, moment)
    frames, left = dict(roster.frames), list[LeftOut]()
    if layout == ONEROSTER_1_1:
        frames, left = without_unlistable(frames)
    files = [
        form.file(entity.value, roster.modes[entity], _tabled(frames[entity]))
        for entity in (*REFERENCE, Entity.ENROLLMENTS)
        if entity in frames
    ]
    people = _people(frames)
    listed = None
    if Entity.AGENTS in frames:
        given = roles.rows(people)
        held, lost = links.holdable(
            frames[Entity.AGENTS], roles.students(people, given)
        )
        listed = links.lists(held, given)
        left += lost
    if set(PEOPLE) & set(frames):
        files += _of_people(form, people, listed, people_mode(roster))
    files, broken = notes.without_line_breaks(files)
    files.sort(key=lambda one: one.name)
    said = (*notes.of(roster, layout, files), *notes.of_moment(files, moment))
    return Package(layout, (_manifest(layout, files), *files), (*left, *broken), said)


def people_mode(roster: Roster) -> Mode:
    """Bulk only if the drop tells of students and users alike: a bulk users.csv without
    the one of them would say that all of those are gone."""
    modes = {roster.modes.get(entity) for entity in PEOPLE}
    return Mode.BULK if modes == {Mode.BULK} else Mode.DELTA


def _tabled(frame: pl.DataFrame) -> pl.DataFrame:
    """Enrollments with their course where our reader finds it; others as they are."""
    if "userSourcedId" not in frame.columns or "courseSourcedId" not in frame.columns:
        return frame
    return frame.rename({"courseSourcedId": COURSE})


def _people(frames: Frames) -> pl.DataFrame:
    """Students and users in one table, sorted by sourcedId."""
    empty = dict.fromkeys((roles.ID, roles.PRIMARY_ORG, roles.ROLES), pl.String)
    none = pl.DataFrame(
        schema={**empty, **dict.fromkeys((roles.IS_STUDENT, _BORN), pl.Boolean)}
    )
    parts = [
        frames[entity].with_columns(
            pl.lit(entity is Entity.STUDENTS).alias(roles.IS_STUDENT),
            _states_birth(frames[entity]).alias(_BORN),
        )
        for entity in PEOPLE
        if entity in frames
    ]
    return pl.concat([none, *parts], how="diagonal").sort(roles.ID)


def _states_birth(frame: pl.DataFrame) -> pl.Expr:
    """Whether the drop says when somebody was born, if only that nobody knows."""
    return ~keeps(BIRTH) if BIRTH in frame.columns else pl.lit(value=False)


def _of_people(
    form: _Form, people: pl.DataFrame, listed: pl.DataFrame | None, mode: Mode
) -> Iterator[OutFile]:
    """users.csv, demographics.csv and, where the version has it, roles.csv."""
    given = roles.rows(people)
    if form.layout == ONEROSTER_1_1:
        own = roles.as_1_1(people, given)
    else:
        own = roles.unsaid_orgs(given)
        yield form.file("roles", mode, _with_ids(roles.as_1_2(given)))
    users = people.join(own, on=roles.ID, how="left", maintain_order="left")
    if listed is not None:
        users = users.join(listed, on=roles.ID, how="left", maintain_order="left")
    yield form.file("users", mode, users)
    born = people.filter(_BORN)
    if not born.is_empty():
        yield form.file("demographics", mode, born.select(roles.ID, BIRTH))


def _with_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of roles.csv with a sourcedId made of what they say."""
    said = rows.select(key(*rows.columns)).to_series()
    return rows.with_columns(uuid5(NAMESPACE, said).alias(roles.ID))


def _manifest(layout: str, files: list[OutFile]) -> OutFile:
    """Every property of the version: a file that is not there is ``absent``."""
    modes = {one.name.removesuffix(".csv"): str(one.mode) for one in files}
    said = {
        "manifest.version": "1.0",
        "oneroster.version": VERSIONS[layout],
        **{f"file.{name}": modes.get(name, "absent") for name in PROPERTIES[layout]},
    }
    rows = {"propertyName": [*said], "value": [*said.values()]}
    return OutFile("manifest.csv", None, pl.DataFrame(rows))
