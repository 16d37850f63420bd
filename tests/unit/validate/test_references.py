"""References: when they are judged, and what falls with what they name."""

from __future__ import annotations

from typing import Any

import pytest

ORG = {"sourcedId": "o1", "name": "North"}
CLASS = {"sourcedId": "c1", "title": "Algebra"}


@pytest.mark.parametrize(
    ("there", "delta", "judged"),
    [
        (("students", "users"), (), True),
        (("students",), (), False),
        (("users",), (), False),
        (("students", "users"), ("users",), False),
        (("students", "users"), ("students",), False),
        ((), (), False),
    ],
)
def test_a_user_is_judged_only_when_both_files_are_there_whole(
    school: Any, there: tuple[str, ...], delta: tuple[str, ...], judged: bool
) -> None:
    people = {"students": [school.student("s2")], "users": [school.user("u2")]}
    tables = {name: people[name] for name in there}
    tables["enrollments"] = [
        school.enrollment("e1", "s1"),
        *(school.enrollment(f"e-{n}", f"{n[0]}2") for n in there),
    ]
    found = school.judge(tables, delta=delta).short
    assert found == ([("RS254", "enrollments", 2, "userSourcedId")] if judged else [])


@pytest.mark.parametrize(
    ("tables", "delta", "judged"),
    [
        (("students",), (), True),
        (("students", "users"), (), True),
        (("students", "users"), ("users",), False),
        (("students", "users"), ("students",), False),
        (("users",), (), False),
    ],
)
def test_a_student_is_judged_when_the_file_of_students_is_there_whole(
    school: Any, tables: tuple[str, ...], delta: tuple[str, ...], judged: bool
) -> None:
    people = {
        "students": [school.student("s2")],
        "users": [school.user("u1"), school.user("s3", role="student")],
    }
    drop = {name: people[name] for name in tables}
    links = [school.agent("s1", "u1"), school.agent("s2", "u1")]
    drop["agents"] = [*links, *([school.agent("s3", "u1")] if "users" in drop else [])]
    found = school.judge(drop, delta=delta).short
    expected = [("RS255", "agents", 2, "studentSourcedId")] if judged else []
    assert found == expected


def test_a_link_of_somebody_who_is_no_student_is_rejected(school: Any) -> None:
    tables = {
        "students": [school.student()],
        "users": [school.user("u1"), school.user("u2")],
        "agents": [school.agent(), school.agent("u2", "u1")],
    }
    judged = school.judge(tables)
    assert judged.short == [("RS255", "agents", 3, "studentSourcedId")]


@pytest.mark.parametrize("delta", [(), ("orgs",)])
def test_orgs_are_judged_when_their_file_is_there_whole(
    school: Any, delta: tuple[str, ...]
) -> None:
    user = school.user(roleOrgSourcedId="o9", primaryOrgSourcedId="o1")
    tables = {"orgs": [ORG], "users": [user], "students": [school.student()]}
    found = school.judge(tables, delta=delta).short
    assert found == ([] if delta else [("RS250", "users", 2, "roleOrgSourcedId")])


@pytest.mark.parametrize(
    ("name", "cells", "code", "column"),
    [
        ("enrollments", {"classSourcedId": "c9"}, "RS253", "classSourcedId"),
        ("enrollments", {"courseSourcedId": "k9"}, "RS252", "courseSourcedId"),
        ("enrollments", {"schoolSourcedId": "o9"}, "RS250", "schoolSourcedId"),
        ("classes", {"termSourcedIds": "t1,t9"}, "RS251", "termSourcedIds"),
        ("classes", {"courseSourcedId": "k9"}, "RS252", "courseSourcedId"),
        ("orgs", {"parentSourcedId": "o9"}, "RS250", "parentSourcedId"),
    ],
)
def test_what_is_named_must_be_in_the_file_that_is_there(
    school: Any, name: str, cells: dict[str, str], code: str, column: str
) -> None:
    tables: dict[str, list[dict[str, str]]] = {
        "orgs": [dict(ORG)],
        "academicSessions": [
            {
                "sourcedId": "t1",
                "title": "Autumn",
                "startDate": "2026-09-01",
                "endDate": "2027-01-31",
            }
        ],
        "courses": [{"sourcedId": "k1", "title": "Maths", "orgSourcedId": "o1"}],
        "classes": [{**CLASS, "courseSourcedId": "k1", "termSourcedIds": "t1"}],
        "enrollments": [dict(school.enrollment(courseSourcedId="k1"))],
    }
    assert school.judge(tables).short == []
    tables[name].append({**tables[name][0], "sourcedId": "new", **cells})
    assert school.judge(tables).short == [(code, name, 3, column)]


@pytest.mark.parametrize("delta", [(), ("students", "users", "agents", "enrollments")])
def test_what_names_a_rejected_person_falls_and_names_the_row(
    school: Any, delta: tuple[str, ...]
) -> None:
    tables = {
        "students": [school.student(grades="99", status="x"), school.student("s2")],
        "users": [school.user()],
        "agents": [school.agent(), school.agent("s2")],
        "enrollments": [school.enrollment(), school.enrollment("e2", "s2")],
    }
    judged = school.judge(tables, delta=delta)
    follows = judged.findings.frame.filter(code="RS260")
    assert follows.select(
        "file", "line", "column", "cause_file", "cause_line", "cause_code"
    ).rows() == [
        ("agents.csv", 2, "studentSourcedId", "students.csv", 2, "RS110"),
        ("enrollments.csv", 2, "userSourcedId", "students.csv", 2, "RS110"),
    ]
    assert judged.counts("agents") == judged.counts("enrollments") == (2, 1, 0, 1)


def test_the_root_is_named_along_a_whole_chain(school: Any) -> None:
    tables = {
        "orgs": [
            {"sourcedId": "o0", "name": "", "parentSourcedId": ""},
            {"sourcedId": "o1", "name": "North", "parentSourcedId": "o2"},
            {"sourcedId": "o2", "name": "South", "parentSourcedId": "o0"},
        ],
        "students": [school.student()],
        "enrollments": [school.enrollment()],
    }
    frame = school.judge(tables).findings.frame.filter(code="RS260")
    assert frame["file"].to_list() == [
        "enrollments.csv",
        *["orgs.csv"] * 2,
        "students.csv",
    ]
    roots = frame.select("cause_file", "cause_line", "cause_code").unique().rows()
    assert roots == [("orgs.csv", 2, "RS101")]


def test_a_person_with_an_unreadable_key_is_nobody_that_others_could_name(
    school: Any,
) -> None:
    tables = {
        "students": [school.student("1.23E+05")],
        "users": [school.user()],
        "enrollments": [school.enrollment("e1", "1.23E+05")],
    }
    assert school.judge(tables).codes == ["RS104", "RS104"]
