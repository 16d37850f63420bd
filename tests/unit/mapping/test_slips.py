"""Rows that a condition leaves out for a cell that may be a slip."""

from __future__ import annotations

from typing import Any

import pytest

WHERE = {"where": {"kind": ["parent", "guardian", "kin"]}}
TEXT = "s,a,kind\n1,x,Parent\n2,y,{}\n"


@pytest.mark.parametrize("cell", ["parrent", "PAERNT", " parent.", "gaurdian"])
def test_a_cell_that_is_nearly_a_wanted_value_rejects_its_row(
    engine: Any, cell: str
) -> None:
    made = engine.run(engine.agents(**WHERE), agents=TEXT.format(cell))
    found = made.cells("code", "severity", "entity", "file", "line", "column", "value")
    row = ("RS070", "rejected", "agents", "agents.csv", 3, "kind", cell)
    assert found == [row]
    assert made.roster.frozen.rows() == [("agents", "2/y")]
    assert made.roster.counts["agents"].rejected == 1


def test_the_finding_names_the_nearest_value(engine: Any) -> None:
    made = engine.run(engine.agents(**WHERE), agents=TEXT.format("gaurdian"))
    assert '"guardian"' in made.findings.frame["hint"][0]


@pytest.mark.parametrize("cell", ["", "  ", "teacher", "kn", "par", "x"])
def test_other_and_short_cells_are_left_out_without_a_word(
    engine: Any, cell: str
) -> None:
    made = engine.run(engine.agents(**WHERE), agents=TEXT.format(cell))
    assert made.rows("agents", "studentSourcedId") == [("1",)]
    assert made.codes == {}


def test_short_values_are_codes_of_which_nothing_is_a_slip(engine: Any) -> None:
    mapping = engine.agents(where={"kind": ["kin", "par", "P1"]})
    made = engine.run(mapping, agents=TEXT.format("kinn"))
    assert made.codes == {}


def test_a_value_that_unless_names_is_known_and_no_slip(engine: Any) -> None:
    mapping = engine.agents(**WHERE, unless={"kind": ["Parents"]})
    made = engine.run(mapping, agents=TEXT.format("parents"))
    assert made.rows("agents", "studentSourcedId") == [("1",)]
    assert made.codes == {}


def test_a_value_that_another_table_of_the_file_takes_is_no_slip(engine: Any) -> None:
    def table(value: str) -> dict[str, Any]:
        columns = {"studentSourcedId": "s", "agentSourcedId": "a"}
        relation = {"relationshipType": {"value": value}}
        entry = {"entity": "agents", "files": "agents.csv", "where": {"kind": [value]}}
        return {**entry, "columns": {**columns, **relation}}

    made = engine.run(
        engine.mapping(table("parent"), table("parents")), agents=TEXT.format("parents")
    )
    rows = made.rows("agents", "studentSourcedId", "relationshipType")
    assert rows == [("1", "parent"), ("2", "parents")]
    assert made.codes == {}


def test_every_row_with_the_slip_is_rejected(engine: Any) -> None:
    text = TEXT.format("parrent") + "3,z,parrent\n4,z,\n"
    made = engine.run(engine.agents(**WHERE), agents=text)
    assert made.cells("code", "line") == [("RS070", 3), ("RS070", 4)]


def test_a_slip_that_unless_leaves_out_for_another_cell_is_not_said(
    engine: Any,
) -> None:
    mapping = engine.agents(**WHERE, unless={"s": ["2"]})
    made = engine.run(mapping, agents=TEXT.format("parrent"))
    assert made.codes == {}


def test_one_slip_is_said_once_though_the_cell_is_also_read(engine: Any) -> None:
    relation = {"from": "kind", "values": {"parent": "parent"}}
    made = engine.run(engine.agents(relation, **WHERE), agents=TEXT.format("parrent"))
    assert made.codes["RS070"] == 1
    assert "RS101" not in made.codes
