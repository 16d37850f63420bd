"""One mistake is one entry, with its consequences beneath it."""

from __future__ import annotations

import polars as pl

from sync.model.finding import FINDING_SCHEMA, Finding, Findings, Severity
from sync.report.causes import causes


def _grade(line: int) -> Finding:
    return Finding(
        "RS112",
        Severity.REJECTED,
        f"line {line}",
        entity="students",
        file="students.csv",
        line=line,
        column="grades",
        value="99",
        hint="use 01 to 13",
    )


def _fallen(line: int, because: int) -> pl.DataFrame:
    row = {
        "code": "RS301",
        "severity": "rejected",
        "file": "enrollments.csv",
        "line": line,
        "message": "its student was rejected",
        "cause_file": "students.csv",
        "cause_line": because,
        "cause_code": "RS112",
    }
    return pl.DataFrame([row], schema=FINDING_SCHEMA)


def test_the_same_mistake_in_many_rows_is_one_cause() -> None:
    (cause,) = causes(Findings.of(_grade(line) for line in range(10, 20)))

    assert (cause.place, cause.count, cause.more) == (
        "students.csv:10",
        10,
        (11, 12, 13),
    )
    assert cause.message == "line 10"


def test_consequences_are_counted_with_their_cause_and_are_none_themselves() -> None:
    found = Findings.from_frames(
        [
            Findings.of([_grade(4), _grade(9)]).frame,
            *(_fallen(line, because=9) for line in (2, 3, 5)),
        ]
    )

    (cause,) = causes(found)

    assert (cause.count, cause.consequences) == (2, 3)


def test_two_findings_of_one_row_count_its_consequences_once() -> None:
    twice = [_grade(9), _grade(9)]
    found = Findings.from_frames([Findings.of(twice).frame, _fallen(2, because=9)])

    assert sum(cause.consequences for cause in causes(found)) == 1


def test_refusals_come_first_and_then_what_most_rows_have() -> None:
    found = Findings.of(
        [
            Finding("RS900", Severity.NOTE, "n"),
            *(Finding("RS200", Severity.WARNING, "w") for _ in range(3)),
            _grade(1),
            *(Finding("RS113", Severity.REJECTED, "r", line=n) for n in (1, 2)),
            Finding("RS001", Severity.REFUSED, "x"),
        ]
    )

    assert [cause.code for cause in causes(found)] == [
        *("RS001", "RS113", "RS112", "RS200", "RS900"),
    ]


def test_known_findings_are_no_news() -> None:
    frame = Findings.of([_grade(1), _grade(2)]).frame
    dated = Findings(frame.with_columns(known=pl.Series([True, None])))

    assert [cause.line for cause in causes(dated, news=True)] == [2]
    assert [cause.count for cause in causes(dated)] == [2]


def test_a_finding_about_the_drop_names_the_drop() -> None:
    (cause,) = causes(Findings.of([Finding("RS001", Severity.REFUSED, "empty")]))

    assert cause.place == "the drop"
