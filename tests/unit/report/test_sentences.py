"""The verdict in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from sync.model.finding import Finding, Findings, Severity
from sync.model.plan import Guard
from sync.model.renames import PROPOSAL_SCHEMA
from sync.report import PARTS, TALLY_SCHEMA, Account
from sync.report.sentences import (
    approval,
    duration,
    headline,
    remarks,
    since,
    when,
    worst_held,
    would,
)


def _made(planned: int, done: int, rejected: int = 0) -> dict[str, object]:
    operations = dict.fromkeys(PARTS["operations"], 0)
    operations.update(planned=planned, done=done, failed=planned - done)
    rows = {"read": rejected, "accepted": 0, "merged": 0, "rejected": rejected}
    entities = {"users": {"rows": rows, "operations": operations}}
    return {"entities": entities, "exit_code": int(rejected > 0 or done < planned)}


@pytest.mark.parametrize(
    ("outcome", "planned", "done", "said"),
    [
        ("done", 1932, 1932, "all 1,932 changes were made."),
        ("done", 1, 1, "the one change was made."),
        ("done", 2, 2, "both changes were made."),
        ("done", 0, 0, "nothing to change. "),
        ("partial", 10, 9, "9 of 10 changes were made."),
        ("partial", 10, 1, "1 of 10 changes was made."),
        ("refused", 0, 0, "the drop was refused, and nothing was written."),
        ("held", 5, 0, "held. Nothing was written; 5 changes wait for your approval."),
        ("preview", 5, 0, "a preview. 5 changes would be made; nothing was written."),
        ("preview", 0, 0, "a preview. There is nothing to change."),
        ("interrupted", 5, 2, "stopped before the end, after 2 of 5 changes."),
        ("target_failed", 5, 2, "the remote system failed after 2 of 5 changes."),
        ("target_failed", 5, 0, "the remote system failed, and nothing is known"),
    ],
)
def test_the_headline_says_how_it_ended(
    make_account: Callable[..., Account],
    outcome: str,
    planned: int,
    done: int,
    said: str,
) -> None:
    account = make_account(outcome=outcome, **_made(planned, done))

    assert headline(account).startswith(f"Night of 21 Nov, district: {said}")


@pytest.mark.parametrize(
    ("aside", "said"),
    [
        (0, "already holds what the drop says."),
        (1, "1 row is set aside; the remote system already holds what the others say."),
        (5, "nothing to change, because every row of the drop is set aside."),
    ],
)
def test_what_is_set_aside_is_not_said_to_be_held(
    make_account: Callable[..., Account], aside: int, said: str
) -> None:
    counts = {
        "rows": {"read": 5, "accepted": 5, "merged": 0, "rejected": 0},
        "diff": dict.fromkeys(PARTS["diff"], 0)
        | {"unchanged": 5 - aside, "unsupported": aside},
        "operations": dict.fromkeys(PARTS["operations"], 0),
    }
    account = make_account(entities={"users": counts}, exit_code=0)
    assert headline(account).endswith(said)


@pytest.mark.parametrize(
    ("rejected", "said"),
    [
        (1, "1 row was rejected and changed nothing."),
        (3, "3 rows were rejected and changed nothing."),
    ],
)
def test_rejected_rows_are_remarked_upon(
    make_account: Callable[..., Account], rejected: int, said: str
) -> None:
    assert said in remarks(make_account(**_made(0, 0, rejected)))


def test_what_was_not_made_is_remarked_upon(
    make_account: Callable[..., Account],
) -> None:
    said = remarks(make_account())

    assert "1 change failed." in said
    assert "1 change was blocked by another that failed." in said
    assert "1 field did not read back as written." in said


def test_a_preview_has_made_nothing_and_remarks_nothing_upon_it(
    make_account: Callable[..., Account],
) -> None:
    assert remarks(make_account(outcome="preview", **_made(4, 0))) == []


def test_sums_that_do_not_hold_are_an_alarm(
    make_account: Callable[..., Account],
) -> None:
    account = make_account(entities={"users": {"rows": {"read": 3}}})

    assert remarks(account)[-1].startswith("This report does not balance: 1 sum does")


TRIPPED = Guard("removals", None, None, 1, 2, "5 %", True, "m")


@pytest.mark.parametrize(
    "fields",
    [
        {"guards": (replace(TRIPPED, tripped=False),)},
        {"guards": ()},
        {"plan": None},
        {"digest": None},
        {"approved": {"user": "kim"}},
    ],
)
def test_only_a_held_and_stored_plan_can_be_approved(
    make_account: Callable[..., Account], fields: dict[str, object]
) -> None:
    held = {"guards": (TRIPPED,), "approved": None, **fields}

    assert approval(make_account(**held)) is None


def test_what_lets_a_held_plan_through_is_one_command(
    make_account: Callable[..., Account],
) -> None:
    assert approval(make_account(guards=(TRIPPED,), approved=None)) == (
        "roster-sync apply plan.rsplan --approve 3f9a3f9a3f9a"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (12.4, "12 s"),
        (119, "119 s"),
        (180, "3 min"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
    ],
)
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("hour", "said"),
    [(2, "Night of 3 May"), (18, "Night of 3 May"), (14, "3 May, 14:05")],
)
def test_only_a_run_by_night_is_a_night(hour: int, said: str) -> None:
    assert when(datetime(2026, 5, 3, hour, 5, tzinfo=UTC)) == said


@pytest.mark.parametrize(
    ("outcome", "planned", "said"),
    [
        ("done", 3, "takes back run r-1: all 3 changes were made."),
        ("preview", 0, "takes back run r-1: a preview. There is nothing to change."),
        ("done", 0, "takes back run r-1: nothing to change. What that run did is not"),
    ],
)
def test_the_headline_of_an_undo_says_what_it_takes_back(
    make_account: Callable[..., Account], outcome: str, planned: int, said: str
) -> None:
    account = make_account(outcome=outcome, undoes="r-1", **_made(planned, planned))
    assert headline(account).startswith(f"Night of 21 Nov, district: {said}")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("done", "2 ids that have changed accepted, as somebody has confirmed."),
        ("held", "2 ids that have changed would be accepted, as somebody has"),
        ("refused", "2 ids that have changed confirmed by somebody: not accepted"),
        ("target_failed", "2 ids that have changed confirmed by somebody: not"),
    ],
)
def test_only_a_run_that_ends_well_has_accepted_what_was_confirmed(
    make_account: Callable[..., Account], outcome: str, said: str
) -> None:
    found = remarks(make_account(outcome=outcome, accepted=2))
    assert next(one for one in found if "ids that" in one).startswith(said)


def _aside(**parts: int) -> dict[str, object]:
    rows = {"read": 9, "accepted": 9, "merged": 0, "rejected": parts.pop("rejected", 0)}
    diff = dict.fromkeys(PARTS["diff"], 0) | parts
    operations = dict.fromkeys(PARTS["operations"], 0)
    sections = {"rows": rows, "diff": diff, "operations": operations}
    return {"entities": {"users": sections}, "findings": Findings.none()}


def _pairs(people: int) -> pl.DataFrame:
    row = dict.fromkeys(PROPOSAL_SCHEMA)
    rows = [row | {"new": f"n-{n}", "clear": True} for n in range(people)]
    return pl.DataFrame(rows, PROPOSAL_SCHEMA)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (_aside(rejected=2), "nothing was changed; 2 rows were rejected."),
        (_aside(frozen=1), "nothing was changed; 1 row waits."),
        (
            _aside(proposed=3) | {"proposals": _pairs(3)},
            "nothing was changed; 3 people wait.",
        ),
        (
            _aside()
            | {"findings": Findings.of([Finding("RS413", Severity.WARNING, "m")])},
            "nothing was changed; the last rows of a file are missing.",
        ),
        (_aside(), "nothing was changed; not everything is as it should be."),
    ],
)
@pytest.mark.parametrize("outcome", ["partial", "preview"])
def test_where_something_waits_nothing_is_said_to_be_as_the_drop_says(
    make_account: Callable[..., Account],
    fields: dict[str, object],
    said: str,
    outcome: str,
) -> None:
    text = headline(make_account(outcome=outcome, exit_code=1, **fields))
    if outcome == "preview":
        said = said.replace("nothing was", "a preview. Nothing would be", 1)
    assert text.endswith(f"district: {said}")


def _guard(name: str, count: int, limit: str = "5 %") -> Guard:
    return Guard(name, "users", None, count, 2000, limit, True, "m", ("u-1",))


def test_of_several_guards_a_line_names_the_worst_loss() -> None:
    guards = (
        _guard("first_run", 2000, "hold"),
        _guard("updates", 1900),
        _guard("removals", 1272),
        replace(_guard("removals", 2000), tripped=False),
    )
    assert worst_held(guards) == (
        "removals of users: 1,272 of 2,000, the limit is 5 %; such as u-1; "
        "and by 2 more guards (updates, first_run)"
    )
    assert worst_held(guards[2:]) == "removals of users: m; such as u-1"


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ((True, True), "3 rows were rejected and changed nothing, as is known."),
        (
            (True, False),
            "3 rows were rejected and changed nothing; 1 finding is not known.",
        ),
        ((False, False), "3 rows were rejected and changed nothing."),
    ],
)
def test_rows_that_somebody_accepted_are_called_known(
    make_account: Callable[..., Account], known: tuple[bool, ...], said: str
) -> None:
    account = make_account(**_made(0, 0, 3))
    frame = pl.concat([account.findings.frame] * len(known))
    marked = Findings(frame.with_columns(known=pl.Series(known)))
    assert said in remarks(replace(account, findings=marked))


@pytest.mark.parametrize(
    ("new", "failures", "said"),
    [
        ((True, True), (3, 3), []),
        (
            (False,),
            (0, 0),
            ["The finding was there the last night too: nothing is new."],
        ),
        (
            (False, False),
            (2, 0),
            [
                "All 2 findings were there the last night too: nothing is new.",
                "All 2 failures were there the last night too: nothing is new.",
            ],
        ),
        (
            (True, False, False),
            (2, 1),
            [
                "1 of 3 findings is new; 2 others were there the last night too.",
                "1 of 2 failures is new; 1 other was there the last night too.",
            ],
        ),
    ],
)
def test_what_is_new_is_told_from_what_was_there(
    make_account: Callable[..., Account],
    new: tuple[bool, ...],
    failures: tuple[int, int],
    said: list[str],
) -> None:
    account = make_account(failures={"a": failures[0]}, new_failures={"a": failures[1]})
    frame = pl.concat([account.findings.frame] * len(new))
    marked = Findings(frame.with_columns(new=pl.Series(new)))
    told = remarks(replace(account, findings=marked))
    assert [one for one in told if "the last night" in one] == said


def test_a_held_plan_says_entity_by_entity_what_it_would_do(
    make_account: Callable[..., Account],
) -> None:
    rows = [
        {"entity": entity, "verb": verb, "state": "not_reached", "count": count}
        for entity, verb, count in (
            ("agents", "remove", 2),
            ("students", "create", 1),
            ("students", "remove", 1041),
        )
    ]
    tally = pl.DataFrame(rows, schema=TALLY_SCHEMA)
    assert would(make_account(tally=tally)) == [
        "students: create 1, remove 1,041",
        "agents: remove 2",
    ]


@pytest.mark.parametrize(
    ("day", "said"),
    [("2026-10-22", "22 Oct"), (None, ""), ("", ""), ("no day", "no day")],
)
def test_a_day_is_said_as_people_say_it(day: str | None, said: str) -> None:
    assert since(day) == said
