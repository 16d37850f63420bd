from __future__ import annotations

import json
from typing import Any

import pytest

from sync.apply import blocked_by
from sync.errors import TargetError
from sync.model.entities import Entity
from sync.model.outcome import Outcome, State
from sync.model.request import Request
from tests.support.given import given

LINK = {"phase": 5, "needs": ["students:s", "users:u"]}
ENROLLMENT = {"phase": 6, "needs": ["students:s"]}


def test_the_journal_knows_of_a_request_before_it_leaves(apply: Any) -> None:
    rows = [apply.operation(f"students:{n}") for n in range(7)]
    with apply.bench(*rows) as bench:
        bench.send()
        assert bench.wire.states == ["sent"] * 7
        assert set(bench.states().values()) == {"done"}
    assert 1 < bench.wire.most_at_once <= 4


def test_phases_and_waves_follow_one_another(apply: Any) -> None:
    rows = [
        apply.operation("students:s", phase=9),
        apply.operation("enrollments:b", phase=6, wave=1),
        apply.operation("enrollments:c", phase=6, wave=0),
        apply.operation("users:u", phase=4),
    ]
    with apply.bench(*rows) as bench:
        bench.send()
    expected = ["users:u", "enrollments:c", "enrollments:b", "students:s"]
    assert bench.wire.sent == expected


@pytest.mark.parametrize(
    ("replies", "states", "sent"),
    [
        pytest.param(
            {},
            {"agents:l": "done", "enrollments:e": "done"},
            ["students:s", "users:u", "agents:l", "enrollments:e"],
            id="all is well",
        ),
        pytest.param(
            {"students:s": ["refused"]},
            {"agents:l": "blocked", "enrollments:e": "blocked", "users:u": "done"},
            ["students:s", "users:u"],
            id="refused",
        ),
        pytest.param(
            {"users:u": ["refused"]},
            {"agents:l": "blocked", "enrollments:e": "done"},
            ["students:s", "users:u", "enrollments:e"],
            id="only what depends on it",
        ),
        pytest.param(
            {"students:s": ["lost"]},
            {"students:s": "sent", "agents:l": "blocked", "enrollments:e": "blocked"},
            ["students:s", "users:u"],
            id="in doubt",
        ),
    ],
)
def test_what_depends_on_a_failed_operation_is_blocked_and_names_it(
    apply: Any, replies: dict[str, list[str]], states: dict[str, str], sent: list[str]
) -> None:
    rows = [
        apply.operation("students:s"),
        apply.operation("users:u"),
        apply.operation("agents:l", **LINK),
        apply.operation("enrollments:e", **ENROLLMENT),
    ]
    told = {one: [getattr(apply, name) for name in n] for one, n in replies.items()}
    with apply.bench(*rows, replies=told) as bench:
        bench.send()
        found = bench.states()
    assert {one: found[one] for one in states} == states
    assert bench.wire.sent == sent
    for one, outcome in bench.sender.outcomes.items():
        if outcome.state is State.BLOCKED:
            assert outcome.failure.code == "blocked"
            assert next(iter(replies)) in outcome.failure.message, one


def test_a_need_that_an_earlier_process_did_is_met(apply: Any) -> None:
    with apply.bench(apply.operation("enrollments:e", **ENROLLMENT)) as bench:
        bench.sender.outcomes["students:s"] = Outcome("students:s", State.DONE)
        bench.send()
        assert bench.states() == {"enrollments:e": "done"}


@pytest.mark.parametrize("state", [State.FAILED, State.SKIPPED, State.BLOCKED])
def test_a_need_that_an_earlier_process_did_not_do_blocks(
    apply: Any, state: State
) -> None:
    with apply.bench(apply.operation("enrollments:e", **ENROLLMENT)) as bench:
        bench.sender.outcomes["students:s"] = Outcome("students:s", state)
        bench.send()
        assert bench.states() == {"enrollments:e": "blocked"}


@pytest.mark.parametrize(
    ("given", "taken", "verb", "student", "enrollment", "remote_id"),
    [
        ("s", set(), "create", "done", "done", "s"),
        ("new", set(), "create", "done", "blocked", "new"),
        ("s", {"s"}, "create", "done", "done", "s"),
        ("other", {"other"}, "create", "failed", "blocked", None),
        ("other", {"other"}, "update", "done", "done", "other"),
    ],
)
def test_a_creation_answered_with_another_id(  # noqa: PLR0913, PLR0917 - a table
    apply: Any,
    given: str,
    taken: set[str],
    verb: str,
    student: str,
    enrollment: str,
    remote_id: str | None,
) -> None:
    rows = [
        apply.operation("students:s", verb=verb),
        apply.operation("enrollments:e", **ENROLLMENT),
    ]
    replies = {"students:s": [apply.given(given)]}
    with apply.bench(
        *rows, replies=replies, taken_ids={Entity.USERS: frozenset(taken)}
    ) as bench:
        bench.send()
        known = {row["id"]: row for row in bench.journal.states().to_dicts()}
    assert known["students:s"]["state"] == student
    assert known["students:s"]["remote_id"] == remote_id
    assert known["enrollments:e"]["state"] == enrollment
    if student == "failed":
        assert known["students:s"]["code"] == "id_of_another_person"
    elif enrollment == "blocked":
        assert "next run" in known["enrollments:e"]["message"]


