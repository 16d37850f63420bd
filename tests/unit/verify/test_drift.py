from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from sync.diff import DiffInput, FieldRules, diff
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import DRIFT_SCHEMA
from sync.plan.carriers import with_carriers
from sync.plan.operations import operations
from sync.verify import Drift, drifted

STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
Row = dict[str, Any]


def no_waves(whole: pl.DataFrame) -> pl.Series:
    return pl.Series([0] * whole.height, dtype=pl.UInt8)


RULES = dict.fromkeys(Entity, FieldRules(("status", "phone")))
THEN = {
    "_key": "p",
    "status": "active",
    "phone": "2",
    "email": None,
    "_remote_id": "p",
    "_rest": '{"sms": "1"}',
}


def people(*rows: Row) -> pl.DataFrame:
    names = dict.fromkeys(name for row in (THEN, *rows) for name in row)
    return pl.DataFrame(list(rows), schema=dict.fromkeys(names, pl.String))


def planned(theirs: Row | None) -> pl.DataFrame:
    ours = {"_key": "p", "status": "active", "phone": "1"}
    joined = diff(
        DiffInput(
            {STUDENTS: pl.DataFrame([ours])},
            {STUDENTS: people(*([theirs] if theirs else [])), USERS: people()},
            pl.DataFrame(schema={"entity": pl.String, "_key": pl.String}),
            RULES,
            LedgerView.empty(),
        )
    )
    fated = {
        entity: whole.with_columns(fate=pl.lit(None, pl.String))
        for entity, whole in joined.items()
    }
    return operations(fated, RULES, {}, no_waves)


def found(then: Row | None, now: Row | None, home: Entity = STUDENTS) -> Drift:
    frames = {STUDENTS: people(), USERS: people()}
    frames[home] = people(*([now] if now else []))
    mirror = Mirror(frames, {}, {}, datetime(2026, 9, 15, tzinfo=UTC))
    return drifted(planned(then), mirror)


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        pytest.param(THEN, THEN, None, id="as it was"),
        pytest.param(None, None, None, id="still not there"),
        pytest.param(None, THEN, "has appeared", id="appeared"),
        pytest.param(THEN, None, "has gone", id="gone"),
        pytest.param(THEN, THEN | {"phone": "3"}, "made: phone", id="a field"),
        pytest.param(
            THEN,
            THEN | {"email": "ada@x.example", "phone": None},
            "made: email, phone",
            id="two fields",
        ),
        pytest.param(THEN, THEN | {"_rest": '{"sms": "2"}'}, "made: sms", id="carried"),
        pytest.param(
            THEN,
            THEN | {"birthDate": "2015-02-03", "metadata.room": "7"},
            None,
            id="more was asked for in this read",
        ),
    ],
)
def test_a_record_that_changed_since_the_plan_is_named(
    then: Row | None, now: Row | None, why: str | None
) -> None:
    told = found(then, now).words
    assert list(told) == ([] if why is None else ["students:p"])
    assert why is None or why in told["students:p"]


def test_a_person_who_moved_between_the_lists_has_not_changed() -> None:
    same = found(THEN, THEN, USERS)
    assert (same.words, same.fields.height) == ({}, 0)


def test_the_words_hold_no_values() -> None:
    now = THEN | {"email": "ada@x.example", "phone": "555"}
    (told,) = found(THEN, now).words.values()
    assert "ada" not in told
    assert "555" not in told


@pytest.mark.parametrize(
    ("then", "now", "changes"),
    [
        (None, THEN, [("status", "missing", "active")]),
        (None, THEN | {"status": None}, [("status", "missing", "active")]),
        (THEN | {"status": "inactive"}, None, [("status", "inactive", "missing")]),
        (
            THEN,
            THEN | {"email": "ada@x.example", "phone": None},
            [("email", None, "ada@x.example"), ("phone", "2", None)],
        ),
        (
            THEN | {"_rest": '{"sms": "1", "tags": ["b"], "_agents": [], "x": 1}'},
            THEN | {"_rest": '{"sms": null, "tags": ["ä"], "new": true, "x": 1}'},
            [("new", None, "true"), ("sms", "1", None), ("tags", '["b"]', '["ä"]')],
        ),
        (THEN, THEN | {"_rest": None}, [("sms", "1", None)]),
        (THEN, THEN, []),
    ],
)
def test_each_field_is_told_with_what_it_held_then_and_holds_now(
    then: Row | None, now: Row | None, changes: list[tuple[str | None, ...]]
) -> None:
    fields = found(then, now).fields
    assert fields.schema == DRIFT_SCHEMA
    assert fields.rows() == [("students:p", "students", "p", *one) for one in changes]


LINK = {
    "_key": "p/g",
    "status": "active",
    "studentSourcedId": "p",
    "agentSourcedId": "g",
}


@pytest.mark.parametrize(
    ("now", "written", "drifts"),
    [
        ({}, (), False),
        ({"phone": "8"}, (), True),
        ({"_rest": None}, (), True),
        (None, (), True),
        ({"phone": "8"}, ("students:p",), False),
        ({"phone": "8"}, ("students:q", "agents:p/g"), True),
    ],
)
def test_a_link_drifts_with_the_student_whose_record_it_is_written_in(
    now: Row | None, written: tuple[str, ...], drifts: bool
) -> None:
    person = {name: THEN[name] for name in ("_key", "status", "phone")}
    links = pl.DataFrame([LINK])
    joined = diff(
        DiffInput(
            {STUDENTS: pl.DataFrame([person]), Entity.AGENTS: links},
            {STUDENTS: people(THEN), Entity.AGENTS: links.clear()},
            pl.DataFrame(schema={"entity": pl.String, "_key": pl.String}),
            RULES,
            LedgerView.empty(),
        )
    )
    fated = {e: f.with_columns(fate=pl.lit(None, pl.String)) for e, f in joined.items()}
    plan = with_carriers(operations(fated, RULES, {}, no_waves), fated, RULES)
    assert plan["id"].to_list() == ["agents:p/g"]
    frames = {
        STUDENTS: people(*([] if now is None else [THEN | now])),
        Entity.AGENTS: links.clear(),
    }
    mirror = Mirror(frames, {}, {}, datetime(2026, 9, 15, tzinfo=UTC))
    drift = drifted(plan, mirror, written)
    assert bool(drift.words) is drifts
    assert drift.fields.is_empty()


def test_of_a_link_that_went_its_students_record_is_not_told_as_its_own() -> None:
    link = LINK | {"relationshipType": "aunt", "_remote_id": "p/g", "_rest": None}
    plan = planned(THEN).with_columns(
        pl.lit("agents:p/g").alias("id"),
        pl.lit("agents").alias("entity"),
        pl.lit("p/g").alias("key"),
        pl.lit('{"status": "active", "relationshipType": "mother"}').alias("before"),
        pl.lit('{"seen": "1", "person": {}, "rest": {}, "agents": []}').alias("rest"),
    )
    frames = {STUDENTS: people(), Entity.AGENTS: pl.DataFrame([link])}
    mirror = Mirror(frames, {}, {}, datetime(2026, 9, 15, tzinfo=UTC))
    fields = drifted(plan, mirror).fields["field"].to_list()
    assert fields == ["agentSourcedId", "relationshipType", "studentSourcedId"]
