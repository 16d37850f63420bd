"""The roles of people: what a layout can say of them, and the text for the rest."""

from __future__ import annotations

import pytest

from tests.unit.convert.conftest import Office, Row

EXTRA = "metadata.rosterSync.roles"
Given = list[tuple[str, str, str]]

CASES: dict[str, tuple[Given, str, str, str | None]] = {
    "one role at the primary org": (
        [("primary", "teacher", "o1")],
        *("teacher", "o1", None),
    ),
    "one role at several orgs": (
        [("primary", "teacher", "o1"), ("secondary", "teacher", "o3")],
        *("teacher", "o1,o3", None),
    ),
    "a role whose org was not said": (
        [("primary", "teacher", "")],
        *("teacher", "o1", "primary/teacher/"),
    ),
    "a role at another org than the primary one": (
        [("primary", "teacher", "o2")],
        *("teacher", "o1,o2", "primary/teacher/o2"),
    ),
    "only a secondary role": (
        [("secondary", "aide", "o1")],
        *("aide", "o1", "secondary/aide/o1"),
    ),
    "a teacher who is a parent is called a teacher": (
        [("primary", "parent", "o1"), ("primary", "teacher", "o1")],
        *("teacher", "o1", "primary/parent/o1 primary/teacher/o1"),
    ),
    "the primary role goes before the secondary one": (
        [("primary", "guardian", "o1"), ("secondary", "teacher", "o2")],
        *("guardian", "o1,o2", "primary/guardian/o1 secondary/teacher/o2"),
    ),
    "a role that 1.1 does not know": (
        [("primary", "principal", "o1")],
        *("administrator", "o1", "primary/principal/o1"),
    ),
    "a role of the system's own": (
        [("primary", "ext:coach", "o1")],
        *("ext:coach", "o1", "primary/ext:coach/o1"),
    ),
    "an org that needs encoding": (
        [("primary", "teacher", "a/b 100%")],
        *("teacher", "o1,a/b 100%", "primary/teacher/a%2Fb%20100%25"),
    ),
    "an org that no list can hold": (
        [("primary", "teacher", "o1"), ("secondary", "teacher", "a,b")],
        *("teacher", "o1", "primary/teacher/o1 secondary/teacher/a,b"),
    ),
}


def given_to(office: Office, key: str, given: Given) -> list[Row]:
    return [
        office.user(key, roleType=kind, role=role, roleOrgSourcedId=org)
        for kind, role, org in given
    ]


@pytest.mark.parametrize("name", CASES)
def test_1_1_names_a_role_and_orgs_and_says_the_rest_in_metadata(
    office: Office, name: str
) -> None:
    given, role, orgs, extra = CASES[name]
    made = office.made("oneroster-1.1", users=given_to(office, "u1", given))
    row = made.row("users", "u1")
    assert (row["role"], row["orgSourcedIds"], row.get(EXTRA)) == (role, orgs, extra)


def test_1_1_calls_a_student_a_student_whatever_else_he_is(office: Office) -> None:
    pupils = [office.student(), office.student("s2")]
    made = office.made(
        "oneroster-1.1", students=pupils, users=[office.user("s1", role="aide")]
    )
    row = made.row("users", "s1")
    assert (row["role"], row["orgSourcedIds"]) == ("student", "o1")
    assert row[EXTRA] == "primary/aide/o1 primary/student/o1"
    mere = made.row("users", "s2")
    assert (mere["role"], mere["orgSourcedIds"]) == ("student", "o1")
    assert EXTRA not in mere


def test_1_2_has_a_row_for_each_role_of_everybody(office: Office) -> None:
    given = [("primary", "teacher", "o1"), ("secondary", "aide", "o2")]
    made = office.made(
        "oneroster-1.2",
        students=[office.student()],
        users=given_to(office, "u1", given),
    )
    names = ["userSourcedId", "roleType", "role", "orgSourcedId"]
    assert made.file("roles").frame.select(names).sort(names).rows() == [
        ("s1", "primary", "student", "o1"),
        ("u1", "primary", "teacher", "o1"),
        ("u1", "secondary", "aide", "o2"),
    ]
    assert EXTRA not in made.file("users").frame.columns


def test_1_2_gives_a_role_without_an_org_the_primary_one_and_says_so(
    office: Office,
) -> None:
    given = [("primary", "teacher", ""), ("primary", "teacher", "o1")]
    made = office.made("oneroster-1.2", users=given_to(office, "u1", given))
    assert made.file("roles").frame["orgSourcedId"].to_list() == ["o1"]
    said = made.row("users", "u1")[EXTRA]
    assert said == "primary/teacher/ primary/teacher/o1"


def test_a_role_has_an_identifier_of_what_it_says(office: Office) -> None:
    first, second = (
        office.made("oneroster-1.2", students=[office.student(key)]).file("roles")
        for key in ("s1", "s2")
    )
    again = office.made("oneroster-1.2", students=[office.student()]).file("roles")
    assert first.frame["sourcedId"].to_list() == again.frame["sourcedId"].to_list()
    assert first.frame["sourcedId"].to_list() != second.frame["sourcedId"].to_list()
