"""Cells of other files beside the rows of one, and what cannot be told of them."""

from __future__ import annotations

from typing import Any

import pytest

KIN = {"k": {"files": "kin.csv", "on": "s"}}
MANY = {"k": {"files": "kin.csv", "on": "s", "many": True}}
RELATION = {"from": "k.rel", "optional": True}


def test_a_cell_comes_from_the_row_of_the_other_file_with_the_same_key(
    engine: Any,
) -> None:
    mapping = engine.agents("k.REL", join={"k": {**KIN["k"], "key": "Child"}})
    made = engine.run(
        mapping, agents="S,a\n 1,x\n2 ,y\n", kin="child ,rel\n2,aunt\n1 ,uncle\n"
    )
    assert made.rows("agents", "relationshipType") == [("uncle",), ("aunt",)]


@pytest.mark.parametrize(
    ("kin", "left"),
    [("s,rel\n2,aunt\n", [None]), ("s,rel\n,aunt\n", [None]), ("s,rel\n", [None])],
)
def test_a_row_without_a_partner_has_blank_cells(
    engine: Any, kin: str, left: list[str | None]
) -> None:
    mapping = engine.agents(RELATION, join=KIN)
    made = engine.run(mapping, agents="s,a\n1,x\n,y\n", kin=kin)
    assert made.rows("agents", "relationshipType")[:1] == [(one,) for one in left]
    assert made.rows("agents", "relationshipType")[1] == (None,)


@pytest.mark.parametrize("second", ["mother", " mother "])
def test_rows_of_the_other_file_that_say_the_same_are_one(
    engine: Any, second: str
) -> None:
    made = engine.run(
        engine.agents("k.rel", join=KIN),
        agents="s,a\n1,x\n",
        kin=f"s,rel,other\n1,mother,p\n1,{second},q\n",
    )
    assert made.rows("agents", "relationshipType") == [("mother",)]
    assert "RS057" not in made.codes


def test_rows_that_differ_reject_the_row_at_the_header_that_joins(engine: Any) -> None:
    made = engine.run(
        engine.agents("k.rel", join=KIN),
        agents="s,a\n1,x\n2,y\n",
        kin="s,rel\n1,mother\n1,father\n2,aunt\n",
    )
    found = made.cells("code", "entity", "file", "line", "column", "value")
    assert found == [("RS057", "agents", "agents.csv", 2, "s", "1")]
    assert made.roster.frames["agents"]["studentSourcedId"].to_list() == ["2"]
    assert made.roster.frozen.rows() == [("agents", "1/x")]
    assert not made.roster.no_removals


def test_with_many_each_of_the_different_rows_gives_one(engine: Any) -> None:
    made = engine.run(
        engine.agents("k.rel", join=MANY),
        agents="s,a\n1,x\n",
        kin="s,rel\n1,mother\n1,guardian\n1,mother\n",
    )
    assert made.rows("agents", "relationshipType") == [("mother",), ("guardian",)]


def chained(**more: Any) -> dict[str, Any]:
    joins = {
        "a": {"files": "a.csv", "on": "u", "many": True},
        "b": {"files": "b.csv", "on": "a.k", "key": "k"},
    }
    columns = {
        "userSourcedId": "u",
        "role": {"value": "student"},
        "classSourcedId": "b.c",
    }
    entry = {"entity": "enrollments", "files": "e.csv", "join": joins}
    return {**entry, "columns": columns, **more}


CHAIN = {
    "e": "u\n1\n2\n3\n",
    "a": "u,k\n1,k1\n1,k2\n2,k3\n3,k4\n",
    "b": "k,s,c\nk1,yes,c1\nk2,no,c2\nk3,no,c3\n",
}


def test_a_file_is_joined_through_another_one(engine: Any) -> None:
    made = engine.run(engine.mapping(chained()), **CHAIN)
    rows = made.rows("enrollments", "userSourcedId", "classSourcedId")
    assert rows == [("1", "c1"), ("1", "c2"), ("2", "c3"), ("3", None)]
    headers = made.mapped.tables["enrollments"].headers["e.csv"]
    assert headers == {"userSourcedId": "u", "classSourcedId": "u"}


@pytest.mark.parametrize(
    ("more", "users"),
    [
        ({"where": {"b.s": ["YES"]}}, ["1", "1"]),
        ({"unless": {"b.s": ["yes"]}}, ["2", "3"]),
        ({"where": {"b.s": ["no"]}, "unless": {"b.s": ["yes"]}}, ["2"]),
        ({"where": {"a.k": ["k4"]}}, ["3"]),
        ({"filled": ["b.c"]}, ["1", "1", "2"]),
    ],
)
def test_of_joined_files_one_row_that_has_the_value_is_enough(
    engine: Any, more: dict[str, Any], users: list[str]
) -> None:
    made = engine.run(engine.mapping(chained(**more)), **CHAIN)
    assert [user for (user,) in made.rows("enrollments", "userSourcedId")] == users


