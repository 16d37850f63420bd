"""An Open edX target with a drop, what its LMS lists, and what the ledger knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from sync.model.entities import Entity, Mode
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, Phase, Verb
from sync.model.roster import KEY, Roster, RowCounts
from sync.targets.base import BARRED, Projection, Wants
from sync.targets.openedx import OpenedxSettings, OpenedxTarget
from sync.targets.openedx.records import frame as listed

Row = dict[str, Any]

PERSON = ("_key", "status", "email", "username", "_keep")
ENROLLMENT = (
    *("_key", "sourcedId", "userSourcedId", "classSourcedId", "courseSourcedId"),
    *("role", "status", "beginDate", "endDate", "_file", "_left"),
)
CLASS = ("_key", "courseSourcedId")
COLUMNS = {
    Entity.STUDENTS: PERSON,
    Entity.USERS: PERSON,
    Entity.CLASSES: CLASS,
    Entity.ENROLLMENTS: ENROLLMENT,
}
TODAY = date(2026, 9, 15)
AT = datetime(2026, 9, 15, tzinfo=UTC)
MATH, ART = "course-v1:D+MATH+26", "course-v1:D+ART+26"


def table(entity: Entity, rows: Iterable[Row]) -> pl.DataFrame:
    given = list(rows)
    extra = {name for row in given for name in row} - set(COLUMNS[entity])
    names = [*COLUMNS[entity], *sorted(extra)]
    whole = [dict.fromkeys(names) | row for row in given]
    schema: dict[str, Any] = dict.fromkeys(names, pl.String)
    made = pl.DataFrame(whole, schema=schema).sort(KEY)
    if entity is Entity.ENROLLMENTS:
        made = made.with_columns(_row=pl.lit(2, pl.UInt32))
    return made


def person(key: str, email: str | None = "", **cells: Any) -> Row:
    told = f"{key}@x.org" if email == "" else email
    own = {"_key": key, "status": "active", "email": told, "username": key}
    return own | cells


def seat(key: str, user: str | None, course: str | None = MATH, **cells: Any) -> Row:
    own = {"_key": key, "sourcedId": key, "userSourcedId": user, "_file": "e.csv"}
    place = {"courseSourcedId": course, "role": "student", "status": "active"}
    return own | place | cells


def held(who: str, course: str = MATH, **cells: Any) -> Row:
    own = {"username": who, "email": f"{who}@x.org", "course_id": course}
    return own | {"is_active": True, "mode": "audit"} | cells


def known(who: str, course: str = MATH, **cells: Any) -> Row:
    """A row of the ledger."""
    own = {"key": f"{course}/{who}@x.org", "person": who, "remote_id": who}
    return own | cells


def settings(**changes: Any) -> OpenedxSettings:
    """The keys of a target, with secrets in ``OPENEDX_ID``, ``OPENEDX_SECRET``."""
    keys: dict[str, Any] = {
        "url": "https://lms.example.org",
        "client_id": {"env": "OPENEDX_ID"},
        "client_secret": {"env": "OPENEDX_SECRET"},
    }
    return OpenedxSettings.model_validate(keys | changes)


def target(**changes: Any) -> OpenedxTarget:
    """A target with these keys."""
    return OpenedxTarget(settings(**changes), {Entity.ENROLLMENTS: "inactive"})


@dataclass(slots=True)
class Scene:
    """A drop, what the LMS lists, and what the ledger knows."""

    target: OpenedxTarget = field(default_factory=target)
    students: list[Row] = field(default_factory=list)
    users: list[Row] | None = None
    seats: list[Row] | None = field(default_factory=list)
    classes: list[Row] | None = None
    rejected: dict[Entity, list[Row]] = field(default_factory=dict)
    frozen_people: list[str] = field(default_factory=list)
    remote: list[Row] = field(default_factory=list)
    ledger: list[Row] = field(default_factory=list)
    barred: list[str] = field(default_factory=list)
    mode: Mode = Mode.BULK
    without: list[str] = field(default_factory=list)
    """Columns that no file of the drop has."""

    def roster(self) -> Roster:
        parts = {
            Entity.STUDENTS: self.students,
            Entity.USERS: self.users,
            Entity.ENROLLMENTS: self.seats,
            Entity.CLASSES: self.classes,
        }
        frames = {
            e: table(e, rows).drop(self.without, strict=False)
            for e, rows in parts.items()
            if rows is not None
        }
        return Roster(
            frames,
            dict.fromkeys(frames, self.mode),
            {e: RowCounts(read=f.height, accepted=f.height) for e, f in frames.items()},
            pl.DataFrame(schema={"entity": pl.String, KEY: pl.String}),
            frozen_people=pl.Series(self.frozen_people, dtype=pl.String),
            rejected={e: table(e, rows) for e, rows in self.rejected.items()},
        )

    def memory(self) -> LedgerView:
        blank = {
            "entity": "enrollments",
            "remote_id": None,
            "source": "",
            "created": True,
            "missed": 0,
            "ended": False,
            "digest": None,
            "person": None,
        }
        rows = [blank | row for row in self.ledger]
        return LedgerView(
            pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame()
        )

    def wants(self, *, roster: bool = True) -> Wants:
        mine = self.roster() if roster else None
        return Wants((Entity.ENROLLMENTS,), mine, self.memory())

    def tables(self, subject: str | None = None) -> dict[str, pl.DataFrame]:
        found = {"enrollments": listed(self.remote)}
        if subject is not None:
            found["enrollments"] = found["enrollments"].with_columns(
                _subject=pl.lit(subject)
            )
        if self.barred:
            rows = [("enrollments", course, "403") for course in self.barred]
            schema = dict.fromkeys(("label", "subject", "status"), pl.String)
            found[BARRED] = pl.DataFrame(rows, schema=schema, orient="row")
        return found

    def mirror(self) -> Mirror:
        frames = self.target.assemble(self.wants(), self.tables())
        totals = {entity: frame.height for entity, frame in frames.items()}
        return Mirror(frames, dict.fromkeys(frames, True), totals, AT)

    def held_now(self) -> pl.DataFrame:
        return self.mirror().frames[Entity.ENROLLMENTS]

    def project(self) -> Projection:
        return self.target.project(self.roster(), self.mirror(), self.memory(), TODAY)

    def rows(self) -> dict[str, Row]:
        """The projected rows by their own id."""
        frame = self.project().frames[Entity.ENROLLMENTS]
        return {row["sourcedId"]: row for row in frame.to_dicts()}

    def decisions(self) -> dict[str, str | None]:
        return {key: row["_decision"] for key, row in self.rows().items()}

    def kept(self) -> set[str]:
        """The keys that are frozen, without the domain of the addresses."""
        frozen = self.project().frozen
        assert set(frozen["entity"]) <= {"enrollments"}
        return {key.removesuffix("@x.org") for key in frozen[KEY]}


def operation(
    who: str = "ada",
    course: str = MATH,
    verb: Verb = Verb.CREATE,
    rest: Mapping[str, Any] | None = None,
    **after: Any,
) -> Operation:
    """An operation on one enrollment."""
    ends = verb is Verb.REMOVE
    values = {"identifier": f"{who}@x.org", "courseSourcedId": course} | after
    return Operation(
        id=f"enrollments:{course}/{who}",
        entity=Entity.ENROLLMENTS,
        verb=verb,
        key=f"{course}/{who}@x.org",
        fields=(),
        before=None if verb is Verb.CREATE else values,
        after=values,
        rest=dict(rest or {}),
        phase=Phase.ENDED_ENROLLMENTS if ends else Phase.ENROLLMENTS,
        wave=0,
        needs=(),
        precondition=None,
        remote_id=None,
        reason="",
        ends=ends,
        file=None,
        line=None,
    )
