from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sync.errors import ExitCode
from sync.notify import Ended
from sync.notify.text import WIDE, body, subject
from tests.unit.notify.conftest import CANARY, GUARD, finding, operation

Make = Callable[..., Ended]


@pytest.mark.parametrize(
    ("code", "outcome", "said"),
    [
        (ExitCode.DONE, "done", "done, 4 changes, 1 new problem"),
        (
            ExitCode.PARTIAL,
            "partial",
            "done in part, 4 changes, 2 rows rejected, 1 new problem",
        ),
        (ExitCode.USAGE, "refused", "refused, nothing was written"),
        (ExitCode.REFUSED, "refused", "refused, nothing was written"),
        (ExitCode.HELD, "held", "held, 7 changes wait for approval"),
        (ExitCode.TARGET_FAILED, "target_failed", "the target failed"),
        (ExitCode.INTERRUPTED, "interrupted", "interrupted"),
        (ExitCode.LOCAL_FAILED, "interrupted", "this machine failed"),
    ],
)
def test_the_subject_says_how_it_ended(
    make_ended: Make, code: ExitCode, outcome: str, said: str
) -> None:
    ended = make_ended(code, [finding(new=True)], outcome=outcome)
    assert subject(ended) == f"roster-sync: district: {said}"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (ExitCode.LOCKED, "locked"),
        (ExitCode.USAGE, "not begun"),
        (ExitCode.LOCAL_FAILED, "this machine failed"),
    ],
)
def test_a_run_that_did_not_come_into_being_is_told(
    not_begun: Ended, code: ExitCode, said: str
) -> None:
    ended = replace(not_begun, exit_code=code)
    assert subject(ended) == f"roster-sync: district: {said}"
    first = "district is in the hands of run r"
    assert body(ended).startswith(f"district, {said}: target {first}")


def test_a_bad_night_is_told_whole(make_ended: Make) -> None:
    rows = [finding(), finding(line=9, new=True, since="2026-11-21")]
    failed = operation(state="failed", status=422, count=3, new=0)
    assert body(make_ended(rows=rows, tally=[operation(), failed])) == (
        """Night of 21 Nov, district: 4 of 7 changes were made.
2 rows were rejected and changed nothing.
3 changes failed.
1 of 2 findings is new; 1 other was there the last night too.

          rows  rejected  planned  done  failed
students    14         2        7     4       3

To mend:
  failed 422
    update of students: failed; 3 of them, not new
  students.csv:7: rejected RS117, column email
    not an e-mail address; 2 of them, 1 new

run     20261121T080003Z-district-7f3a
report  /var/state/runs/x/report.html
host    sis01
"""
    )


def test_a_held_plan_is_told_with_what_it_does_and_what_lets_it_through(
    held: Ended,
) -> None:
    text = body(held)
    plan = "/var/state/runs/x/plan.rsplan"
    program = "  roster-sync --config /etc/roster-sync.toml"
    assert "held by removals of students in one group: 41 of 203, the limit" in text
    assert "  students: create 3, remove 41\n" in text
    assert f"{program} show {plan}\n" in text
    assert "let exactly this plan through until 22 Nov, 02:00:\n" in text
    assert f"{program} apply {plan} --approve 3f9a3f9a3f9a\n" in text


def test_a_rule_that_holds_any_plan_says_which(held: Ended) -> None:
    assert held.account is not None
    guard = replace(GUARD, name="first_run", message="this target was never synced")
    account = replace(held.account, guards=(guard,))
    said = "held by first_run: this target was never synced\n"
    assert said in body(replace(held, account=account))


@pytest.mark.parametrize(
    ("code", "outcome", "told"),
    [
        (ExitCode.TARGET_FAILED, "target_failed", True),
        (ExitCode.INTERRUPTED, "interrupted", True),
        (ExitCode.LOCAL_FAILED, "interrupted", True),
        (ExitCode.PARTIAL, "partial", False),
        (ExitCode.REFUSED, "refused", False),
        (ExitCode.USAGE, "refused", False),
    ],
)
def test_the_reason_is_told_where_it_can_name_nobody(
    make_ended: Make, code: ExitCode, outcome: str, *, told: bool
) -> None:
    why = "no token: 401; ask ana@school.example"
    text = body(make_ended(code, outcome=outcome, advice=why))
    assert ("no token: 401; ask …@…" in text) is told
    assert "ana@" not in text


def test_nothing_of_a_roster_is_told(held: Ended, make_ended: Make) -> None:
    rows = [finding(code=f"RS{n}") for n in range(101, 109)]
    for ended in (held, make_ended(rows=rows), make_ended(ExitCode.REFUSED, rows)):
        assert CANARY not in subject(ended) + body(ended)


def test_lines_are_no_longer_than_a_screen_but_for_commands_and_paths(
    held: Ended, make_ended: Make
) -> None:
    rows = [finding(code=f"RS{n}", file=f"f{n}.csv") for n in range(101, 109)]
    for text in (body(held), body(make_ended(rows=rows))):
        long = [line for line in text.splitlines() if len(line) > WIDE]
        assert all(line.startswith("  roster-sync ") for line in long)


def test_a_file_name_cannot_forge_a_line(make_ended: Make) -> None:
    forged = "a\nrun  other\x1b[31m.csv"
    text = body(make_ended(rows=[finding(file=forged)]))
    assert "\x1b" not in text
    assert "\nrun  other" not in text
