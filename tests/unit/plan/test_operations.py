from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from sync.diff import DiffInput, FieldRules, diff
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.operation import OPERATION_SCHEMA, Phase, walk
from sync.plan.operations import operations

STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
AGENTS, ENROLLMENTS = Entity.AGENTS, Entity.ENROLLMENTS
Row = dict[str, Any]
RULES = FieldRules(("status", "phone", "email", "relationshipType"))
ENDED = {
    STUDENTS: {"status": "inactive"},
    USERS: {"status": "tobedeleted"},
    AGENTS: {"status": "tobedeleted"},
    ENROLLMENTS: {"status": "tobedeleted"},
}
SCHEMAS = {
    STUDENTS: ("_key", "status", "phone", "email"),
    USERS: ("_key", "status", "phone", "email"),
    AGENTS: ("_key", "studentSourcedId", "agentSourcedId", "status"),
    ENROLLMENTS: ("_key", "userSourcedId", "role", "status"),
}


def frame(entity: Entity, rows: list[Row]) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row) or SCHEMAS[entity]
    kinds = {n: pl.UInt32 if n == "_row" else pl.String for n in names}
    return pl.DataFrame(rows, schema=kinds)


def planned(
    drop: dict[Entity, list[Row]],
    remote: dict[Entity, list[Row]],
    rules: FieldRules = RULES,
    waves: Any = None,
) -> pl.DataFrame:
    """The operations of a drop; what only the target has is removed."""
    joined = diff(
        DiffInput(
            {e: frame(e, rows) for e, rows in drop.items()},
            {e: frame(e, rows) for e, rows in remote.items()},
            pl.DataFrame(schema={"entity": pl.String, "_key": pl.String}),
            dict.fromkeys(Entity, rules),
            LedgerView.empty(),
        )
    )
    alone = pl.when(~pl.col("in_drop")).then(pl.lit("remove"))
    fated = {e: f.with_columns(fate=alone) for e, f in joined.items()}
    order = waves or (lambda whole: pl.Series([0] * whole.height, dtype=pl.UInt8))
    found = operations(fated, dict.fromkeys(Entity, rules), ENDED, order)
    assert found.schema == OPERATION_SCHEMA
    return found


def person(key: str = "p", **cells: Any) -> Row:
    return {"_key": key, "status": "active", "phone": None, "email": None} | cells


def link(student: str, agent: str, **cells: Any) -> Row:
    own = {"studentSourcedId": student, "agentSourcedId": agent, "status": "active"}
    return {"_key": f"{student}/{agent}"} | own | cells


def enrollment(key: str, user: str, **cells: Any) -> Row:
    own = {"_key": key, "userSourcedId": user, "role": "student", "status": "active"}
    return own | cells


def one(ours: Row | None, theirs: Row | None, rules: FieldRules = RULES) -> Any:
    found = planned(
        {STUDENTS: [ours] if ours else []},
        {STUDENTS: [theirs] if theirs else []},
        rules,
    )
    (operation,) = walk(found)
    return operation


@pytest.mark.parametrize(
    ("ours", "theirs", "verb", "fields", "phase", "ends", "after"),
    [
        (
            person(phone="1"),
            None,
            "create",
            (),
            Phase.PEOPLE,
            False,
            {"phone": "1", "status": "active"},
        ),
        (
            person(phone="1"),
            person(phone="2", email="e"),
            "update",
            ("phone", "email"),
            Phase.PEOPLE,
            False,
            {"phone": "1", "email": None},
        ),
        (
            {"_key": "p", "status": "active", "phone": "1"},
            person(phone="2", email="e"),
            "update",
            ("phone",),
            Phase.PEOPLE,
            False,
            {"phone": "1", "email": "e"},
        ),
        (
            person(),
            person(status="inactive"),
            "reactivate",
            ("status",),
            Phase.PEOPLE,
            False,
            {"status": "active"},
        ),
        (
            person(status="inactive"),
            person(),
            "update",
            ("status",),
            Phase.ENDED_PEOPLE,
            True,
            {"status": "inactive"},
        ),
        (
            person(status="tobedeleted"),
            person(),
            "remove",
            ("status",),
            Phase.ENDED_PEOPLE,
            True,
            {"status": "tobedeleted"},
        ),
        (
            None,
            person(phone="2"),
            "remove",
            (),
            Phase.ENDED_PEOPLE,
            True,
            {"status": "inactive", "phone": "2"},
        ),
    ],
)
def test_each_change_becomes_an_operation(  # noqa: PLR0913, PLR0917 - a table's columns
    ours: Row | None,
    theirs: Row | None,
    verb: str,
    fields: tuple[str, ...],
    phase: Phase,
    ends: bool,
    after: Row,
) -> None:
    found = one(ours, theirs)
    assert (found.id, found.key, found.verb) == ("students:p", "p", verb)
    assert (found.fields, found.phase, found.ends) == (fields, phase, ends)
    assert {name: found.after[name] for name in after} == after
    assert (found.before is None) == (theirs is None)
    assert (found.precondition is None) == (theirs is None)


