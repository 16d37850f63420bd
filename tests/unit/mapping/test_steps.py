"""Each step of a column, one by one."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.mapping.columns import plan
from sync.mapping.model import Steps, TableModel
from sync.mapping.steps import chosen, finish, source

GIVEN = {"A": "x", "B": "y", "N": " 007 ", "E": "", "S": "  "}


def value(steps: dict[str, Any], cells: dict[str, str] | None = None) -> str | None:
    row = GIVEN | (cells or {})
    table = TableModel.of(
        {"entity": "users", "files": "*", "columns": {"email": steps}}
    )
    model, headers = plan(row, table).columns["email"]
    frame = pl.DataFrame({name: [cell] for name, cell in row.items()})
    result: str | None = frame.select(finish(source(model, headers), model)).item()
    return result


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param({"from": "a"}, "x", id="any case"),
        pytest.param({"from": "N"}, " 007 ", id="as it is"),
        pytest.param({"from": "E"}, None, id="empty is null"),
        pytest.param({"from": "S"}, None, id="spaces are null"),
        pytest.param({"from": ["E", "S", "B", "A"]}, "y", id="first not blank"),
        pytest.param({"from": ["nowhere", "A"]}, "x", id="of those that are there"),
        pytest.param({"from": "N", "trim": True}, "007"),
        pytest.param({"template": "{a}.{N}@z"}, "x.007@z"),
        pytest.param({"template": "{A}@{E}"}, None, id="template with a blank"),
        pytest.param({"template": "{A}{B}", "upper": True}, "XY"),
        pytest.param({"value": "v"}, "v"),
        pytest.param({"from": "E", "default": "d"}, "d"),
        pytest.param({"from": "A", "default": "d"}, "x"),
        pytest.param({"from": "N", "prefix": "p-"}, "p-007"),
        pytest.param({"from": "N", "suffix": "-s"}, "007-s"),
        pytest.param({"from": "E", "prefix": "p-", "suffix": "-s"}, None),
        pytest.param({"from": "E", "prefix": "p-", "default": "d"}, "d"),
        pytest.param({"from": "N", "strip_zeros": True}, "7"),
        pytest.param({"from": "N", "strip_zeros": True, "zfill": 5}, "00007"),
        pytest.param({"from": "N", "regex": "0(.)7", "replace": "${1}-"}, "0-"),
        pytest.param({"from": "N", "regex": ".*", "replace": ""}, None),
        pytest.param({"from": "A", "values": {" X ": "ok"}}, "ok"),
        pytest.param({"from": "A", "values": {"q": "ok"}}, None),
        pytest.param({"from": "A", "values": {"q": "ok"}, "default": "d"}, "d"),
        pytest.param({"from": "E", "values": {"q": "ok"}, "default": "d"}, "d"),
    ],
)
def test_a_step_does_what_it_says(steps: dict[str, Any], expected: str | None) -> None:
    assert value(steps) == expected


@pytest.mark.parametrize(
    ("steps", "cell", "expected"),
    [
        ({"lower": True}, "ÀB", "àb"),
        ({"upper": True}, "àb", "ÀB"),
        ({"title": True}, "mary ann", "Mary Ann"),
        ({"strip_zeros": True}, "000", "0"),
        ({"as": "date", "format": "%m/%d/%Y"}, "08/15/2026", "2026-08-15"),
        ({"as": "date", "format": "%m/%d/%Y"}, "15/08/2026", "15/08/2026"),
        ({"as": "boolean"}, "Y", "true"),
        ({"as": "boolean"}, "maybe", "maybe"),
        ({"as": "grades"}, "5th", "05"),
        ({"as": "grades"}, "99", "99"),
        ({"as": "role"}, "District Administrator", "districtAdministrator"),
        ({"as": "role"}, "Pupil", "student"),
        ({"as": "role"}, "janitor", "janitor"),
        ({"as": "phone"}, "(555) 123-4567", "5551234567"),
        ({"as": "phone"}, "tel: +1 555.123.4567", "+15551234567"),
        ({"as": "phone"}, "12", "12"),
    ],
)
def test_a_cell_is_read_as_what_it_is_or_stays(
    steps: dict[str, Any], cell: str, expected: str
) -> None:
    assert value({"from": "A"} | steps, {"A": cell}) == expected


@pytest.mark.parametrize(
    ("cell", "kept"), [("S", True), (" staff ", True), ("t", False), ("", False)]
)
def test_where_keeps_the_rows_with_one_of_the_values(cell: str, kept: bool) -> None:
    frame = pl.DataFrame({"A": [cell]})
    assert frame.filter(chosen(["s", "Staff"], "A")).height == int(kept)


def test_the_order_of_the_steps_in_the_file_does_not_matter() -> None:
    one = Steps.of({"from": "N", "prefix": "p", "zfill": 6})
    two = Steps.of({"zfill": 6, "prefix": "p", "from": "N"})
    assert one == two
    assert value({"from": "N", "prefix": "p", "zfill": 6}) == "p000007"
