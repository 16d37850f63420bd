"""The keys of rows, those given to enrollments above all."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from sync.validate.keys import NAMESPACE


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        ({}, "s1/c1/student"),
        ({"role": "STUDENT"}, "s1/c1/student"),
        ({"classSourcedId": "c/1%"}, "s1/c%2F1%25/student"),
        ({"courseSourcedId": "k1", "schoolSourcedId": "o1"}, "s1/c1/student"),
        (
            {"classSourcedId": "", "courseSourcedId": "k1", "schoolSourcedId": "o1"},
            "s1/k1/o1/student",
        ),
        ({"classSourcedId": "", "courseSourcedId": "k1"}, "s1/k1//student"),
    ],
)
def test_an_enrollment_without_an_identifier_gets_a_uuid(
    school: Any, cells: dict[str, str], name: str
) -> None:
    row = school.enrollment("", **cells)
    frame = school.judge({"enrollments": [row]}).roster.frames["enrollments"]
    expected = str(uuid.uuid5(NAMESPACE, name))
    assert frame.select("sourcedId", "_key").rows() == [(expected, expected)]


def test_the_namespace_never_changes() -> None:
    assert str(NAMESPACE) == "5830150c-b10b-59fc-88d9-74f822901f37"


def test_a_file_without_the_column_is_unique_by_user_class_and_role(
    school: Any,
) -> None:
    rows = [
        {n: c for n, c in row.items() if n != "sourcedId"}
        for row in (
            school.enrollment(primary="true"),
            school.enrollment(primary="yes"),
            school.enrollment(role="aide"),
            school.enrollment(classSourcedId="c2"),
            school.enrollment(classSourcedId="c2", primary="false"),
        )
    ]
    judged = school.judge({"enrollments": rows})
    assert [one[:3] for one in judged.short] == [
        ("RS201", "enrollments", 3),
        ("RS202", "enrollments", 5),
        ("RS202", "enrollments", 6),
    ]
    assert judged.one("RS201")["column"] is None
    assert judged.counts("enrollments") == (5, 2, 1, 2)


def test_an_enrollment_whose_role_cannot_be_read_has_no_key_to_give(
    school: Any,
) -> None:
    bad = school.enrollment("", role="pupil")
    judged = school.judge({"enrollments": [school.enrollment("e9"), bad]})
    assert judged.roster.frozen.is_empty()
    assert judged.roster.no_removals == {"enrollments"}