@pytest.mark.parametrize(
    ("rules", "cells", "after"),
    [
        (FieldRules(("phone", "email"), blank_keeps=True), {}, "held"),
        (
            FieldRules(("phone", "email"), protected=frozenset({"email"})),
            {"email": "new"},
            "held",
        ),
        (RULES, {"email": None, "_keep": ",email,"}, "held"),
        (RULES, {"email": "new"}, "new"),
    ],
)
def test_what_is_not_overwritten_is_repeated(
    rules: FieldRules, cells: Row, after: str
) -> None:
    found = one(person(phone="1", **cells), person(phone="2", email="held"), rules)
    assert (found.after["email"], found.after["phone"]) == (after, "1")


def test_what_nobody_changes_is_no_operation() -> None:
    same = {STUDENTS: [person("a")], AGENTS: [link("a", "b")]}
    assert planned(same, same).is_empty()


def test_an_entity_that_the_target_never_showed_can_be_planned() -> None:
    """Without the service api enrollments are not read at all."""
    blocked = enrollment("e", "s", _decision="unsupported")
    assert planned({ENROLLMENTS: [blocked]}, {}).is_empty()
    made = planned({ENROLLMENTS: [enrollment("e", "s"), enrollment("f", "s")]}, {})
    assert made["precondition"].to_list() == [None, None]


def test_phases_follow_one_another_and_endings_go_backwards() -> None:
    found = planned(
        {
            STUDENTS: [person("s1")],
            USERS: [person("u1")],
            AGENTS: [link("s1", "u1")],
            ENROLLMENTS: [enrollment("e1", "s1")],
        },
        {
            STUDENTS: [person("s2")],
            USERS: [person("u2")],
            AGENTS: [link("s2", "u2")],
            ENROLLMENTS: [enrollment("e2", "s2")],
        },
    )
    assert found["id"].to_list() == [
        "students:s1",
        "users:u1",
        "agents:s1/u1",
        "enrollments:e1",
        "enrollments:e2",
        "agents:s2/u2",
        "students:s2",
        "users:u2",
    ]
    assert found["phase"].is_sorted()


ODD = 'o"dd/\\ é$.x'


@pytest.mark.parametrize(
    ("people", "remote", "needs"),
    [
        pytest.param(
            ["s", "u"], [], {"agents:l": ["students:s", "students:u"]}, id="new"
        ),
        pytest.param(
            ["s"], [person("u")], {"agents:l": ["students:s"]}, id="one is new"
        ),
        pytest.param(
            ["s", "u"],
            [person("s", status="inactive"), person("u", phone="9")],
            {"agents:l": ["students:s"]},
            id="a return is waited for, a change is not",
        ),
        pytest.param([], [person("s"), person("u")], {"agents:l": []}, id="both there"),
    ],
)
def test_a_link_needs_the_people_that_are_made_for_it(
    people: list[str], remote: list[Row], needs: dict[str, list[str]]
) -> None:
    drop = {
        STUDENTS: [person(key) for key in people],
        AGENTS: [link("s", "u", _key="l")],
    }
    found = planned(drop, {STUDENTS: remote, AGENTS: []})
    told = dict(found.filter(entity="agents").select("id", "needs").rows())
    assert told == needs


def test_needs_are_found_for_any_identifier() -> None:
    drop = {STUDENTS: [person(ODD)], ENROLLMENTS: [enrollment("e", ODD)]}
    found = planned(drop, {})
    (needs,) = found.filter(entity="enrollments")["needs"].to_list()
    assert needs == [f"students:{ODD}"]


def test_an_ending_needs_nobody() -> None:
    drop = {
        STUDENTS: [person("s")],
        ENROLLMENTS: [enrollment("e", "s", status="tobedeleted")],
    }
    found = planned(drop, {ENROLLMENTS: [enrollment("e", "s")]})
    assert found.filter(entity="enrollments")["needs"].to_list() == [[]]


def test_what_goes_first_is_in_the_first_wave() -> None:
    drop = {ENROLLMENTS: [enrollment(key, "s") for key in "abc"]}
    found = planned(drop, {}, waves=lambda whole: (whole["key"] != "b").cast(pl.UInt8))
    assert found.select("key", "wave").rows() == [("b", 0), ("a", 1), ("c", 1)]


def test_where_a_row_stands_and_why_is_told() -> None:
    row = person("s", _file="students.csv", _row=7, _reason="because")
    (found,) = walk(planned({STUDENTS: [row]}, {}))
    assert (found.file, found.line, found.reason) == ("students.csv", 7, "because")


def test_the_precondition_covers_what_is_carried_and_not_what_else_was_read() -> None:
    def of(**cells: Any) -> str | None:
        theirs = person(_remote_id="r", _rest=None, birthDate=None) | cells
        found: str | None = one(person(phone="1"), theirs).precondition
        return found

    plain = of()
    assert of() == plain
    assert of(birthDate="2015-02-03", **{"metadata.x": "1"}) == plain
    assert of(_remote_id="other") == plain
    assert of(email="e") != plain
    assert of(_rest='{"sms": "1"}') != plain


def test_what_the_remote_holds_besides_is_carried_to_the_request() -> None:
    theirs = person(_remote_id="r-1", _rest='{"sms": "1"}')
    found = one(person(phone="1"), theirs)
    assert (found.remote_id, found.rest) == ("r-1", {"sms": "1"})
    assert json.dumps(found.after).count("sms") == 0
