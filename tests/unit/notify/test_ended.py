from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sync.errors import ExitCode
from sync.notify import Ended
from sync.notify.ended import ENDINGS, Problem, worst
from tests.unit.notify.conftest import finding, operation

Make = Callable[..., Ended]

FAILED = {"state": "failed", "status": 422, "count": 3, "new": 1, "file": "s.csv"}
REFUSED = {"severity": "refused", "code": "RS050", "line": None}


def places(ended: Ended) -> list[tuple[str, str, int]]:
    return [(one.code, one.place, one.count) for one in worst(ended)[0]]


def test_every_exit_code_of_a_run_is_an_ending() -> None:
    assert {*ENDINGS} == {*ExitCode} - {ExitCode.CHANGES}


def test_the_worst_come_first_and_are_three(make_ended: Make) -> None:
    rows = [
        finding(severity="note", code="RS900"),
        finding(severity="warning", code="RS118"),
        finding(),
        finding(**REFUSED),
    ]
    ended = make_ended(rows=rows, tally=[operation(**FAILED)])
    told, more = worst(ended)
    assert [one.code for one in told] == ["RS050", "422", "RS117"]
    assert more == 1


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ([finding(), finding(code="RS112", new=True)], "RS112"),
        ([finding(), finding(code="RS112"), finding(code="RS112")], "RS112"),
        ([finding(), finding(), finding(code="RS112", new=True)], "RS112"),
        ([finding(code="RS118", severity="warning", new=True), finding()], "RS117"),
    ],
    ids=["the new one", "the more frequent one", "new before frequent", "worse first"],
)
def test_of_problems_that_are_as_bad(
    make_ended: Make, rows: list[dict[str, Any]], first: str
) -> None:
    assert places(make_ended(rows=rows))[0][0] == first


def test_one_mistake_in_several_columns_of_a_file_is_one_problem(
    make_ended: Make,
) -> None:
    rows = [finding(**REFUSED, column=name) for name in ("status", "role", "grades")]
    told, more = worst(make_ended(rows=rows))
    assert [(one.count, one.column, one.new) for one in told] == [(3, None, 0)]
    assert more == 0


@pytest.mark.parametrize(
    ("column", "told"),
    [("email", "email"), ("School ID", "School ID"), ("María López", None)],
)
def test_a_header_is_told_where_it_is_surely_one(
    make_ended: Make, column: str, told: str | None
) -> None:
    assert worst(make_ended(rows=[finding(column=column)]))[0][0].column == told


@pytest.mark.parametrize(
    ("row", "code", "what"),
    [
        (FAILED, "422", "update of students: failed"),
        (
            {"state": "in_doubt", "code": "timeout"},
            "timeout",
            "update of students: in doubt",
        ),
        (
            {"state": "skipped", "code": "drift"},
            "drift",
            "update of students: skipped",
        ),
        ({"state": "blocked"}, "unknown", "update of students: blocked"),
    ],
)
def test_what_was_not_made_is_a_problem(
    make_ended: Make, row: dict[str, Any], code: str, what: str
) -> None:
    (told,), _ = worst(make_ended(tally=[operation(**row)]))
    assert (told.code, told.what) == (code, what)


def test_what_was_made_is_no_problem(make_ended: Make) -> None:
    ended = make_ended(tally=[operation(), operation(state="not_reached")])
    assert worst(ended) == ([], 0)


def test_news_are_findings_that_matter_and_failures(make_ended: Make) -> None:
    rows = [
        finding(new=True),
        finding(new=True, severity="note"),
        finding(new=True, severity="warning"),
        finding(),
    ]
    assert make_ended(rows=rows, new_failures={"http": 2}).news == 4


def test_without_a_run_there_is_nothing_to_mend(not_begun: Ended) -> None:
    assert worst(not_begun) == ([], 0)
    assert not_begun.news == 0


def test_a_problem_without_a_file_has_no_place() -> None:
    assert Problem("warning", "RS413", "cut", None, 3, None, 1, 1, None).place == ""
