from __future__ import annotations

import json
from typing import Any

import pytest

from sync.samples import Tables, generate, schoology_document


@pytest.fixture(scope="module")
def small() -> Tables:
    return generate(120, 2)


@pytest.fixture(scope="module")
def lists(small: Tables) -> dict[str, list[dict[str, Any]]]:
    return schoology_document(small)["schoology"]


def test_the_document_is_json_and_the_same_again(small: Tables) -> None:
    document = schoology_document(small)
    assert json.loads(json.dumps(document)) == document
    assert schoology_document(generate(120, 2)) == document


def test_nobody_is_enrolled(lists: dict[str, Any]) -> None:
    expected = ["users", "courses", "sections", "groups", "grading_periods"]
    assert list(lists) == expected


def test_every_student_and_user_is_a_user_once(
    small: Tables, lists: dict[str, Any]
) -> None:
    known = [*small.students["sourcedId"], *small.users["sourcedId"].unique()]
    assert sorted(user["school_uid"] for user in lists["users"]) == sorted(known)
    roles = {user["school_uid"][:3]: user["role_id"] for user in lists["users"]}
    assert (roles["stu"], roles["tch"], roles["gdn"]) == ("3", "2", "4")


def test_every_class_is_a_section_of_its_course_in_its_terms(
    small: Tables, lists: dict[str, Any]
) -> None:
    row, section = small.classes.row(0, named=True), lists["sections"][0]
    assert len(lists["sections"]) == small.classes.height
    assert section["section_school_code"] == row["sourcedId"]
    assert section["section_code"] == row["classCode"]
    [code] = small.courses.filter(sourcedId=row["courseSourcedId"])["courseCode"]
    codes = {course["id"]: course["course_code"] for course in lists["courses"]}
    assert codes[section["course_id"]] == code
    terms = row["termSourcedIds"].split(",")
    titles = small.academicSessions.filter(
        small.academicSessions["sourcedId"].is_in(terms)
    )
    periods = {period["id"]: period["title"] for period in lists["grading_periods"]}
    assert {periods[one] for one in section["grading_periods"]} == set(titles["title"])


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("users", "uid"),
        ("users", "school_uid"),
        ("courses", "id"),
        ("sections", "id"),
        ("sections", "section_school_code"),
        ("groups", "id"),
        ("groups", "group_code"),
        ("grading_periods", "id"),
    ],
)
def test_ids_and_outer_codes_name_one_record(
    lists: dict[str, Any], name: str, key: str
) -> None:
    keys = [record[key] for record in lists[name]]
    assert len(keys) == len(set(keys)) > 0
