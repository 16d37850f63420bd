"""Several files and several tables of one entity: one table of all of them."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model.roster import DropKind

BASE = {"studentSourcedId": "s", "agentSourcedId": "a"}


def from_file(file: str, **more: Any) -> dict[str, Any]:
    columns = {**BASE, "relationshipType": {"value": "parent"}, **more}
    return {"entity": "agents", "files": file, "columns": columns}


@pytest.mark.parametrize("kind", list(DropKind))
@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"one": "s,a\n1,x\n", "two": "s,a\n2,y\n"}, []),
        ({"one": "s,a\n1,x\n"}, ["two.csv, 2.csv"]),
        ({"two": "s,a\n1,x\n"}, ["one.csv"]),
        ({"2": "s,a\n1,x\n"}, ["one.csv"]),
    ],
)
def test_nothing_is_removed_of_an_entity_of_which_a_file_is_missing(
    engine: Any, kind: DropKind, files: dict[str, str], missing: list[str]
) -> None:
    two = from_file("two.csv") | {"files": ["two.csv", "2.csv"]}
    made = engine.run(engine.mapping(from_file("one.csv"), two), kind, **files)
    found = made.cells("code", "severity", "entity", "message")
    assert found == [
        (
            "RS058",
            "warning",
            "agents",
            f"agents also come from {one}, which is not in the drop",
        )
        for one in missing
    ]
    assert made.mapped.tables["agents"].partial is bool(missing)
    assert made.roster.no_removals == ({"agents"} if missing else frozenset())


def test_an_optional_table_may_be_missing_with_its_file(engine: Any) -> None:
    optional = from_file("two.csv") | {"optional": True}
    made = engine.run(engine.mapping(from_file("one.csv"), optional), one="s,a\n1,x\n")
    assert made.codes == {}
    assert not made.roster.no_removals


def test_a_missing_file_is_said_once_though_several_tables_come_from_it(
    engine: Any,
) -> None:
    tables = [from_file("one.csv"), from_file("two.csv"), from_file("two.csv")]
    made = engine.run(engine.mapping(*tables), one="s,a\n1,x\n")
    assert made.codes == {"RS058": 1}


def test_of_an_entity_of_which_no_file_is_there_nothing_is_said(engine: Any) -> None:
    orgs = {
        "entity": "orgs",
        "files": "orgs.csv",
        "columns": {"sourcedId": "o", "name": "n"},
    }
    mapping = engine.mapping(from_file("one.csv"), orgs)
    assert engine.run(mapping, one="s,a\n1,x\n").codes == {}


def test_a_column_of_one_table_only_is_kept_in_the_rows_of_the_others(
    engine: Any,
) -> None:
    tables = [from_file("one.csv"), from_file("two.csv", status="st", agentId="id")]
    made = engine.run(
        engine.mapping(*tables), one="s,a\n1,x\n", two="s,a,st,id\n2,y,active,\n"
    )
    assert made.rows("agents", "status", "agentId", "_keep") == [
        (None, None, ",agentId,status,"),
        ("active", None, None),
    ]
    kept = made.roster.frames["agents"].select("studentSourcedId", "_keep").rows()
    assert kept == [("1", ",agentId,status,"), ("2", None)]
    assert made.codes == {}


def test_where_all_tables_have_the_same_columns_nothing_is_kept(engine: Any) -> None:
    tables = [from_file("one.csv"), from_file("two.csv")]
    made = engine.run(engine.mapping(*tables), one="s,a\n1,x\n", two="s,a\n2,y\n")
    assert "_keep" not in made.mapped.tables["agents"].frame.columns


def guardian(number: int) -> dict[str, Any]:
    relation = {"from": f"r{number}", "values": {"m": "mother", "f": "father"}}
    columns = {
        "studentSourcedId": "s",
        "agentSourcedId": f"g{number}",
        "relationshipType": relation,
        "status": f"st{number}",
    }
    filled = [f"g{number}"]
    return {
        "entity": "agents",
        "files": "sheet.csv",
        "filled": filled,
        "columns": columns,
    }


HEAD = "s,g1,r1,st1,g2,r2,st2\n"


@pytest.mark.parametrize(
    ("row", "found", "accepted"),
    [
        ("1,x,m,,y,f,", [], ["x", "y"]),
        ("1,x,m,,y,q,", [("RS056", 2, "r2", "q")], ["x"]),
        ("1,x,q,,y,f,", [("RS056", 2, "r1", "q")], ["y"]),
        ("1,x,m,,y,,", [("RS101", 2, "r2", "")], ["x"]),
        ("1,x,m,gone,y,f,", [("RS110", 2, "st1", "gone")], ["y"]),
        (
            "1,x,q,gone,y,,",
            [
                ("RS056", 2, "r1", "q"),
                ("RS101", 2, "r2", ""),
                ("RS110", 2, "st1", "gone"),
            ],
            [],
        ),
        ("1,x,m,,,q,", [], ["x"]),
    ],
)
def test_of_one_sheet_with_two_guardians_the_right_header_is_named(
    engine: Any, row: str, found: list[tuple[Any, ...]], accepted: list[str]
) -> None:
    mapping = engine.mapping(guardian(1), guardian(2))
    made = engine.run(mapping, sheet=f"{HEAD}{row}\n")
    got = made.cells("code", "line", "column", "value")
    assert got == found
    assert made.roster.frames["agents"]["agentSourcedId"].to_list() == accepted


def test_a_key_in_the_header_of_the_second_guardian_is_named_by_it(engine: Any) -> None:
    mapping = engine.mapping(guardian(1), guardian(2))
    long = "y" * 300
    made = engine.run(mapping, sheet=f"{HEAD}1,x,m,,{long},f,\n")
    assert {one for (one,) in made.cells("column")} == {"g2"}
    assert made.roster.frames["agents"]["agentSourcedId"].to_list() == ["x"]


def test_what_every_table_of_a_file_leaves_alone_is_ignored(engine: Any) -> None:
    mapping = engine.mapping(guardian(1), guardian(2))
    made = engine.run(mapping, sheet="s,g1,r1,g2,r2,Bus,st1\n1,x,m,y,f,7,\n")
    assert made.mapped.tables["agents"].ignored == {"sheet.csv": ("Bus",)}


def test_a_missing_column_of_two_tables_is_said_once(engine: Any) -> None:
    mapping = engine.mapping(guardian(1), guardian(2))
    made = engine.run(mapping, sheet="g1,r1,g2,r2\nx,m,y,f\n")
    assert made.cells("code", "entity", "column") == [("RS050", "agents", "s")]


def test_a_value_of_the_second_header_of_several_is_said_once(engine: Any) -> None:
    relation = {"from": ["r", "q"], "values": {"m": "mother"}}
    made = engine.run(engine.agents(relation), agents="s,a,r,q\n1,x,,zz\n2,y,m,zz\n")
    assert made.cells("code", "line", "column", "value") == [("RS056", 2, "q", "zz")]
    assert not made.roster.no_removals


def test_where_a_file_of_roles_is_missing_no_person_is_removed(engine: Any) -> None:
    person = {"sourcedId": "u", "givenName": "g", "familyName": "f"}
    person |= {"primaryOrgSourcedId": "o", "status": "st", "enabledUser": "on"}
    role: dict[str, Any] = {"userSourcedId": "u", "role": "role", "orgSourcedId": "o"}
    role |= {"roleType": {"value": "primary"}}
    tables = [
        {"entity": "users", "files": "users.csv", "columns": person},
        {"entity": "roles", "files": "one.csv", "columns": role},
        {"entity": "roles", "files": "two.csv", "columns": role},
    ]
    made = engine.run(
        engine.mapping(*tables),
        users="u,g,f,o,st,on\nu1,A,B,o1,active,true\n",
        one="u,role,o\nu1,teacher,o1\n",
    )
    assert made.cells("code", "entity") == [("RS058", None)]
    assert made.roster.no_removals == {"users"}
