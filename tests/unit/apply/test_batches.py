"""Requests that carry several operations: whole, in parts, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from sync.errors import TargetError
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Request

BAD = Failure(FailureKind.REJECT, 400, "bad", "one of them is wrong")
DENIED = Failure(FailureKind.FATAL, 403, "forbidden", "not permitted")
NAMES = tuple(f"enrollments:{letter}" for letter in "abcd")


def batch(apply: Any, *needs: list[str], **facts: Any) -> list[dict[str, Any]]:
    """Four operations that one request carries out."""
    request = Request("api", "POST", "/batch", operations=NAMES, **facts)
    wanted = [*needs, *([] for _ in NAMES)]
    rows = [
        apply.operation(name, request=request, phase=6, needs=need)
        for name, need in zip(NAMES, wanted, strict=False)
    ]
    return [rows[0], *(row | {"request": None} for row in rows[1:])]


def test_a_batch_is_one_request(apply: Any) -> None:
    with apply.bench(*batch(apply), batched=True) as bench:
        bench.send()
        assert bench.wire.batches == [NAMES]
        assert set(bench.states().values()) == {"done"}


def test_a_refused_batch_is_split_down_to_the_guilty_one(apply: Any) -> None:
    def guilty(request: Request) -> Answer | Failure:
        return BAD if NAMES[2] in request.operations else apply.ok

    with apply.bench(*batch(apply), batched=True) as bench:
        bench.wire.judge = guilty
        bench.send()
        assert bench.states() == dict.fromkeys(NAMES, "done") | {NAMES[2]: "failed"}
        halves = [NAMES, NAMES[:2], NAMES[2:], NAMES[2:3], NAMES[3:]]
        assert bench.wire.batches == halves
    assert len(bench.sender.notes) == 2


def test_what_is_not_to_be_sent_leaves_the_others_of_its_batch(apply: Any) -> None:
    person = apply.operation("students:s")
    with apply.bench(person, *batch(apply, [], ["students:s"]), batched=True) as bench:
        bench.wire.replies = {"students:s": [apply.refused]}
        bench.send()
        states = bench.states()
        assert states.pop(NAMES[1]) == "blocked"
        assert states.pop("students:s") == "failed"
        assert set(states.values()) == {"done"}
        assert bench.wire.batches[-1] == (NAMES[0], *NAMES[2:])


def test_a_part_of_a_batch_is_composed_anew(apply: Any) -> None:
    rows = batch(apply)
    with apply.bench(*rows, batched=True) as bench:
        bench.operations = bench.operations.filter(id=NAMES[3])
        bench.send()
        assert bench.wire.batches == [NAMES[3:]]


def test_a_lack_of_permission_for_everything_ends_the_run(apply: Any) -> None:
    with apply.bench(*batch(apply), batched=True) as bench:
        bench.wire.judge = lambda _: DENIED
        with pytest.raises(TargetError, match="every request was refused with 403"):
            bench.send()


@pytest.mark.parametrize("changed", [True, False])
def test_the_other_verb_is_sent_once_where_nothing_has_changed(
    apply: Any, changed: bool
) -> None:
    one = "users:u"
    other = Request("api", "PUT", "/users/u", {"a": 1}, operations=(one,))
    request = Request(
        "api",
        "POST",
        "/users",
        {"a": 1},
        operations=(one,),
        otherwise=other,
        otherwise_on=(409,),
    )
    conflict = Failure(FailureKind.REJECT, 409, "conflict", "it is there")

    async def now(_: Any) -> dict[str, str]:
        return {one: "it has appeared"} if changed else {}

    row = apply.operation(one, request=request)
    with apply.bench(row, replies={one: [conflict]}, changed=now) as bench:
        bench.send()
        assert bench.states() == {one: "skipped" if changed else "done"}
        methods = [sent.method for sent in bench.wire.requests]
        assert methods == (["POST"] if changed else ["POST", "PUT"])
    assert len(bench.sender.notes) == (not changed)
