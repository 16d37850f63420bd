"""When two findings are the same: the record and the column, not the line."""

from __future__ import annotations

import polars as pl
import pytest

from sync.flow.news import IDENTITY, identified
from sync.model.finding import FINDING_SCHEMA

FIRST = {
    "code": "RS117",
    "severity": "rejected",
    "message": 'email "nowhere" is not an address',
    "entity": "students",
    "file": "students.csv",
    "line": 7,
    "column": "email",
    "value": "nowhere",
    "key": "stu-1",
}


def made(*rows: dict[str, object]) -> pl.DataFrame:
    schema = {**FINDING_SCHEMA, "key": pl.String()}
    return identified(pl.DataFrame(rows, schema=schema))


def told(*rows: dict[str, object]) -> list[tuple[object, ...]]:
    return made(*rows).select(IDENTITY).rows()


OTHER_MESSAGE = {"message": 'email "x" is not an address', "value": "x"}


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"line": 8}, True),
        (OTHER_MESSAGE, True),
        ({"file": "students.csv", "severity": "warning"}, True),
        ({"key": "stu-2"}, False),
        ({"column": "phone"}, False),
        ({"code": "RS118"}, False),
        ({"entity": "users"}, False),
        ({"file": "pupils.csv"}, False),
    ],
)
def test_a_finding_is_the_same_while_record_column_and_code_are(
    changed: dict[str, object], *, same: bool
) -> None:
    assert (told(FIRST) == told(FIRST | changed)) is same


@pytest.mark.parametrize(
    ("changed", "same"), [({"line": 8}, True), (OTHER_MESSAGE, False)]
)
def test_without_a_record_it_is_what_the_finding_says(
    changed: dict[str, object], *, same: bool
) -> None:
    nobody = FIRST | {"key": None}
    assert (told(nobody) == told(nobody | changed)) is same


@pytest.mark.parametrize(
    ("tonight", "same"),
    [
        ("students_20261122.csv", True),
        ("students_2026-11-22.csv", True),
        ("students_20261122T0210.csv", True),
        ("students_20261122021015.csv", True),
        ("students.csv", False),
        ("pupils_20261121.csv", False),
    ],
)
def test_the_date_in_the_name_of_a_file_does_not_make_it_another(
    tonight: str, *, same: bool
) -> None:
    last = FIRST | {"file": "students_20261121.csv"}
    assert (told(last) == told(FIRST | {"file": tonight})) is same
    assert made(last)["_file"].to_list() == ["students_20261121.csv"]


def test_a_second_finding_of_the_same_record_and_column_is_another_one() -> None:
    first, second = told(FIRST, FIRST)
    assert first != second