ORG = {"phase": 0, "wave": 0}


@pytest.mark.parametrize(
    ("one", "facts"),
    [
        ("orgs:child", {"phase": 0, "wave": 1, "after": {"parentSourcedId": "o"}}),
        ("classes:c", {"phase": 3, "after": {"schoolSourcedId": "o"}}),
        ("students:s", {"phase": 4, "after": {"primaryOrgSourcedId": "o"}}),
        (
            "users:u",
            {"phase": 4, "verb": "update", "after": {"roles": "p\x1ft\x1fo"}},
        ),
        (
            "agents:l",
            {"phase": 5, "after": {}, "rest": {"person": {"roles": "p\x1ft\x1fo"}}},
        ),
        ("enrollments:e", {"phase": 6, "after": {"schoolSourcedId": "o"}}),
        ("classes:n", {"phase": 3, "needs": ["orgs:o"]}),
    ],
)
def test_what_names_a_place_that_was_given_another_id_waits_for_the_next_run(
    apply: Any, one: str, facts: dict[str, Any]
) -> None:
    told = {
        name: json.dumps(value) if name in {"after", "rest"} else value
        for name, value in facts.items()
    }
    free = apply.operation("classes:free", phase=3, after='{"schoolSourcedId":"p"}')
    rows = [apply.operation("orgs:o", **ORG), apply.operation(one, **told), free]
    with apply.bench(*rows, replies={"orgs:o": [apply.given("theirs")]}) as bench:
        bench.send()
        known = {row["id"]: row for row in bench.journal.states().to_dicts()}
    assert (known["orgs:o"]["state"], known["orgs:o"]["remote_id"]) == (
        "done",
        "theirs",
    )
    assert known["classes:free"]["state"] == "done"
    assert known[one]["state"] == "blocked"
    assert "orgs:o was given another id" in known[one]["message"]
    assert "next run" in known[one]["message"]


def test_a_student_is_not_written_with_a_guardian_whose_id_is_not_known(
    apply: Any,
) -> None:
    """What ends a link repeats the new ones, which wait."""
    rest = json.dumps({"agents": ["g"]})
    ends = {"verb": "remove", "phase": 8, "ends": True, "rest": rest, "after": "{}"}
    rows = [apply.operation("users:g"), apply.operation("agents:l", **ends)]
    with apply.bench(*rows, replies={"users:g": [apply.given("hers")]}) as bench:
        bench.send()
        assert bench.states() == {"users:g": "done", "agents:l": "blocked"}


@pytest.mark.parametrize(
    ("answer", "taken", "state", "code"),
    [
        ("new", {}, "done", None),
        ("other", {Entity.ORGS: frozenset({"other"})}, "failed", True),
        ("other", {Entity.COURSES: frozenset({"other"})}, "done", None),
        ("known", {Entity.ORGS: frozenset({"known"})}, "done", None),
    ],
)
def test_a_place_is_not_made_under_the_id_of_another_one(
    apply: Any,
    answer: str,
    taken: dict[Entity, frozenset[str]],
    state: str,
    code: bool | None,
) -> None:
    """The id that it was given before is its own."""
    row = apply.operation("orgs:o", **ORG)
    with apply.bench(
        row,
        replies={"orgs:o": [apply.given(answer)]},
        taken_ids=taken,
        ids=given(orgs={"o": "known"}),
    ) as bench:
        bench.send()
        (known,) = bench.journal.states().to_dicts()
        waits = state == "done" and answer != "known"
        assert bench.sender.renamed == ({"orgs:o"} if waits else set())
    assert known["state"] == state
    assert known["code"] == (code and "id_of_another_record")


def test_places_of_two_kinds_may_be_given_one_id(apply: Any) -> None:
    rows = [apply.operation("orgs:a", **ORG), apply.operation("courses:b", phase=2)]
    replies = {row["id"]: [apply.given("7")] for row in rows}
    with apply.bench(*rows, replies=replies) as bench:
        bench.send()
        assert bench.states() == {"orgs:a": "done", "courses:b": "done"}


