"""How sending ends before all is sent, and what is left as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio
import polars as pl
import pytest

from sync.apply import send_plan, settle_doubt
from sync.apply.doubt import ROUNDS
from sync.apply.run import _first
from sync.errors import LocalError, TargetError
from sync.model.entities import Entity
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Request
from sync.wire import HALTED, LONGEST_HINT, PAUSED

ONE = "students:s"
SEATS = [f"enrollments:{n}" for n in range(4)]


def seats(apply: Any, **facts: Any) -> list[dict[str, Any]]:
    """Four operations of one wave that are one request, told at the first of them."""
    request = Request("api", "POST", "/batch", operations=tuple(SEATS), **facts)
    rows = [apply.operation(one, phase=6, request=request) for one in SEATS]
    return [rows[0], *(row | {"request": None} for row in rows[1:])]


def test_a_journal_that_cannot_be_written_ends_the_run_with_its_own_error(
    apply: Any,
) -> None:
    rows = [apply.operation(f"students:{n}") for n in range(4)]
    with apply.bench(*rows) as bench:

        async def full(_ids: Sequence[str]) -> None:
            message = "the disk is full"
            raise LocalError(message)

        bench.journal.sent = full
        with pytest.raises(LocalError, match="the disk is full"):
            bench.send()
        assert bench.wire.sent == []


def test_of_several_errors_ours_is_told_and_else_the_first() -> None:
    ours, theirs, other = LocalError("ours"), OSError("theirs"), ValueError("other")
    nested = BaseExceptionGroup("a", [theirs, BaseExceptionGroup("b", [other, ours])])
    assert _first(nested) is ours
    assert _first(BaseExceptionGroup("a", [theirs, other])) is theirs
    assert _first(BaseExceptionGroup("a", [BaseExceptionGroup("b", [other])])) is other


PAUSES = [
    Failure(FailureKind.RETRY, 429, "throttled", "", retry_after=LONGEST_HINT + 1),
    Failure(FailureKind.RETRY, None, PAUSED, "", retry_after=1),
]


@pytest.mark.parametrize("failure", PAUSES, ids=["the hint", "of another request"])
def test_too_long_a_pause_ends_the_run_and_what_was_sent_is_in_the_journal(
    apply: Any, failure: Failure
) -> None:
    rows = [apply.operation(ONE), apply.operation("enrollments:e", phase=6)]
    with apply.bench(*rows, replies={ONE: [failure]}) as bench:
        with pytest.raises(TargetError, match="a pause of more than") as caught:
            bench.send()
        assert caught.value.do == "run again later"
        assert bench.wire.sent == [ONE]
        assert bench.states() == {ONE: "failed", "enrollments:e": "planned"}


def test_a_hint_that_is_not_too_long_ends_nothing(apply: Any) -> None:
    failure = replace(PAUSES[0], retry_after=LONGEST_HINT)
    with apply.bench(apply.operation(ONE), replies={ONE: [failure]}) as bench:
        bench.send()
        assert bench.states() == {ONE: "failed"}


def test_a_pause_before_it_left_gives_no_outcome(
    apply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pauses(_wire: Any, _request: Request, **_: Any) -> Failure:
        return PAUSES[1]

    with apply.bench(apply.operation(ONE)) as bench:
        monkeypatch.setattr(type(bench.wire), "send", pauses)
        with pytest.raises(TargetError):
            bench.send()
        assert bench.states() == {ONE: "planned"}
        assert bench.sender.outcomes == {}


def test_what_was_stopped_in_doubt_is_in_doubt(apply: Any) -> None:
    stopped = Failure(FailureKind.FATAL, None, HALTED, "stopped", in_doubt=True)
    with apply.bench(apply.operation(ONE), replies={ONE: [stopped]}) as bench:
        bench.send()
        assert bench.states() == {ONE: "sent"}


def test_after_giving_up_nothing_more_of_a_wave_is_sent(apply: Any) -> None:
    rows = [apply.operation(f"students:{n:02}") for n in range(12)]
    with apply.bench(*rows, replies={"students:00": [PAUSES[0]]}) as bench:
        with pytest.raises(TargetError):
            bench.send()
        sent = len(bench.wire.sent)
        assert sent <= bench.wire.limits.concurrency * 2
        assert sorted(bench.states().values()).count("planned") == 12 - sent


def test_after_giving_up_the_parts_of_a_batch_are_not_sent(apply: Any) -> None:
    refused = Failure(FailureKind.SPLIT, 400, "batch", "one of them is wrong")
    with apply.bench(*seats(apply), batched=True) as bench:

        def judge(request: Request) -> Failure:
            return refused if len(request.operations) > 2 else PAUSES[0]

        bench.wire.judge = judge
        with pytest.raises(TargetError):
            bench.send()
        assert [len(one) for one in bench.wire.batches] == [4, 2]


@pytest.mark.parametrize(("repeatable", "requests"), [(False, 1), (True, 7)])
def test_a_batch_in_doubt_is_sent_in_parts_only_where_it_may_be_repeated(
    apply: Any, repeatable: bool, requests: int
) -> None:
    lost = Failure(FailureKind.SPLIT, 400, "cut", "no answer", in_doubt=True)
    rows = seats(apply, repeatable=repeatable)
    with apply.bench(*rows, batched=True) as bench:
        bench.wire.judge = lambda _: lost
        bench.send()
        assert len(bench.wire.batches) == requests
        assert set(bench.states().values()) == {"sent"}


def test_of_a_batch_the_others_of_which_are_done_the_rest_is_composed_anew(
    apply: Any,
) -> None:
    with apply.bench(*seats(apply), batched=True) as bench:
        bench.operations = bench.operations.head(2)
        bench.send()
        assert bench.wire.batches == [tuple(SEATS[:2])]


def conflict(**facts: Any) -> Failure:
    return Failure(FailureKind.REJECT, 409, "conflict", "it is there", **facts)


def with_other(other: Request | None) -> Request:
    return Request(
        "api",
        "POST",
        "/s",
        operations=(ONE,),
        otherwise=other,
        otherwise_on=(409,),
    )


@pytest.mark.parametrize(
    ("other", "failure", "state", "methods"),
    [
        (None, conflict(), "failed", ["POST"]),
        (
            Request("api", "PUT", "/s", operations=(ONE,)),
            conflict(in_doubt=True),
            "sent",
            ["POST"],
        ),
        (
            Request("api", "PUT", "/s", operations=(ONE,)),
            replace(conflict(), status=422),
            "failed",
            ["POST"],
        ),
    ],
    ids=["there is none", "in doubt", "another status"],
)
def test_the_other_verb_is_not_sent(
    apply: Any, other: Request | None, failure: Failure, state: str, methods: list[str]
) -> None:
    """Nobody has been asked whether the record changed: the default says no."""
    row = apply.operation(ONE, request=with_other(other))
    with apply.bench(row, replies={ONE: [failure]}) as bench:
        bench.send()
        assert bench.states() == {ONE: state}
        assert [one.method for one in bench.wire.requests] == methods
        assert bench.sender.notes == []


def test_the_other_verb_that_was_stopped_leaves_the_first_in_doubt(apply: Any) -> None:
    other = Request("api", "PUT", "/s", operations=(ONE,))
    row = apply.operation(ONE, request=with_other(other))
    replies = {ONE: [conflict(), apply.stopped]}
    with apply.bench(row, replies=replies) as bench:
        bench.send()
        assert bench.states() == {ONE: "sent"}
        assert ONE not in bench.sender.outcomes


def test_an_enrollment_may_be_given_an_id_that_nobody_has(apply: Any) -> None:
    row = apply.operation("enrollments:e", phase=6)
    taken = {Entity.ENROLLMENTS: frozenset({"somebody's"})}
    replies = {"enrollments:e": [apply.given("new")]}
    with apply.bench(row, replies=replies, taken_ids=taken) as bench:
        bench.send()
        assert bench.states() == {"enrollments:e": "done"}
        assert bench.sender.renamed == set()


@pytest.mark.parametrize(
    ("own", "renamed"), [("s", set()), ("another", {ONE})], ids=["ours", "another"]
)
def test_what_is_found_under_an_id_of_the_target_is_done(
    apply: Any, own: str, renamed: set[str]
) -> None:
    rows = [apply.operation(ONE), apply.operation("enrollments:e", phase=6)]
    with apply.bench(*rows) as bench:
        anyio.run(bench.journal.sent, [ONE, "enrollments:e"])
        anyio.run(bench.sender.found, {ONE: own, "enrollments:e": "x"})
        assert bench.sender.renamed == renamed
        told = bench.journal.states().select("id", "state", "remote_id").rows()
        assert told == [("enrollments:e", "done", "x"), (ONE, "done", own)]


def test_what_has_a_twin_is_not_sent_again(apply: Any) -> None:
    rows = [apply.operation(f"students:{n}") for n in range(2)]
    replies = {f"students:{n}": [apply.lost] for n in range(2)}

    async def wrong(operations: pl.DataFrame) -> pl.DataFrame:
        return operations

    async def twins(operations: pl.DataFrame) -> Mapping[str, str]:
        return {one: "theirs" for one in operations["id"] if one.endswith("0")}

    with apply.bench(*rows, replies=replies) as bench:
        anyio.run(send_plan, bench.sender, bench.operations, wrong, twins)
        assert bench.wire.sent.count("students:0") == 1
        assert bench.wire.sent.count("students:1") == 2
        assert set(bench.states().values()) == {"done"}


JUDGED = Failure(FailureKind.RETRY, 200, "later", "", in_doubt=True, of_item=True)


@pytest.mark.parametrize(
    ("last", "state"), [({ONE}, "failed"), (set[str](), "done")], ids=["wrong", "there"]
)
def test_what_was_judged_each_time_is_read_once_more_and_settled(
    apply: Any, last: set[str], state: str
) -> None:
    readings = [{ONE}] * ROUNDS + [last]

    async def read(operations: pl.DataFrame) -> pl.DataFrame:
        return operations.filter(pl.col("id").is_in(list(readings.pop(0))))

    with apply.bench(apply.operation(ONE), replies={ONE: [JUDGED] * 9}) as bench:
        anyio.run(send_plan, bench.sender, bench.operations, read)
        assert bench.states() == {ONE: state}
    assert readings == []
    assert len(bench.wire.sent) == ROUNDS + 1


def test_what_was_judged_is_left_in_doubt_where_the_run_is_stopped(apply: Any) -> None:
    asked = []

    async def read(operations: pl.DataFrame) -> pl.DataFrame:
        asked.append(operations.height)
        return operations

    with apply.bench(apply.operation(ONE)) as bench:

        def last() -> Failure:
            if len(bench.wire.sent) == ROUNDS + 1:
                bench.wire.halted = "deadline"
            return JUDGED

        bench.wire.replies[ONE] = [last] * 9
        anyio.run(send_plan, bench.sender, bench.operations, read)
        assert bench.states() == {ONE: "sent"}
    assert asked == [1] * ROUNDS


def test_of_a_wave_in_doubt_only_what_was_judged_is_settled(apply: Any) -> None:
    rows = [apply.operation(f"students:{n}") for n in range(2)]
    with apply.bench(*rows) as bench:
        anyio.run(bench.journal.sent, ["students:0", "students:1"])
        for n, failure in enumerate((JUDGED, apply.lost)):
            one = f"students:{n}"
            bench.sender.outcomes[one] = Outcome(one, State.SENT, failure=failure)
        bench.wire.replies = {
            "students:0": [JUDGED] * 9,
            "students:1": [apply.lost] * 9,
        }

        async def read(operations: pl.DataFrame) -> pl.DataFrame:
            return operations

        anyio.run(settle_doubt, bench.sender, bench.operations, read)
        assert bench.states() == {"students:0": "failed", "students:1": "sent"}
