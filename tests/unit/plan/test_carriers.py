"""Links that are a part of their student's record, and that record in their writes."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from sync.diff import DiffInput, FieldRules, diff
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.operation import walk
from sync.plan.carriers import with_carriers
from sync.plan.operations import operations

STUDENTS, AGENTS = Entity.STUDENTS, Entity.AGENTS
RULES = dict.fromkeys(Entity, FieldRules(("status", "phone")))
ENDS = {STUDENTS: {"status": "tobedeleted"}, AGENTS: {"status": "tobedeleted"}}
Row = dict[str, Any]


def student(key: str, phone: str = "1", **more: Any) -> Row:
    return {"_key": key, "status": "active", "phone": phone, **more}


def link(student: str, agent: str) -> Row:
    ends = {"studentSourcedId": student, "agentSourcedId": agent}
    return {"_key": f"{student}/{agent}", "status": "active", **ends}


def frame(rows: list[Row], names: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String())).sort("_key")


PEOPLE = ("_key", "status", "phone", "_remote_id", "_rest")
LINKS = ("_key", "status", "studentSourcedId", "agentSourcedId")


def carried(
    drop: tuple[list[Row], list[Row]], remote: tuple[list[Row], list[Row]]
) -> dict[str, Row]:
    """``rest`` of each operation, when whatever the drop lacks is removed."""
    sides = [
        {STUDENTS: frame(people, PEOPLE), AGENTS: frame(links, LINKS)}
        for people, links in (drop, remote)
    ]
    frozen = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})
    joined = diff(DiffInput(sides[0], sides[1], frozen, RULES, LedgerView.empty()))
    alone = pl.when(~pl.col("in_drop")).then(pl.lit("remove"))
    fated = {e: f.with_columns(fate=alone) for e, f in joined.items()}
    plain = operations(
        fated, RULES, ENDS, lambda all_: pl.Series([0] * all_.height, dtype=pl.UInt8)
    )
    found = with_carriers(plain, fated, RULES)
    assert found["id"].to_list() == plain["id"].to_list()
    return {one.id: one.rest for one in walk(found)}


def test_a_link_carries_its_student_as_he_will_be() -> None:
    rest = json.dumps({"sms": "9"})
    found = carried(
        ([student("s", "2")], [link("s", "new")]),
        ([student("s", "1", _remote_id="r", _rest=rest)], [link("s", "held")]),
    )
    new = found["agents:s/new"]
    assert new["person"]["phone"] == "2"
    assert (new["rest"], new["remote_id"]) == ({"sms": "9"}, "r")
    assert new["agents"] == ["held", "new"]
    assert len(new["seen"]) == 64
    assert found["agents:s/held"]["agents"] == ["new"]


def test_the_link_of_a_new_student_has_nothing_to_repeat() -> None:
    found = carried(([student("s")], [link("s", "a"), link("s", "b")]), ([], []))
    one = found["agents:s/a"]
    assert (one["rest"], one["remote_id"], one["seen"]) == ({}, None, None)
    assert one["agents"] == ["a", "b"]
    assert found["students:s"] == {}


def test_who_ends_after_his_links_is_left_with_the_others() -> None:
    rest = json.dumps({"sms": "9"})
    found = carried(
        ([], []),
        ([student("s", _remote_id="s", _rest=rest)], [link("s", "a"), link("s", "b")]),
    )
    assert found["students:s"] == {"sms": "9", "_agents": []}
    assert found["agents:s/a"]["agents"] == []


def test_students_without_changes_of_links_are_as_they_were() -> None:
    found = carried(([student("s", "2")], []), ([student("s", "1")], []))
    assert found == {"students:s": {}}


def test_a_link_carries_a_student_of_whom_nothing_is_carried_out_as_he_is() -> None:
    sides = [
        {STUDENTS: frame([row], PEOPLE), AGENTS: frame(links, LINKS)}
        for row, links in (
            (student("s", "2", _remote_id="s"), [link("s", "a")]),
            (student("s", "1", _remote_id="s"), []),
        )
    ]
    frozen = pl.DataFrame([{"entity": "students", "_key": "s"}])
    joined = diff(DiffInput(sides[0], sides[1], frozen, RULES, LedgerView.empty()))
    fated = {e: f.with_columns(fate=pl.lit(None, pl.String)) for e, f in joined.items()}
    plain = operations(
        fated, RULES, ENDS, lambda all_: pl.Series([0] * all_.height, dtype=pl.UInt8)
    )
    (only,) = walk(with_carriers(plain, fated, RULES))
    assert only.entity is AGENTS
    assert only.rest["person"]["phone"] == "1"
