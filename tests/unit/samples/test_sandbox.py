from __future__ import annotations

import json

import polars as pl
import pytest

from sync.samples import Document, Tables, generate, sandbox_document


@pytest.fixture(scope="module")
def small() -> Tables:
    return generate(120, 2)


@pytest.fixture(scope="module")
def document(small: Tables) -> Document:
    return sandbox_document(small, people=True)


def test_without_people_there_are_only_reference_lists(small: Tables) -> None:
    expected = ["orgs", "academicSessions", "courses", "classes"]
    assert list(sandbox_document(small)) == expected


def test_the_document_is_json(document: Document) -> None:
    assert json.loads(json.dumps(document)) == document


def test_the_district_has_no_parent_and_schools_have_it(document: Document) -> None:
    district, *schools = document["orgs"]
    assert district["parent"] is None
    assert {s["parent"]["sourcedId"] for s in schools} == {district["sourcedId"]}


def test_a_class_names_its_course_school_terms_and_grades(
    small: Tables, document: Document
) -> None:
    one, row = document["classes"][0], small.classes.row(0, named=True)
    assert one == {
        "sourcedId": row["sourcedId"],
        "status": "active",
        "title": row["title"],
        "classCode": row["classCode"],
        "classType": "homeroom",
        "grades": row["grades"].split(","),
        "course": {"sourcedId": row["courseSourcedId"]},
        "school": {"sourcedId": row["schoolSourcedId"]},
        "terms": [{"sourcedId": "ses-2026-1"}, {"sourcedId": "ses-2026-2"}],
    }


def test_a_session_has_a_year_in_numbers(document: Document) -> None:
    assert {s["schoolYear"] for s in document["academicSessions"]} == {2027}


def test_an_elective_lists_all_its_grades(document: Document) -> None:
    art = next(c for c in document["courses"] if c["title"] == "Studio Art")
    assert art["grades"] == ["09", "10", "11", "12"]


def test_everybody_is_a_user_once(small: Tables, document: Document) -> None:
    ids = [user["sourcedId"] for user in document["users"]]
    people = {*small.students["sourcedId"], *small.users["sourcedId"]}
    assert len(ids) == len(set(ids))
    assert set(ids) == people


def test_users_of_two_roles_have_both(small: Tables, document: Document) -> None:
    second = small.users.filter(pl.col("roleType") == "secondary")["sourcedId"]
    users = {user["sourcedId"]: user for user in document["users"]}
    for sourced_id in second:
        types = [role["roleType"] for role in users[sourced_id]["roles"]]
        assert types == ["primary", "secondary"]


def test_students_name_their_agents(small: Tables, document: Document) -> None:
    users = {user["sourcedId"]: user for user in document["users"]}
    links = [
        (user, agent["sourcedId"])
        for user, one in users.items()
        for agent in one["agents"]
    ]
    pairs = small.agents.select("studentSourcedId", "agentSourcedId").rows()
    assert sorted(links) == sorted(pairs)


def test_blank_cells_are_null_and_lists_are_empty(document: Document) -> None:
    for user in document["users"]:
        assert "" not in (user["email"], user["phone"], user["middleName"])
        assert "" not in user["grades"]


def test_enrollments_refer_to_user_class_course_and_school(
    small: Tables, document: Document
) -> None:
    one = document["enrollments"][0]
    row = small.enrollments.filter(pl.col("sourcedId") == one["sourcedId"])
    for name in ("user", "class", "course", "school"):
        assert one[name] == {"sourcedId": row[f"{name}SourcedId"].item()}
    assert len(document["enrollments"]) == small.enrollments.height
