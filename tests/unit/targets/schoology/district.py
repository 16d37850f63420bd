"""Schoology targets as a configuration makes them, and what such a district shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from sync.model.entities import Entity, Mode
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, Phase, Verb
from sync.model.request import Answer, Listing
from sync.model.roster import Roster
from sync.targets.base import BARRED, Projection, Wants
from sync.targets.schoology import SchoologySettings, SchoologyTarget
from sync.targets.schoology.target import ITEM

Row = dict[str, Any]
TODAY = date(2026, 9, 15)
SECRETS = {"consumer_key": {"env": "KEY"}, "consumer_secret": {"env": "SECRET"}}
ROW_COLUMNS = (
    *("sourcedId", "userSourcedId", "classSourcedId", "role", "status"),
    *("beginDate", "endDate", "primary"),
)
NO_KEYS = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})


def settings(**keys: Any) -> SchoologySettings:
    table = {"url": "https://api.schoology.com/v1"} | SECRETS | keys
    return SchoologySettings.model_validate(table)


def target(policy: str = "inactive", **keys: Any) -> SchoologyTarget:
    return SchoologyTarget(settings(**keys), {Entity.ENROLLMENTS: policy})


def listed(of: SchoologyTarget, label: str, records: Sequence[Row]) -> pl.DataFrame:
    """A list as it is read from the wire."""
    body = {ITEM[label]: list(records), "total": str(len(records)), "links": {}}
    answer = Answer(200, {}, json.dumps(body).encode())
    return of.read(Listing(label, "schoology", f"/{label}"), answer)[0]


def user(uid: str, school_uid: str) -> Row:
    return {"uid": uid, "id": int(uid), "school_uid": school_uid}


def section(key: str, code: str = "", **facts: Any) -> Row:
    own = {"id": key, "course_id": "41", "course_code": "MATH7", "active": 1}
    codes = {"section_code": "", "section_school_code": code}
    return own | codes | {"grading_periods": [13], "section_title": key} | facts


def seat(key: str, uid: str, school_uid: str, **facts: Any) -> Row:
    """An enrollment as lists show it, in section 55 unless ``at`` says another."""
    own = {"id": key, "uid": uid, "school_uid": school_uid, "admin": 0, "status": "1"}
    return own | facts


@dataclass(slots=True)
class District:
    """What a Schoology shows, and what a drop wants of it."""

    of: SchoologyTarget = field(default_factory=target)
    users: list[Row] = field(
        default_factory=lambda: [user("7001", "S-17"), user("7002", "S-18")]
    )
    inactive: list[Row] | None = None
    sections: list[Row] = field(
        default_factory=lambda: [section("55", "A"), section("56", "B")]
    )
    seats: dict[str, list[Row]] = field(default_factory=dict)
    periods: list[Row] = field(default_factory=list)
    barred: list[tuple[str, str, str]] = field(default_factory=list)
    groups: list[Row] | None = None

    def tables(self) -> dict[str, pl.DataFrame]:
        found = {"users": listed(self.of, "users", self.users)}
        if self.inactive is not None:
            found["inactive"] = listed(self.of, "inactive", self.inactive)
        if self.groups is not None:
            found["groups"] = listed(self.of, "groups", self.groups)
        else:
            found["courses"] = listed(self.of, "courses", [{"id": "41"}])
            found["sections"] = listed(self.of, "sections", self.sections)
            found["periods"] = listed(self.of, "periods", self.periods)
        found["enrollments"] = pl.concat(
            [
                listed(self.of, "enrollments", rows).with_columns(
                    pl.lit(realm).alias("_subject")
                )
                for realm, rows in (self.seats or {"55": []}).items()
            ]
        )
        if self.barred:
            names = ("label", "subject", "status")
            schema = dict.fromkeys(names, pl.String())
            found[BARRED] = pl.DataFrame(self.barred, schema=schema, orient="row")
        return found

    def mirror(
        self, roster: Roster | None = None, ledger: LedgerView | None = None
    ) -> Mirror:
        wants = Wants(
            (Entity.ENROLLMENTS,), roster or drop(), ledger or LedgerView.empty()
        )
        frames = self.of.assemble(wants, self.tables())
        return Mirror(frames, {}, {}, datetime(2026, 9, 15, tzinfo=UTC))

    def projected(self, roster: Roster, today: date = TODAY) -> Projection:
        mirror = self.mirror(roster)
        return self.of.project(roster, mirror, LedgerView.empty(), today)


def row(user_key: str, class_key: str | None = "A", **cells: Any) -> Row:
    own = {"userSourcedId": user_key, "classSourcedId": class_key, "role": "student"}
    found = own | {"status": "active"} | cells
    key = f"{user_key}@{class_key}{found['role'][:1]}"
    return {"sourcedId": key} | found


def drop(*rows: Row, rejected: Sequence[Row] = (), **tables: list[Row]) -> Roster:
    """A roster of these enrollments, and of other tables by their name."""
    frames = {Entity.ENROLLMENTS: _frame(rows)}
    for name, others in tables.items():
        frame = pl.DataFrame(others)
        frames[Entity(name)] = frame.with_columns(pl.col("sourcedId").alias("_key"))
    return Roster(
        frames,
        dict.fromkeys(frames, Mode.BULK),
        {},
        NO_KEYS,
        rejected={Entity.ENROLLMENTS: _frame(rejected)} if rejected else {},
    )


def without_enrollments() -> Roster:
    """As a roster is that asks for records of ours alone."""
    return Roster({}, {}, {}, NO_KEYS)


def _frame(rows: Sequence[Row]) -> pl.DataFrame:
    whole = [dict.fromkeys(ROW_COLUMNS) | one for one in rows]
    frame = pl.DataFrame(whole, schema=dict.fromkeys(ROW_COLUMNS, pl.String))
    return frame.with_columns(
        pl.col("sourcedId").alias("_key"),
        pl.lit("enrollments.csv").alias("_file"),
        pl.lit(2, dtype=pl.UInt32).alias("_row"),
        pl.lit(None, dtype=pl.String).alias("_keep"),
    ).sort("_key")


def ledger(*keys: str, ended: bool = False) -> LedgerView:
    rows = [
        {
            "entity": "enrollments",
            "key": key,
            "remote_id": None,
            "source": "",
            "created": True,
            "missed": 0,
            "ended": ended,
            "digest": None,
            "person": key.partition("/")[2],
        }
        for key in keys
    ]
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def operation(key: str, verb: Verb = Verb.CREATE, **facts: Any) -> Operation:
    """An operation on an enrollment; ``after`` is laid over what its key says."""
    realm, _, person = key.partition("/")
    values: Mapping[str, Any] = {
        "realmId": realm,
        "userSourcedId": person,
        "uid": "7" + realm,
        "role": "student",
        "status": "active",
        "sectionSchoolCode": f"code-{realm}",
        "courseCode": "MATH7",
        "sectionCode": realm,
        "gradingPeriods": "13,14",
    }
    new = verb is Verb.CREATE
    own: dict[str, Any] = {
        "id": f"enrollments:{key}",
        "entity": Entity.ENROLLMENTS,
        "verb": verb,
        "key": key,
        "fields": (),
        "before": None if new else dict(values),
        "rest": {},
        "phase": Phase.ENROLLMENTS,
        "wave": 0,
        "needs": (),
        "precondition": None,
        "remote_id": None if new else f"90{realm}",
        "reason": "",
        "ends": verb is Verb.REMOVE,
        "file": None,
        "line": None,
    }
    after = {**values, **facts.pop("after", {})}
    return Operation(**(own | {"after": after} | facts))
