from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.plan.cause import (
    Headers,
    header,
    listed,
    of_creations,
    of_removals,
    of_updates,
    worded,
)

STUDENTS, AGENTS = Entity.STUDENTS, Entity.AGENTS
Row = tuple[bool, str | None, str | None, list[str]]
"""In the drop, file, school, fields."""
HEADERS: Headers = {STUDENTS: {"students.csv": {"phone": "Home Phone"}}}


def frame(*rows: Row) -> pl.DataFrame:
    schema: dict[str, Any] = {
        "in_drop": pl.Boolean,
        "d:_file": pl.String,
        "r:primaryOrgSourcedId": pl.String,
        "fields": pl.List(pl.String),
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def gone(school: str | None = None) -> Row:
    return (False, None, school, [])


def there(file: str = "students.csv", *fields: str, school: str | None = None) -> Row:
    return (True, file, school, list(fields))


@pytest.mark.parametrize(
    ("hit", "clues"),
    [
        ([gone(), gone()], ["none of them in students.csv"]),
        ([there("a.csv")], ["ended by their own rows in a.csv"]),
        (
            [gone(), gone(), there("a.csv")],
            [
                "2 of them not in students.csv",
                "1 of them ended by their own rows in a.csv",
            ],
        ),
    ],
    ids=["absent", "by their rows", "some of each"],
)
def test_removals_name_the_file_that_lacks_them_or_ends_them(
    hit: list[Row], clues: list[str]
) -> None:
    rows = frame(*hit)
    assert list(of_removals(STUDENTS, rows, rows, HEADERS)) == clues


def test_without_knowing_the_files_none_is_named() -> None:
    rows = frame(gone(), gone())
    assert list(of_removals(STUDENTS, rows, rows, {})) == []
    bare = rows.drop("d:_file")
    assert list(of_removals(STUDENTS, bare, bare, {})) == []
    assert list(of_creations(bare)) == []


@pytest.mark.parametrize(
    ("schools", "others", "clues"),
    [
        (["s1", "s1"], ["s2"], ["all of them of school s1"]),
        (["s1", "s1", "s2"], ["s2"], ["2 of them of school s1"]),
        (["s1", "s1", None], ["s2"], ["2 of them of school s1"]),
        (["s1", "s2"], ["s2"], []),
        (["s1"], ["s2"], []),
        (["s1", "s1"], ["s1"], []),
        (["s1", "s1"], [None], []),
        ([None, None], ["s1", "s2"], []),
    ],
)
def test_removals_name_the_school_of_most_of_them_where_there_are_others(
    schools: list[str | None], others: list[str | None], clues: list[str]
) -> None:
    hit = frame(*(gone(school) for school in schools))
    scoped = frame(*(gone(school) for school in [*schools, *others]))
    assert list(of_removals(STUDENTS, hit, scoped, {})) == clues
    assert list(of_removals(AGENTS, hit, scoped, {})) == []
    bare = "r:primaryOrgSourcedId"
    assert list(of_removals(STUDENTS, hit.drop(bare), scoped.drop(bare), {})) == []


def test_creations_name_the_files_they_come_from() -> None:
    rows = frame(there("b.csv"), there("a.csv"), there("b.csv"))
    assert list(of_creations(rows)) == ["from a.csv and b.csv"]


@pytest.mark.parametrize(
    ("changed", "clues"),
    [
        (
            [("phone",), ("phone", "grades"), ("phone",)],
            ['all of them in phone, column "Home Phone" of students.csv'],
        ),
        ([("grades",), ("grades", "phone"), ("phone",)], ["2 of them in grades"]),
        ([("grades",), ("phone",)], []),
        ([(), ()], []),
    ],
)
def test_updates_name_the_field_in_which_most_of_them_change(
    changed: list[tuple[str, ...]], clues: list[str]
) -> None:
    rows = frame(*(there("students.csv", *fields) for fields in changed))
    assert list(of_updates(STUDENTS, rows, HEADERS)) == clues


def test_of_no_updates_nothing_is_said() -> None:
    assert list(of_updates(STUDENTS, frame(), HEADERS)) == []


def test_a_header_is_told_with_every_file_that_has_it() -> None:
    headers: Headers = {
        STUDENTS: {
            "a.csv": {"phone": "Phone"},
            "b.csv": {"phone": "Phone"},
            "c.csv": {"phone": "Tel"},
            "d.csv": {"grades": "Phone"},
        }
    }
    said = 'column "Phone" of a.csv and b.csv and column "Tel" of c.csv'
    assert header(STUDENTS, "phone", headers) == said
    assert header(STUDENTS, "sms", headers) == ""
    assert header(AGENTS, "phone", headers) == ""


def test_of_many_files_the_number_is_told() -> None:
    assert listed([]) == ""
    assert listed(["a", "b", "c"]) == "a and b and c"
    assert listed(["a", "b", "c", "d"]) == "a and 3 other files"


def test_clues_follow_the_message() -> None:
    assert worded("3 end", []) == "3 end"
    assert worded("3 end", iter(["of s1", "in a.csv"])) == "3 end; of s1; in a.csv"
