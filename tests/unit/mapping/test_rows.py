"""Which rows a table has: split, combined, filled, asked for, left out."""

from __future__ import annotations

from typing import Any

import pytest

NONE: dict[str, Any] = {}


def links(made: Any) -> list[tuple[Any, ...]]:
    names = ("studentSourcedId", "agentSourcedId", "relationshipType")
    rows: list[tuple[Any, ...]] = made.rows("agents", *names)
    return rows


def split(relation: Any, **agent: Any) -> dict[str, Any]:
    columns = {
        "studentSourcedId": "s",
        "agentSourcedId": {"from": "as", "split": ",", **agent},
        "relationshipType": relation,
    }
    return {"entity": "agents", "files": "agents.csv", "columns": columns}


@pytest.mark.parametrize(
    ("cell", "items"),
    [
        ("x", ["x"]),
        ("x,y", ["x", "y"]),
        (" x , y ", ["x", "y"]),
        ("x,,y,", ["x", "y"]),
        (" , ", []),
        ("", []),
    ],
)
def test_each_item_of_a_list_gives_a_row_and_blank_ones_none(
    engine: Any, cell: str, items: list[str]
) -> None:
    mapping = engine.mapping(split({"value": "parent"}))
    made = engine.run(mapping, agents=f's,as\n1,"{cell}"\n2,z\n')
    expected = [("1", item, "parent") for item in items]
    assert links(made) == [*expected, ("2", "z", "parent")]


@pytest.mark.parametrize(
    ("agents", "relations", "pairs"),
    [
        ("x,y", "p|q", [("x", "p"), ("y", "q")]),
        ("x,y,z", "p|q", [("x", "p"), ("y", "q"), ("z", "guardian")]),
        ("x", "p|q|r", [("x", "p")]),
        ("x,,z", "p|q|r", [("x", "p"), ("z", "r")]),
        ("x,y", "", [("x", "guardian"), ("y", "guardian")]),
        ("x,y", "|q", [("x", "guardian"), ("y", "q")]),
    ],
)
def test_lists_go_side_by_side_whatever_their_lengths(
    engine: Any, agents: str, relations: str, pairs: list[tuple[str, str]]
) -> None:
    relation = {"from": "rs", "split": "|", "default": "guardian"}
    made = engine.run(
        engine.mapping(split(relation)), agents=f's,as,rs\n1,"{agents}",{relations}\n'
    )
    assert links(made) == [("1", *pair) for pair in pairs]


@pytest.mark.parametrize(
    ("part", "item"),
    [(1, "x"), (2, None), (3, "z"), (4, None), (-1, "z"), (-3, "x"), (-4, None)],
)
def test_a_part_is_one_item_of_the_list_and_gives_no_more_rows(
    engine: Any, part: int, item: str | None
) -> None:
    mapping = engine.mapping(split({"value": "parent"}, part=part))
    made = engine.run(mapping, agents='s,as\n1,"x, ,z "\n')
    assert links(made) == [("1", item, "parent")]


def test_of_a_list_only_the_item_that_is_not_translated_is_rejected(
    engine: Any,
) -> None:
    relation = {"from": "rs", "split": "|", "values": {"m": "mother"}}
    made = engine.run(
        engine.mapping(split(relation)), agents='s,as,rs\n1,"x,y,z",m|q|m\n'
    )
    found = made.cells("code", "line", "column", "value")
    assert found == [("RS056", 2, "rs", "m|q|m")]
    assert made.roster.frames["agents"]["agentSourcedId"].to_list() == ["x", "z"]


def test_the_list_names_the_cells_of_the_keys_that_it_gives(engine: Any) -> None:
    made = engine.run(
        engine.mapping(split({"value": "parent"})), agents='s,as\n1,"x,x"\n'
    )
    headers = made.mapped.tables["agents"].headers["agents.csv"]
    assert headers == {"studentSourcedId": "as", "agentSourcedId": "as"}
    assert {one[2] for one in made.cells("code", "line", "column")} <= {"as", None}


