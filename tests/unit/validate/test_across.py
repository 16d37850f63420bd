"""Guardians and attendance."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model.finding import Severity


def test_a_student_cannot_be_their_own_guardian(school: Any) -> None:
    judged = school.judge({"agents": [school.agent("s1", "s1"), school.agent()]})
    assert judged.short == [("RS262", "agents", 2, "agentSourcedId")]
    assert judged.roster.frozen.rows() == [("agents", "s1/s1")]
    assert judged.roster.no_removals == frozenset()


@pytest.mark.parametrize(
    ("link", "delta", "status", "noted"),
    [
        ({}, (), "active", False),
        ({"studentSourcedId": "s2"}, (), "active", True),
        ({"studentSourcedId": "s2"}, ("agents",), "active", False),
        ({"studentSourcedId": "s2"}, (), "tobedeleted", False),
        ({"status": "tobedeleted"}, (), "active", True),
        ({"status": ""}, (), "active", False),
    ],
)
def test_a_student_without_any_guardian_is_noted(
    school: Any, link: dict[str, str], delta: tuple[str, ...], status: str, noted: bool
) -> None:
    tables = {
        "students": [school.student(status=status)],
        "agents": [school.agent(**link), school.agent("s2")],
    }
    judged = school.judge(tables, delta=delta)
    notes = judged.findings.of_severity(Severity.NOTE)
    assert notes.select("code", "file", "line", "column").rows() == (
        [("RS263", "students.csv", 2, None)] if noted else []
    )


def test_without_a_file_of_agents_no_guardian_is_missed(school: Any) -> None:
    assert school.judge({"students": [school.student()]}).short == []


@pytest.mark.parametrize(
    ("person", "cells", "warned"),
    [
        ("active", {}, False),
        ("inactive", {}, True),
        ("tobedeleted", {}, True),
        ("inactive", {"status": "active"}, True),
        ("inactive", {"status": ""}, True),
        ("inactive", {"status": "tobedeleted"}, False),
        ("inactive", {"status": "inactive"}, False),
    ],
)
def test_an_active_enrollment_of_somebody_who_is_not_is_a_warning(
    school: Any, person: str, cells: dict[str, str], warned: bool
) -> None:
    tables = {
        "students": [school.student(status=person)],
        "enrollments": [school.enrollment(**cells)],
    }
    judged = school.judge(tables)
    expected = [("RS264", "enrollments", 2, "userSourcedId")] if warned else []
    assert judged.short == expected
    assert judged.counts("enrollments") == (1, 1, 0, 0)