def test_two_creations_are_not_answered_with_one_id(apply: Any) -> None:
    rows = [apply.operation("students:a"), apply.operation("students:b")]
    replies = {row["id"]: [apply.given("x")] for row in rows}
    with apply.bench(*rows, replies=replies) as bench:
        bench.send()
        assert sorted(bench.states().values()) == ["done", "failed"]


def test_the_id_of_an_enrollment_is_nobody_s(apply: Any) -> None:
    replies = {"enrollments:e": [apply.given("x")]}
    row = apply.operation("enrollments:e", phase=6)
    with apply.bench(
        row, replies=replies, taken_ids={Entity.USERS: frozenset({"x"})}
    ) as bench:
        bench.send()
        assert bench.states() == {"enrollments:e": "done"}


def test_a_batch_is_settled_item_by_item(apply: Any) -> None:
    both = Request("api", "POST", "/", operations=("students:a", "students:b"))
    rows = [
        apply.operation("students:a", request=both),
        apply.operation("students:b") | {"request": None},
    ]
    with apply.bench(*rows) as bench:
        bench.send()
        assert bench.wire.sent == ["students:a"]
        assert bench.states() == {"students:a": "done", "students:b": "done"}


def test_a_lane_has_one_request_in_flight(apply: Any) -> None:
    rows = [
        apply.operation(
            f"enrollments:{n}",
            request=Request(
                "api", "POST", "/", lanes=("course",), operations=(f"enrollments:{n}",)
            ),
        )
        for n in range(5)
    ]
    with apply.bench(*rows) as bench:
        bench.send()
    assert bench.wire.most_at_once == 1
    assert len(bench.wire.sent) == 5


def test_a_halted_wire_lets_nothing_more_leave(apply: Any) -> None:
    rows = [apply.operation(f"students:{n}", wave=n) for n in range(4)]
    with apply.bench(*rows) as bench:

        def stop() -> Any:
            bench.wire.halted = "signal SIGTERM"
            return apply.ok

        bench.wire.replies["students:1"] = [stop]
        bench.send()
        assert bench.states() == {
            "students:0": "done",
            "students:1": "done",
            "students:2": "planned",
            "students:3": "planned",
        }


def test_what_was_stopped_before_it_left_has_no_outcome(apply: Any) -> None:
    with apply.bench(apply.operation("students:s")) as bench:
        bench.wire.replies["students:s"] = [apply.stopped]
        bench.send()
        assert bench.sender.outcomes == {}


@pytest.mark.parametrize(
    ("count", "reply", "gives_up"),
    [(19, "down", False), (20, "down", True), (60, "refused", False)],
)
def test_twenty_failures_in_a_row_end_the_run(
    apply: Any, count: int, reply: str, gives_up: bool
) -> None:
    rows = [apply.operation(f"students:{n:02}") for n in range(count)]
    replies = {row["id"]: [getattr(apply, reply)] for row in rows}
    with apply.bench(*rows, replies=replies) as bench:
        if gives_up:
            with pytest.raises(TargetError, match="20 requests in a row"):
                bench.send()
        else:
            bench.send()
            assert set(bench.states().values()) == {"failed"}


@pytest.mark.parametrize(
    ("reply", "gives_up"), [("down", True), ("refused", False), ("ok", False)]
)
def test_a_failure_that_may_not_be_repeated_for_all_the_others_ends_the_run(
    apply: Any, reply: str, gives_up: bool
) -> None:
    rows = [apply.operation(f"students:{n}", wave=n) for n in range(2)]
    replies = {"students:0": [getattr(apply, reply)]}
    with apply.bench(*rows, replies=replies) as bench:
        bench.wire.overdrawn = True
        if gives_up:
            with pytest.raises(TargetError, match="may be repeated"):
                bench.send()
            assert bench.states() == {"students:0": "failed", "students:1": "planned"}
        else:
            bench.send()
            assert bench.states()["students:1"] == "done"


def test_progress_is_told_as_it_comes(apply: Any) -> None:
    told: list[int] = []
    rows = [
        apply.operation("students:s"),
        apply.operation("enrollments:e", **ENROLLMENT),
    ]
    replies = {"students:s": [apply.refused]}
    with apply.bench(*rows, replies=replies, advance=told.append) as bench:
        bench.send()
    assert told == [1, 1]


def test_a_blocked_operation_says_why() -> None:
    found = blocked_by("enrollments:e", "students:s was not done")
    assert (found.state, found.remote_id) == (State.BLOCKED, None)
    assert found.failure is not None
    assert found.failure.message == "students:s was not done"
