from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.targets.schoology.realms import of_groups, of_sections, resolved
from tests.unit.targets.schoology.district import Row, drop, listed, section, target

CODES: dict[str, Any] = {
    "courses": [{"sourcedId": "co", "courseCode": "MATH7"}],
    "classes": [
        {"sourcedId": "c-b", "courseSourcedId": "co", "classCode": "B"},
        {"sourcedId": "55", "courseSourcedId": "co", "classCode": "B"},
        {"sourcedId": "A", "courseSourcedId": "co", "classCode": "B"},
        {"sourcedId": "c-z", "courseSourcedId": "co", "classCode": "Z"},
        {"sourcedId": "c-n", "courseSourcedId": "co", "classCode": None},
        {"sourcedId": "c-x", "courseSourcedId": "nowhere", "classCode": "B"},
    ],
}
SECTIONS = [
    section("55", "A"),
    section("56", section_code="B"),
    section("57", "twice"),
    section("58", "twice"),
    section("59", section_code="Z", grading_periods=[13]),
    section("60", section_code="Z", grading_periods=[14]),
]


def found(key: str, periods: tuple[str, ...] = (), **tables: Any) -> Row:
    sections = of_sections(listed(target(), "sections", SECTIONS))
    classes = pl.Series([key])
    return resolved(classes, sections, drop(**tables), periods).row(0, named=True)


@pytest.mark.parametrize(
    ("key", "realm"),
    [("A", "55"), ("c-b", "56"), ("55", "56"), ("57", "57"), ("60", "60")],
    ids=["school code first", "codes", "codes before the id", "id", "id again"],
)
def test_a_class_is_a_section_by_school_code_then_codes_then_id(
    key: str, realm: str
) -> None:
    assert found(key, **CODES)["realmId"] == realm


@pytest.mark.parametrize(
    ("key", "gone"),
    [("twice", False), ("c-z", False), ("c-n", True), ("c-x", True), ("none", True)],
)
def test_a_class_that_is_none_or_several_says_so(key: str, *, gone: bool) -> None:
    row = found(key, **CODES)
    assert row["realmId"] is None
    assert row["_gone"] is gone
    assert ("none with this code" if gone else "2 of Schoology have") in row["_why"]


def test_codes_are_looked_for_in_the_grading_periods_of_the_configuration() -> None:
    assert found("c-z", ("14",), **CODES)["realmId"] == "60"
    assert found("c-z", ("15",), **CODES)["realmId"] is None


def test_codes_are_those_of_the_drop_alone() -> None:
    assert found("c-b")["realmId"] is None
    assert found("c-b", courses=CODES["courses"])["realmId"] is None


def test_codes_are_compared_as_they_are_written() -> None:
    assert found("a")["realmId"] is None


def test_a_school_code_that_two_sections_have_is_marked() -> None:
    sections = of_sections(listed(target(), "sections", SECTIONS))
    shared = sections.filter("_shared")["_key"].to_list()
    assert shared == ["57", "58"]


@pytest.mark.parametrize(
    ("key", "realm"), [("chess", "9"), ("10", "10"), ("go", None), ("11", "11")]
)
def test_a_group_goes_by_its_code_then_by_its_id(key: str, realm: str | None) -> None:
    records: list[dict[str, Any]] = [
        {"id": "9", "group_code": "chess"},
        {"id": 10, "group_code": ""},
        {"id": "11", "group_code": "go"},
        {"id": "12", "group_code": "go"},
    ]
    groups = of_groups(listed(target(realm="group"), "groups", records))
    rows = resolved(pl.Series([key]), groups, drop(), ())
    assert rows["realmId"].to_list() == [realm]


def test_each_class_is_one_row_and_no_class_is_none() -> None:
    sections = of_sections(listed(target(), "sections", SECTIONS))
    classes = pl.Series(["B", None, "A", "A"])
    rows = resolved(classes, sections, drop(), ())
    assert rows["classSourcedId"].to_list() == ["A", "B"]