@pytest.mark.parametrize(
    ("more", "kin", "file", "column"),
    [
        ({}, "s,rol\n1,a\n", "kin.csv", "rel"),
        ({}, "student,rel\n1,a\n", "kin.csv", "s"),
        ({"join": {"k": {**KIN["k"], "on": "sid", "key": "s"}}}, None, None, "sid"),
        ({"where": {"k.kind": ["1"]}}, None, "kin.csv", "kind"),
        ({"filled": ["k.kind"]}, None, "kin.csv", "kind"),
    ],
)
def test_a_missing_column_is_said_of_the_file_that_lacks_it(
    engine: Any, more: dict[str, Any], kin: str | None, file: str, column: str
) -> None:
    mapping = engine.agents("k.rel", **({"join": KIN} | more))
    made = engine.run(mapping, agents="s,a\n1,x\n", kin=kin or "s,rel\n1,aunt\n")
    found = made.cells("code", "severity", "entity", "file", "column")
    assert found == [("RS050", "refused", "agents", file or "agents.csv", column)]
    assert made.mapped.tables == {}


def test_a_missing_column_names_the_nearest_of_the_same_file(engine: Any) -> None:
    made = engine.run(
        engine.agents("k.relation", join=KIN),
        agents="s,a,relations\n1,x,y\n",
        kin="s,relatoin\n1,aunt\n",
    )
    (hint,) = made.findings.frame.filter(code="RS050")["hint"]
    assert hint == 'the nearest column of the file is "relatoin"'


def test_conditions_that_ask_a_header_nobody_has_leave_nothing_out_with_unless(
    engine: Any,
) -> None:
    mapping = engine.agents(join=KIN, unless={"k.gone": ["1"], "gone": ["1"]})
    made = engine.run(mapping, agents="s,a\n1,x\n", kin="s,rel\n1,aunt\n")
    assert made.rows("agents", "studentSourcedId") == [("1",)]


@pytest.mark.parametrize(
    "more", [{}, {"where": {"k.kind": ["1"]}}, {"filled": ["k.rel"]}]
)
def test_what_cannot_be_read_without_a_file_that_is_not_there_is_said(
    engine: Any, more: dict[str, Any]
) -> None:
    mapping = engine.agents("k.rel", join=KIN, **more)
    made = engine.run(mapping, agents="s,a\n1,x\n")
    (found,) = made.findings.frame.rows(named=True)
    assert (found["code"], found["entity"]) == ("RS058", "agents")
    assert "kin.csv" in found["message"]
    assert made.mapped.tables == {}


def test_without_a_file_that_only_optional_columns_need_nothing_is_removed(
    engine: Any,
) -> None:
    made = engine.run(engine.agents(RELATION, join=KIN), agents="s,a\n1,x\n")
    assert "RS058" in made.codes
    assert made.rows("agents", "studentSourcedId") == [("1",)]
    assert made.roster.no_removals == {"agents"}


def test_a_value_of_a_joined_file_that_is_not_translated_is_said_once(
    engine: Any,
) -> None:
    relation = {"from": "k.rel", "values": {"mother": "parent"}}
    made = engine.run(
        engine.agents(relation, join=KIN),
        agents="s,a\n1,x\n2,y\n",
        kin="s,rel\n1,mothr\n2,mother\n",
    )
    found = made.cells("code", "file", "line", "column", "value")
    assert found == [("RS056", "agents.csv", 2, "s", "mothr")]
    assert "k.rel" in made.findings.frame["message"][0]
    assert made.roster.frames["agents"]["studentSourcedId"].to_list() == ["2"]
    assert not made.roster.no_removals


def test_a_row_of_the_wrong_width_in_a_joined_file_protects_whom_it_tells_of(
    engine: Any,
) -> None:
    made = engine.run(
        engine.agents(RELATION, join=KIN),
        agents="s,a\n1,x\n",
        kin="s,rel\n1,aunt\n2,uncle,more\n",
    )
    assert made.mapped.tables["agents"].joined == {"kin.csv"}
    assert made.roster.no_removals == {"agents"}


def test_a_column_that_the_file_misses_for_itself_is_said_once(engine: Any) -> None:
    own = engine.links("k.rel") | {"join": KIN}
    courses = {
        "entity": "courses",
        "files": "kin.csv",
        "columns": {"sourcedId": "s", "title": "rel"},
    }
    mapping = engine.mapping(own, {**own, "files": "more.csv"}, courses)
    made = engine.run(mapping, agents="s,a\n1,x\n", more="s,a\n", kin="s\n1\n")
    found = made.cells("code", "entity", "file", "column")
    assert found == [("RS050", "courses", "kin.csv", "rel")]


@pytest.mark.parametrize(
    ("room", "code"),
    [("k.room", "RS058"), ("room", "RS051"), (["k.room", "x"], "RS058")],
)
def test_enrollments_wait_only_for_a_file_that_says_in_what(
    engine: Any, room: Any, code: str
) -> None:
    columns = {"userSourcedId": "s", "role": {"value": "student"}}
    columns |= {"classSourcedId": {"from": room}, "beginDate": "k.day"}
    entry = {"entity": "enrollments", "files": "e.csv", "join": KIN}
    made = engine.run(engine.mapping({**entry, "columns": columns}), e="s\n1\n")
    assert code in made.codes
    assert made.findings.refuses is (code == "RS051")
    assert made.mapped.tables == {}
