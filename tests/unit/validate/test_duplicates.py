"""Rows of one key, and values that two people share."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_row_that_says_the_same_in_another_form_is_merged_with_a_warning(
    school: Any,
) -> None:
    again = school.student(grades="5th", status="Active")
    judged = school.judge({"students": [school.student(), again]})
    assert judged.short == [("RS201", "students", 3, "sourcedId")]
    assert judged.one("RS201")["severity"] == "warning"
    assert judged.counts("students") == (2, 1, 1, 0)
    assert judged.roster.frames["students"]["_row"].to_list() == [2]


def test_rows_of_one_key_that_differ_all_fall(school: Any) -> None:
    rows = [school.student(), school.student(), school.student(givenName="Eve")]
    judged = school.judge({"students": [*rows, school.student("s2")]})
    assert [one[:3] for one in judged.short] == [
        ("RS202", "students", line) for line in (2, 3, 4)
    ]
    assert judged.counts("students") == (4, 1, 0, 3)
    message = judged.findings.frame["message"][0]
    assert all(f"students.csv:{line}" in message for line in (2, 3, 4))


def test_identifiers_are_case_sensitive(school: Any) -> None:
    rows = [school.student("S1", username="a"), school.student("s1", username="b")]
    assert school.judge({"students": rows}).counts("students") == (2, 2, 0, 0)


def test_a_cell_that_cannot_be_read_is_not_the_same_as_a_blank_one(school: Any) -> None:
    rows = [school.user(grades=""), school.user(grades="99")]
    judged = school.judge({"users": rows})
    assert judged.codes == ["RS112", "RS202", "RS202"]
    assert judged.counts("users") == (2, 0, 0, 2)


def test_many_places_of_one_key_are_cut(school: Any) -> None:
    rows = [school.student(givenName=f"Ada{n}x") for n in range(9)]
    judged = school.judge({"students": rows})
    assert judged.findings.frame["message"][0].endswith("students.csv:7 and 3 more")


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ({"username": "ada"}, {"username": "ADA"}, True),
        ({"username": "ada"}, {"username": "ada", "status": "inactive"}, False),
        ({"username": "ada"}, {"username": "ada", "status": "tobedeleted"}, False),
        ({"username": "ada"}, {"username": "ada1"}, False),
    ],
)
@pytest.mark.parametrize("same_username", ["reject", "warn"])
def test_one_username_is_for_one_active_person(
    school: Any,
    first: dict[str, str],
    second: dict[str, str],
    clash: bool,
    same_username: str,
) -> None:
    tables = {
        "students": [school.student("s1", **first)],
        "users": [school.user("u1", **second)],
    }
    judged = school.judge(tables, same_username=same_username)
    expected = [("RS203", name, 2, "username") for name in ("students", "users")]
    assert judged.short == (expected if clash else [])
    rejects = clash and same_username == "reject"
    assert judged.counts("students") == (1, 1 - rejects, 0, int(rejects))


def test_the_role_rows_of_one_user_do_not_share_a_username(school: Any) -> None:
    rows = [school.user(username="t"), school.user(username="t", role="aide")]
    assert school.judge({"users": rows}).short == []


@pytest.mark.parametrize(("status", "count"), [("inactive", 2), ("tobedeleted", 0)])
def test_a_shared_email_is_a_warning(school: Any, status: str, count: int) -> None:
    rows = [
        school.student("s1", email="Home@a.example"),
        school.student("s2", email="home@A.example", status=status),
    ]
    judged = school.judge({"students": rows})
    assert judged.codes == ["RS204"] * count
    assert judged.counts("students") == (2, 2, 0, 0)


def test_links_have_the_pair_as_their_key(school: Any) -> None:
    rows = [school.agent("a/b", "c"), school.agent("a", "b/c"), school.agent("a", "d")]
    judged = school.judge({"agents": [*rows, school.agent("a", "d")]})
    assert judged.short == [("RS201", "agents", 5, None)]
    assert judged.counts("agents") == (4, 3, 1, 0)
