"""One person in several rows or in both files."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model.normalise import decode_roles


def same(school: Any, **cells: str) -> dict[str, str]:
    """The row of users of the person that ``school.student()`` is."""
    return dict(school.user("s1", username="s1.name", **cells))


def test_further_role_rows_are_merged_without_a_finding(school: Any) -> None:
    rows = [
        school.user(role="teacher", roleType="primary", roleOrgSourcedId="o1"),
        school.user(role="aide", roleType="secondary", roleOrgSourcedId="o2"),
        school.user(role="Aide", roleType="secondary", roleOrgSourcedId="o2"),
    ]
    judged = school.judge({"users": rows})
    assert judged.short == [("RS201", "users", 4, "sourcedId")]
    assert judged.counts("users") == (3, 1, 2, 0)
    (record,) = judged.roster.frames["users"].to_dicts()
    assert decode_roles(record["roles"]) == [
        ("primary", "teacher", "o1"),
        ("secondary", "aide", "o2"),
    ]
    assert not {"role", "roleType", "roleOrgSourcedId"} & set(record)


def test_when_one_role_row_is_rejected_all_of_that_user_are(school: Any) -> None:
    rows = [school.user(), school.user(role="techer"), school.user("u2")]
    judged = school.judge({"users": rows})
    assert [one[:3] for one in judged.short] == [
        ("RS206", "users", 2),
        ("RS113", "users", 3),
    ]
    finding = judged.one("RS206")
    assert (finding["cause_file"], finding["cause_line"], finding["cause_code"]) == (
        "users.csv",
        3,
        "RS113",
    )
    assert judged.counts("users") == (3, 1, 0, 2)


def test_role_rows_that_differ_in_a_field_all_fall(school: Any) -> None:
    rows = [school.user(), school.user(role="aide", givenName="Eve")]
    judged = school.judge({"users": rows})
    assert judged.codes == ["RS202", "RS202"]


def test_a_person_in_both_files_is_one_student_with_all_roles(school: Any) -> None:
    tables = {
        "students": [school.student()],
        "users": [same(school, role="aide"), school.user("u1")],
    }
    judged = school.judge(tables)
    assert judged.short == []
    assert judged.counts("students") == (1, 1, 0, 0)
    assert judged.counts("users") == (2, 1, 1, 0)
    assert judged.keys("users") == ["u1"]
    (record,) = judged.roster.frames["students"].to_dicts()
    assert decode_roles(record["roles"]) == [
        ("primary", "aide", ""),
        ("primary", "student", "o1"),
    ]


def test_a_mere_student_in_both_files_has_no_roles_to_speak_of(school: Any) -> None:
    tables = {"students": [school.student()], "users": [same(school, role="student")]}
    judged = school.judge(tables)
    assert judged.roster.frames["students"]["roles"].to_list() == [None]
    assert judged.counts("users") == (1, 0, 1, 0)


@pytest.mark.parametrize(
    ("ours", "theirs", "differ"),
    [
        ({}, {"givenName": "Eve"}, ["givenName"]),
        ({}, {"givenName": "Eve", "familyName": "X"}, ["familyName", "givenName"]),
        ({}, {"grades": "06"}, ["grades"]),
        ({}, {"grades": "5th"}, []),
        ({"email": "a@b.de"}, {}, []),
        ({"email": "a@b.de"}, {"email": ""}, ["email"]),
        ({"email": "a@b.de"}, {"email": "nobody"}, []),
        ({"email": "nobody"}, {"email": "a@b.de"}, []),
    ],
)
def test_what_both_files_say_must_agree(
    school: Any, ours: dict[str, str], theirs: dict[str, str], differ: list[str]
) -> None:
    tables = {
        "students": [school.student(**ours)],
        "users": [same(school, role="aide", **theirs)],
    }
    judged = school.judge(tables)
    found = [one for one in judged.short if one[0] != "RS117"]
    assert found == [
        ("RS205", name, 2, column)
        for name in ("students", "users")
        for column in differ
    ]
    assert judged.counts("students")[3] == bool(differ)
    assert judged.counts("users")[3] == bool(differ)


@pytest.mark.parametrize(
    ("student", "user", "fallen"),
    [
        ({"grades": "99"}, {}, "users"),
        ({}, {"role": "techer"}, "students"),
    ],
)
def test_a_person_stands_or_falls_in_both_files(
    school: Any, student: dict[str, str], user: dict[str, str], fallen: str
) -> None:
    tables = {"students": [school.student(**student)], "users": [same(school, **user)]}
    judged = school.judge(tables)
    assert judged.one("RS206")["file"] == f"{fallen}.csv"
    assert judged.counts("students") == judged.counts("users") == (1, 0, 0, 1)