def test_a_list_that_is_no_column_of_the_file_gives_no_rows(engine: Any) -> None:
    made = engine.run(
        engine.mapping(split({"value": "parent"}, optional=True)), agents="s,b\n1,x\n"
    )
    assert made.mapped.tables == {}
    assert not made.findings.refuses


GUARDIAN = "8e559596-9ee2-54f6-b3e5-afca99108cc7"
"""Of "bo li" and "2"; other than this, every such person would be made anew."""


@pytest.mark.parametrize(
    ("first", "second", "made_of"),
    [
        ("bo li", "2", GUARDIAN),
        (" Bo  LI ", " 2", GUARDIAN),
        ("bo\u00a0li", "2", GUARDIAN),
        ("", "2", None),
        ("bo li", "  ", None),
    ],
)
def test_a_hash_is_the_same_in_every_run_and_blank_with_a_blank_cell(
    engine: Any, first: str, second: str, made_of: str | None
) -> None:
    table = split({"value": "parent"})
    table["columns"]["agentSourcedId"] = {"hash": ["n", "a"]}
    made = engine.run(engine.mapping(table), agents=f"s,n,a\n1,{first},{second}\n")
    assert links(made) == [("1", made_of, "parent")]


def test_a_hash_tells_apart_what_stands_in_different_cells(engine: Any) -> None:
    table = split({"value": "parent"})
    table["columns"]["agentSourcedId"] = {"hash": ["n", "a"]}
    made = engine.run(
        engine.mapping(table), agents="s,n,a\n1,ab,c\n2,a,bc\n3,c,ab\n4,ab,c\n"
    )
    hashes = [agent for _, agent, _ in links(made)]
    assert len(set(hashes)) == 3
    assert hashes[0] == hashes[3]


def orgs(**more: Any) -> dict[str, Any]:
    columns = {"sourcedId": "o", "name": "n", "identifier": "i"}
    return {"entity": "orgs", "files": "sheet.csv", "columns": columns} | more


SHEET = "o,n,i\n1,A,p\n1,A,q\n1,B,p\n1,A,p\n,A,p\n,A,p\n"


@pytest.mark.parametrize(
    ("combine", "lines"),
    [
        (None, [2, 3, 4, 5, 6, 7]),
        ({}, [2, 3, 4, 6, 7]),
        ({"identifier": "first"}, [2, 4, 6, 7]),
        ({"identifier": "first", "name": "first"}, [2, 6, 7]),
    ],
)
def test_rows_that_say_the_same_are_combined_where_their_key_can_be_read(
    engine: Any, combine: dict[str, str] | None, lines: list[int]
) -> None:
    more = {} if combine is None else {"combine": combine}
    made = engine.run(engine.mapping(orgs(**more)), sheet=SHEET)
    assert [line for (line,) in made.rows("orgs", "_row")] == lines


def test_combined_rows_count_once_and_give_no_finding(engine: Any) -> None:
    made = engine.run(engine.mapping(orgs(combine={})), sheet="o,n,i\n1,A,\n1,A,\n")
    counts = made.roster.counts["orgs"]
    assert (counts.read, counts.accepted, counts.merged) == (2, 1, 1)
    assert made.codes == {}


def test_a_row_that_mapping_rejects_is_never_combined_with_a_good_one(
    engine: Any,
) -> None:
    table = orgs(combine={})
    table["columns"]["type"] = {"from": "t", "values": {"S": "school"}}
    made = engine.run(
        engine.mapping(table), sheet="o,n,i,t\n1,A,,\n1,A,,X\n1,A,,X\n2,B,,S\n"
    )
    assert made.codes["RS056"] == 2
    assert made.roster.frames["orgs"]["sourcedId"].to_list() == ["2"]
    assert made.roster.counts["orgs"].rejected == 2


