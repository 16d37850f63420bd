"""What rows name: judged where the drop can tell, with the root of what falls."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.checked import (
    ALONE,
    Case,
    Found,
    checked,
    counts,
    judge,
    no,
    people,
    say,
)
from tests.support.commands import call_cli
from tests.support.small import (
    Edit,
    cells,
    column,
    member,
    only,
    person,
    row,
    without,
    write,
)

REFERENCES = (
    Case(
        "an org that is not there",
        (ALONE, person("s3", primaryOrgSourcedId="o9")),
        (no("RS250", "students", 4, "primaryOrgSourcedId"),),
        people(3, 2),
    ),
    Case(
        "without a file of orgs nobody can tell",
        (only("students", "users"), person("s3", primaryOrgSourcedId="o9")),
        (),
        people(3, 3),
    ),
    Case(
        "a delta cannot tell either",
        (
            person("s3", primaryOrgSourcedId="o9"),
            row("enrollments", "e9,s9,student,c9,k9,o9,,,,"),
            row("agents", "s9,g9,aunt,,"),
        ),
        (),
        {**people(3, 3), "enrollments": (4, 4, 0, 0), "agents": (3, 3, 0, 0)},
        ("--delta",),
    ),
    Case(
        "a drop without classes",
        (without("classes"), cells("enrollments", 3, classSourcedId="c9")),
    ),
    Case(
        "a drop without users: a teacher may be in the mirror",
        (without("users", "agents"), row("enrollments", "e9,u9,teacher,c1,,,,,,")),
        (),
        {"enrollments": (4, 4, 0, 0)},
    ),
    Case(
        "a drop without students",
        (without("students", "agents"), row("enrollments", "e9,s9,student,c1,,,,,,")),
        (),
        {"enrollments": (4, 4, 0, 0)},
    ),
    Case(
        "a link to a student who is not there",
        (row("agents", "s9,g1,aunt,,"),),
        (no("RS255", "agents", 4, "studentSourcedId"),),
        {"agents": (3, 2, 0, 1)},
    ),
    Case(
        "a link from a guardian who is not there",
        (row("agents", "s1,g9,aunt,,"),),
        (no("RS254", "agents", 4, "agentSourcedId"),),
        {"agents": (3, 2, 0, 1)},
    ),
    Case(
        "a link whose student is a teacher",
        (row("agents", "u1,g1,aunt,,"),),
        (no("RS255", "agents", 4, "studentSourcedId"),),
        {"agents": (3, 2, 0, 1)},
    ),
    Case(
        "a link with both ends missing",
        (row("agents", "s9,g9,aunt,,"),),
        (
            no("RS254", "agents", 4, "agentSourcedId"),
            no("RS255", "agents", 4, "studentSourcedId"),
        ),
        {"agents": (3, 2, 0, 1)},
    ),
    Case(
        "a class of an unknown course, school and term",
        (
            cells("classes", 3, courseSourcedId="k9"),
            cells("classes", 3, schoolSourcedId="o9", termSourcedIds="t1, t9"),
        ),
        (
            no("RS250", "classes", 3, "schoolSourcedId"),
            no("RS251", "classes", 3, "termSourcedIds"),
            no("RS252", "classes", 3, "courseSourcedId"),
        ),
        {"classes": (2, 1, 0, 1)},
    ),
    Case(
        "an unknown parent org",
        (only("orgs"), cells("orgs", 3, parentSourcedId="o9")),
        (no("RS250", "orgs", 3, "parentSourcedId"),),
        {"orgs": (2, 1, 0, 1)},
    ),
    Case(
        "a rejected student takes his link and his enrollment along",
        (cells("students", 2, grades="99"),),
        (
            no("RS260", "agents", 2, "studentSourcedId"),
            no("RS260", "enrollments", 2, "userSourcedId"),
            no("RS112", "students", 2, "grades"),
        ),
        {
            **people(2, 1),
            "agents": (2, 1, 0, 1),
            "enrollments": (3, 2, 0, 1),
        },
    ),
    Case(
        "in a delta too",
        (cells("students", 2, grades="99"),),
        (
            no("RS260", "agents", 2, "studentSourcedId"),
            no("RS260", "enrollments", 2, "userSourcedId"),
            no("RS112", "students", 2, "grades"),
        ),
        {
            **people(2, 1),
            "agents": (2, 1, 0, 1),
            "enrollments": (3, 2, 0, 1),
        },
        ("--delta",),
    ),
    Case(
        "a rejected guardian takes the link along, not the student",
        (cells("users", 3, role="mum"),),
        (no("RS260", "agents", 2, "agentSourcedId"), no("RS113", "users", 3, "role")),
        {"users": (3, 2, 0, 1), "agents": (2, 1, 0, 1)},
    ),
    Case(
        "a chain: org, org, classes, people, links, enrollments",
        (cells("orgs", 2, name=""),),
        (
            no("RS260", "agents", 2, "agentSourcedId"),
            no("RS260", "agents", 2, "studentSourcedId"),
            no("RS260", "agents", 3, "agentSourcedId"),
            no("RS260", "agents", 3, "studentSourcedId"),
            no("RS260", "classes", 2, "courseSourcedId"),
            no("RS260", "classes", 2, "schoolSourcedId"),
            no("RS260", "classes", 3, "courseSourcedId"),
            no("RS260", "classes", 3, "schoolSourcedId"),
            no("RS260", "courses", 2, "orgSourcedId"),
            no("RS260", "enrollments", 2, "classSourcedId"),
            no("RS260", "enrollments", 2, "schoolSourcedId"),
            no("RS260", "enrollments", 2, "userSourcedId"),
            no("RS260", "enrollments", 3, "classSourcedId"),
            no("RS260", "enrollments", 3, "schoolSourcedId"),
            no("RS260", "enrollments", 3, "userSourcedId"),
            no("RS260", "enrollments", 4, "courseSourcedId"),
            no("RS260", "enrollments", 4, "schoolSourcedId"),
            no("RS260", "enrollments", 4, "userSourcedId"),
            no("RS101", "orgs", 2, "name"),
            no("RS260", "orgs", 3, "parentSourcedId"),
            no("RS260", "students", 2, "primaryOrgSourcedId"),
            no("RS260", "students", 3, "primaryOrgSourcedId"),
            no("RS260", "users", 2, "primaryOrgSourcedId"),
            no("RS260", "users", 2, "roleOrgSourcedId"),
            no("RS260", "users", 3, "primaryOrgSourcedId"),
            no("RS260", "users", 4, "primaryOrgSourcedId"),
        ),
        {
            "orgs": (2, 0, 0, 2),
            "courses": (1, 0, 0, 1),
            "classes": (2, 0, 0, 2),
            "students": (2, 0, 0, 2),
            "users": (3, 0, 0, 3),
            "agents": (2, 0, 0, 2),
            "enrollments": (3, 0, 0, 3),
        },
    ),
)

TYPES = (
    *(
        Case(f"a type of org: {kind}", (only("orgs"), cells("orgs", 3, type=kind)))
        for kind in (
            *("department", "SCHOOL", "local", "state", "national", "ext:charter", ""),
        )
    ),
    Case(
        "no type of org",
        (only("orgs"), cells("orgs", 3, type="shcool")),
        (no("RS122", "orgs", 3, "type"),),
        {"orgs": (2, 1, 0, 1)},
    ),
    *(
        Case(f"a type of class: {kind!r}", (cells("classes", 3, classType=kind),))
        for kind in ("HomeRoom", "scheduled", "ext:club", "")
    ),
    Case(
        "no type of class",
        (cells("classes", 3, classType="club"),),
        (no("RS123", "classes", 3, "classType"),),
        {"classes": (2, 1, 0, 1)},
    ),
    *(
        Case(f"a type of session: {kind!r}", (cells("academicSessions", 3, type=kind),))
        for kind in ("gradingperiod", "Semester", "schoolYear", "term", "ext:week", "")
    ),
    Case(
        "no type of session",
        (only("academicSessions"), cells("academicSessions", 3, type="quarter")),
        (no("RS124", "academicSessions", 3, "type"),),
        {"academicSessions": (2, 1, 0, 1)},
    ),
    Case(
        "a session that ends before it begins",
        (only("academicSessions"), cells("academicSessions", 3, endDate="2026-08-16")),
        (no("RS120", "academicSessions", 3, "endDate"),),
        {"academicSessions": (2, 1, 0, 1)},
    ),
    Case(
        "metadata is text",
        (
            ALONE,
            column("students", "metadata.cohort", "A"),
            row("students", "s3,active,s3,true,Gus,Hill,o2,09,,,,,,JosÃ©"),
        ),
        (say("RS106", "students", 4, "metadata.cohort"),),
        people(3, 3),
    ),
)


def crowd(good: int, bad: int) -> tuple[Edit, ...]:
    made = [person(f"n{number}") for number in range(good - 2)]
    return (ALONE, *made, *(person(f"b{n}", grades="99") for n in range(bad)))


def bad_grades(first: int, count: int) -> tuple[Found, ...]:
    return tuple(
        no("RS112", "students", at, "grades") for at in range(first, first + count)
    )


LIMIT = (
    Case(
        "19 rows of which 9 are wrong", crowd(10, 9), bad_grades(12, 9), people(19, 10)
    ),
    Case("1 of 20 is 5 %", crowd(19, 1), bad_grades(21, 1), people(20, 19)),
    Case(
        "2 of 20 are over the limit; the rows are counted all the same",
        crowd(18, 2),
        (("refused", "RS403", "", None, None), *bad_grades(20, 2)),
        people(20, 18),
    ),
    Case(
        "consequences count too",
        (
            without("agents"),
            *(person(f"n{number}") for number in range(40)),
            cells("students", 2, grades="99"),
            *(row("enrollments", f"x{n},s2,student,c2,,,,,,") for n in range(16)),
            row("enrollments", "x99,s1,student,c2,,,,,,"),
        ),
        (
            ("refused", "RS403", "", None, None),
            no("RS112", "students", 2, "grades"),
            no("RS260", "enrollments", 2, "userSourcedId"),
            no("RS260", "enrollments", 21, "userSourcedId"),
        ),
        {**people(42, 41), "enrollments": (20, 18, 0, 2)},
    ),
)


@pytest.mark.parametrize(
    "case", [*REFERENCES, *TYPES, *LIMIT], ids=lambda case: case.name
)
def test_what_a_row_names_is_judged_exactly(case: Case, tmp_path: Path) -> None:
    judge(case, tmp_path)


def test_a_consequence_names_the_root_through_a_chain(tmp_path: Path) -> None:
    document = checked(tmp_path, cells("orgs", 3, name=""))
    root = {"file": "orgs.csv", "line": 3, "code": "RS101"}
    followed = [one for one in document["findings"] if one["code"] == "RS260"]
    assert {one["file"] for one in followed} >= {
        *("students.csv", "users.csv", "classes.csv", "agents.csv", "enrollments.csv")
    }
    assert [one["cause"] for one in followed] == [root] * len(followed)
    (own,) = [one for one in document["findings"] if one["code"] == "RS101"]
    assert own["cause"] is None


def test_a_role_row_names_the_row_that_was_rejected(tmp_path: Path) -> None:
    document = checked(tmp_path, ALONE, member("u5"), member("u5", role="boss"))
    (other,) = [one for one in document["findings"] if one["code"] == "RS206"]
    assert (other["line"], other["cause"]) == (
        5,
        {"file": "users.csv", "line": 6, "code": "RS113"},
    )


def test_a_single_file_names_whom_it_likes(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", (cells("enrollments", 3, userSourcedId="s9"),))
    ended = call_cli("check", drop / "enrollments.csv", "--json", folder=tmp_path)
    document = json.loads(ended.out)
    assert (ended.code, document["findings"]) == (0, [])
    assert counts(document) == {"enrollments": (3, 3, 0, 0)}


@pytest.mark.parametrize("key", ["", "1.23E+05", "x" * 256, "..", "a\tb"])
def test_a_key_that_cannot_be_read_forbids_removals_of_its_file_alone(
    key: str, tmp_path: Path
) -> None:
    document = checked(tmp_path, without("agents"), person("s3", sourcedId=key))
    removals = {name: one["removals"] for name, one in document["entities"].items()}
    assert removals == {name: name != "students" for name in removals}


def test_a_key_that_can_be_read_forbids_no_removals(tmp_path: Path) -> None:
    document = checked(tmp_path, person("s3", grades="99"))
    assert all(one["removals"] for one in document["entities"].values())
