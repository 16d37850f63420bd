"""Rows that repeat or contradict each other, and people across files, exactly.

Exit code, the counts of every entity, and severity, code, file, line and column of
every finding: nothing missing, nothing invented.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checked import (
    ALONE,
    Case,
    judge,
    no,
    note,
    people,
    say,
)
from tests.support.small import (
    cells,
    lacks,
    member,
    person,
    row,
    without,
)

PAIR = (person("s3", username="Twin"), person("s4", username="tWIN"))


def again(name: str, first: dict[str, str], second: dict[str, str], same: bool) -> Case:
    """Two rows of one key."""
    at = (4, 5)
    found = (
        (say("RS201", "students", 5, "sourcedId"),)
        if same
        else tuple(no("RS202", "students", one, "sourcedId") for one in at)
    )
    return Case(
        f"one key twice: {name}",
        (ALONE, person("p9", **first), person("p9", **second)),
        found,
        people(4, 3, 1) if same else people(4, 2),
    )


KEYS = (
    again("the very same", {}, {}, same=True),
    again("05 and 5", {"grades": "5"}, {"grades": "05"}, same=True),
    again("5,6 in another order", {"grades": "5,6"}, {"grades": "6,5"}, same=True),
    again("TRUE and 1", {"enabledUser": "TRUE"}, {"enabledUser": "1"}, same=True),
    again("trimmed", {"familyName": " Hill"}, {"familyName": "Hill "}, same=True),
    again("NFC", {"givenName": "Zoe\u0308"}, {"givenName": "Zoë"}, same=True),
    again(
        *("a date with a time", {"birthDate": "2011-02-03T00:00:00Z"}),
        *({"birthDate": "2011-02-03"}, True),
    ),
    again("case of a name", {"givenName": "GUS"}, {"givenName": "Gus"}, same=False),
    again("blank and filled", {"email": "a@b.de"}, {"email": ""}, same=False),
    again("case of an org", {"grades": "09"}, {"grades": "10"}, same=False),
    Case(
        "three rows of one key of which two are equal",
        (ALONE, person("p9"), person("p9", grades="10"), person("p9")),
        tuple(no("RS202", "students", at, "sourcedId") for at in (4, 5, 6)),
        people(5, 2),
    ),
    Case(
        "three equal rows",
        (ALONE, person("p9"), person("p9"), person("p9")),
        tuple(say("RS201", "students", at, "sourcedId") for at in (5, 6)),
        people(5, 3, 2),
    ),
    Case(
        "two equal rows that are wrong",
        (ALONE, person("p9", grades="99"), person("p9", grades="99")),
        tuple(no("RS112", "students", at, "grades") for at in (4, 5)),
        people(4, 2),
    ),
    Case(
        "a right row and a wrong one of one key",
        (ALONE, person("p9"), person("p9", grades="99")),
        (
            no("RS202", "students", 4, "sourcedId"),
            no("RS112", "students", 5, "grades"),
            no("RS202", "students", 5, "sourcedId"),
        ),
        people(4, 2),
    ),
    Case(
        "a malformed e-mail and none: they do not say the same",
        (ALONE, person("p9", email="nobody"), person("p9")),
        (
            say("RS117", "students", 4, "email"),
            no("RS202", "students", 4, "sourcedId"),
            no("RS202", "students", 5, "sourcedId"),
        ),
        people(4, 2),
    ),
    Case(
        "keys that differ in case",
        (ALONE, person("p9"), person("P9", username="q")),
        (),
        people(4, 4),
    ),
    Case(
        "a link twice, the same",
        (row("agents", "s1,g1,mother,,active"),),
        (say("RS201", "agents", 4, None),),
        {"agents": (3, 2, 1, 0)},
    ),
    Case(
        "a link twice, blank and active status",
        (row("agents", "s1,g1,mother,,"),),
        (no("RS202", "agents", 2, None), no("RS202", "agents", 4, None)),
        {"agents": (3, 1, 0, 2)},
    ),
    Case(
        "a link twice, another relationship",
        (row("agents", "s1,g1,aunt,,active"),),
        (no("RS202", "agents", 2, None), no("RS202", "agents", 4, None)),
        {"agents": (3, 1, 0, 2)},
    ),
    Case(
        "an enrollment id twice",
        (row("enrollments", "e1,s2,student,c2,,o2,active,true,2026-08-17,2026-12-18"),),
        (
            no("RS202", "enrollments", 2, "sourcedId"),
            no("RS202", "enrollments", 5, "sourcedId"),
        ),
        {"enrollments": (4, 2, 0, 2)},
    ),
    Case(
        "no enrollment ids, one enrollment twice",
        (
            lacks("enrollments", "sourcedId"),
            row("enrollments", "s2,student,c1,,o2,,,,"),
        ),
        (say("RS201", "enrollments", 5, None),),
        {"enrollments": (4, 3, 1, 0)},
    ),
    Case(
        "no enrollment ids, another role is another enrollment",
        (lacks("enrollments", "sourcedId"), row("enrollments", "s2,aide,c1,,o2,,,,")),
        (),
        {"enrollments": (4, 4, 0, 0)},
    ),
    Case(
        "several roles of one user",
        (
            member(
                "u1",
                givenName="Tom",
                familyName="Dean",
                username="tom.dean",
                email="tom@x.example",
                role="aide",
                roleType="secondary",
                roleOrgSourcedId="o1",
            ),
        ),
        (),
        {"users": (4, 3, 1, 0)},
    ),
    Case(
        "the same role twice",
        (member("u5"), member("u5")),
        (say("RS201", "users", 6, "sourcedId"),),
        {"users": (5, 4, 1, 0)},
    ),
    Case(
        "role rows that differ in a name",
        (member("u5"), member("u5", role="aide", givenName="Ira")),
        tuple(no("RS202", "users", at, "sourcedId") for at in (5, 6)),
        {"users": (5, 3, 0, 2)},
    ),
    Case(
        "one bad role takes the user's other rows along",
        (member("u5"), member("u5", role="boss"), member("u5", role="aide")),
        (
            no("RS206", "users", 5, "sourcedId"),
            no("RS113", "users", 6, "role"),
            no("RS206", "users", 7, "sourcedId"),
        ),
        {"users": (6, 3, 0, 3)},
    ),
)

TWINS = tuple(no("RS203", "students", at, "username") for at in (4, 5))
ACROSS = (
    Case("one username for two, in any case", (ALONE, *PAIR), TWINS, people(4, 2)),
    Case(
        "one username for an active and an inactive person",
        (ALONE, PAIR[0], person("s4", username="twin", status="inactive")),
        (),
        people(4, 4),
    ),
    Case(
        "one username for an active person and one to be deleted",
        (ALONE, PAIR[0], person("s4", username="twin", status="tobedeleted")),
        (),
        people(4, 4),
    ),
    Case(
        "one username in both files",
        (ALONE, PAIR[0], member("u5", username="TWIN")),
        (no("RS203", "students", 4, "username"), no("RS203", "users", 5, "username")),
        {**people(3, 2), "users": (4, 3, 0, 1)},
    ),
    Case(
        "blank usernames are nobody's",
        (ALONE, member("u5"), member("u6")),
        (),
        {"users": (5, 5, 0, 0)},
    ),
    Case(
        "one e-mail for two, in any case",
        (ALONE, person("s3", email="A@b.de"), member("u5", email="a@B.de")),
        (say("RS204", "students", 4, "email"), say("RS204", "users", 5, "email")),
        {**people(3, 3), "users": (4, 4, 0, 0)},
    ),
    Case(
        "one person in both files, the same",
        (
            ALONE,
            lacks("users", "username"),
            person("s3"),
            row("users", "s3,active,true,Gus,Hill,o2,aide,,,,"),
        ),
        (),
        {**people(3, 3), "users": (4, 3, 1, 0)},
    ),
    Case(
        "one person in both files, differing",
        (
            ALONE,
            lacks("users", "username"),
            person("s3"),
            row("users", "s3,inactive,true,Guy,Hill,o2,aide,,,,"),
        ),
        (
            no("RS205", "students", 4, "givenName"),
            no("RS205", "students", 4, "status"),
            no("RS205", "users", 5, "givenName"),
            no("RS205", "users", 5, "status"),
        ),
        {**people(3, 2), "users": (4, 3, 0, 1)},
    ),
    Case(
        "many defects in one row",
        (
            ALONE,
            person(
                "s3",
                status="x",
                grades="99",
                givenName="",
                email="no",
                birthDate="2/3/11",
                primaryOrgSourcedId="o9",
                phone="1",
            ),
        ),
        (
            no("RS101", "students", 4, "givenName"),
            no("RS110", "students", 4, "status"),
            no("RS112", "students", 4, "grades"),
            no("RS116", "students", 4, "birthDate"),
            say("RS117", "students", 4, "email"),
            say("RS118", "students", 4, "phone"),
            no("RS250", "students", 4, "primaryOrgSourcedId"),
        ),
        people(3, 2),
    ),
    Case(
        "end before begin",
        (cells("enrollments", 2, endDate="2026-08-16"),),
        (no("RS120", "enrollments", 2, "endDate"),),
        {"enrollments": (3, 2, 0, 1)},
    ),
    Case("equal dates", (cells("enrollments", 2, endDate="2026-08-17"),)),
    Case("only an end", (cells("enrollments", 2, beginDate=""),)),
    Case(
        "end before begin by the day, whatever the time",
        (
            cells(
                "enrollments",
                2,
                endDate="2026-08-17T00:00Z",
                beginDate="2026-08-17T09:00Z",
            ),
        ),
    ),
    Case(
        "neither class nor course",
        (cells("enrollments", 4, courseSourcedId=""),),
        (no("RS101", "enrollments", 4, "classSourcedId"),),
        {"enrollments": (3, 2, 0, 1)},
    ),
    Case(
        "an agent who is the student",
        (row("agents", "s1,s1,self,,"),),
        (no("RS262", "agents", 4, "agentSourcedId"),),
        {"agents": (3, 2, 0, 1)},
    ),
    Case(
        "a student without any guardian",
        (person("s3"),),
        (note("RS263", "students", 4, None),),
        people(3, 3),
    ),
    Case(
        "the same, without a file of agents",
        (without("agents"), person("s3")),
        (),
        people(3, 3),
    ),
    Case(
        "the same, in a delta",
        (person("s3"),),
        (),
        people(3, 3),
        ("--delta",),
    ),
    Case(
        "a student delivered twice without a guardian",
        (person("s3"), person("s3")),
        (note("RS263", "students", 4, None), say("RS201", "students", 5, "sourcedId")),
        people(4, 3, 1),
    ),
    Case(
        "a link that has ended guards nobody",
        (cells("agents", 3, status="inactive"),),
        (note("RS263", "students", 3, None),),
    ),
    Case(
        "an active enrollment of an inactive person",
        (cells("students", 2, status="inactive"),),
        (say("RS264", "enrollments", 2, "userSourcedId"),),
    ),
    Case(
        "an enrollment of blank status of a person to be deleted",
        (cells("students", 3, status="tobedeleted"),),
        (say("RS264", "enrollments", 3, "userSourcedId"),),
    ),
    Case(
        "an ended enrollment of an inactive person",
        (
            cells("students", 2, status="inactive"),
            cells("enrollments", 2, status="inactive"),
        ),
    ),
    Case(
        "an enrollment of unreadable status of an inactive person",
        (cells("students", 2, status="inactive"), cells("enrollments", 2, status="on")),
        (no("RS110", "enrollments", 2, "status"),),
        {"enrollments": (3, 2, 0, 1)},
    ),
    Case(
        "rows to be deleted are right in bulk",
        (
            cells("students", 2, status="tobedeleted"),
            cells("agents", 2, status="tobedeleted"),
            cells("enrollments", 2, status="tobedeleted"),
        ),
    ),
)

CASES = (Case("nothing wrong", ()), *KEYS, *ACROSS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_drop_is_judged_exactly(case: Case, tmp_path: Path) -> None:
    judge(case, tmp_path)