def test_rows_are_combined_over_all_files_in_the_order_of_their_names(
    engine: Any,
) -> None:
    second = orgs(combine={}, files="more.csv")
    made = engine.run(
        engine.mapping(orgs(combine={}), second),
        sheet="o,n,i\n1,A,p\n",
        more="o,n,i\n1,A,p\n2,B,p\n",
    )
    assert made.rows("orgs", "sourcedId", "_file") == [
        ("1", "more.csv"),
        ("2", "more.csv"),
    ]


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"where": {"r": ["parent"]}}, ["1", "4"]),
        ({"where": {"r": ["parent", ""]}}, ["1", "2", "4", "5"]),
        ({"unless": {"r": ["PARENT "]}}, ["2", "3", "5"]),
        ({"unless": {"r": [""]}}, ["1", "3", "4"]),
        ({"unless": {"nowhere": ["parent"]}}, ["1", "2", "3", "4", "5"]),
        ({"where": {"r": ["parent"]}, "unless": {"s": ["4"]}}, ["1"]),
        ({"filled": ["r"]}, ["1", "3", "4"]),
        ({"filled": ["R", "s"], "where": {"r": ["x"]}}, ["3"]),
    ],
)
def test_conditions_choose_rows_in_any_case_and_blank_is_a_value(
    engine: Any, more: dict[str, Any], kept: list[str]
) -> None:
    text = "s,a,r\n1,x,Parent\n2,x,\n3,x,x\n4,x, PARENT \n5,x,  \n"
    made = engine.run(engine.agents(**more), agents=text)
    assert [student for student, _, _ in links(made)] == kept


@pytest.mark.parametrize(
    ("values", "default", "relations"),
    [
        ({"m": "mother", "": "guardian"}, None, ["mother", "guardian", None]),
        ({"m": "mother", "": "guardian"}, "kin", ["mother", "guardian", "kin"]),
        ({"m": "mother"}, "kin", ["mother", "kin", "kin"]),
        ({"m": "mother"}, None, ["mother", None, None]),
    ],
)
def test_blank_can_be_translated_and_the_default_answers_the_rest(
    engine: Any, values: dict[str, str], default: str | None, relations: list[Any]
) -> None:
    relation: dict[str, Any] = {"from": "r", "values": values, "optional": True}
    if default is not None:
        relation["default"] = default
    made = engine.run(engine.agents(relation), agents="s,a,r\n1,x,M\n2,x, \n3,x,q\n")
    assert [relation for _, _, relation in links(made)] == relations
    assert made.codes == ({} if default else {"RS056": 1})


@pytest.mark.parametrize("text", ["s,a\n1,x\n", "s,a,r\n1,x,\n"])
def test_an_optional_column_may_be_missing_or_blank(engine: Any, text: str) -> None:
    relation = {"from": "r", "optional": True}
    made = engine.run(engine.agents(relation), agents=text)
    assert made.codes == {}
    assert made.roster.counts["agents"].accepted == 1


def test_an_optional_table_that_lacks_something_gives_no_rows(engine: Any) -> None:
    optional = split({"value": "parent"}) | {"optional": True}
    made = engine.run(engine.mapping(engine.links(), optional), agents="s,a\n1,x\n")
    assert links(made) == [("1", "x", "parent")]
    assert made.codes == {}
    assert not made.roster.no_removals


@pytest.mark.parametrize("lacking", [{"where": {"r": ["x"]}}, {"filled": ["r"]}, {}])
def test_a_file_of_optional_tables_that_was_not_used_is_said(
    engine: Any, lacking: dict[str, Any]
) -> None:
    relation = "r" if not lacking else None
    mapping = engine.agents(relation, optional=True, **lacking)
    made = engine.run(mapping, agents="s,a\n1,x\n")
    assert made.cells("code", "severity", "file") == [("RS053", "note", "agents.csv")]


def test_headers_of_no_note_are_not_noted(engine: Any) -> None:
    mapping = engine.agents(unused=["Locker ", "nowhere"])
    made = engine.run(mapping, agents="s,a,LOCKER,Bus\n1,x,,\n")
    assert made.findings.frame["message"].to_list() == [
        "columns that nothing uses: Bus"
    ]
    assert made.mapped.tables["agents"].ignored == {"agents.csv": ("Bus",)}
