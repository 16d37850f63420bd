"""Findings of earlier stages: their rows are rejected, and nothing is said twice."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model.finding import Finding, Findings, Severity


def untranslated(
    column: str | None, line: int | None = 2, severity: Severity = Severity.REJECTED
) -> Findings:
    finding = Finding(
        "RS060",
        severity,
        "the mapping does not say what this value means",
        entity="students",
        file="students.csv",
        line=line,
        column=column,
        value="Z",
    )
    return Findings.of([finding])


@pytest.mark.parametrize("column", ["status", "email", None])
def test_a_row_that_mapping_rejected_is_rejected_without_saying_so_again(
    school: Any, column: str | None
) -> None:
    blank = {} if column is None else {column: ""}
    tables = {
        "students": [school.student(**blank), school.student("s2")],
        "enrollments": [school.enrollment(), school.enrollment("e2", "s2")],
    }
    judged = school.judge(tables, earlier=untranslated(column))
    assert judged.short == [("RS260", "enrollments", 2, "userSourcedId")]
    assert judged.one("RS260")["cause_code"] == "RS060"
    assert judged.counts("students") == (2, 1, 0, 1)
    assert judged.roster.frozen_people.to_list() == ["s1"]


def test_a_key_that_mapping_could_not_make_is_unreadable(school: Any) -> None:
    tables = {"students": [school.student("")]}
    judged = school.judge(tables, earlier=untranslated("sourcedId"))
    assert judged.short == []
    assert judged.roster.no_removals == {"students"}


@pytest.mark.parametrize(
    "earlier",
    [untranslated("status", line=None), untranslated("status", 2, Severity.WARNING)],
)
def test_other_findings_of_mapping_reject_no_row(
    school: Any, earlier: Findings
) -> None:
    judged = school.judge({"students": [school.student()]}, earlier=earlier)
    assert judged.counts("students") == (1, 1, 0, 0)
