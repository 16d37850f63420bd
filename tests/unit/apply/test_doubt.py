from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import polars as pl
import pytest

from sync.apply import send_plan, settle_doubt
from sync.apply.doubt import ROUNDS
from sync.errors import TargetError
from sync.model.outcome import Outcome, State

ENROLLMENT = {"phase": 6, "needs": ["students:s"]}


class Reads:
    """Says of each reading which operations do not hold, the last word for ever."""

    def __init__(self, *wrong: set[str]) -> None:
        self.wrong = list(wrong)
        self.asked: list[list[str]] = []

    async def __call__(self, operations: pl.DataFrame) -> pl.DataFrame:
        self.asked.append(operations["id"].to_list())
        now = self.wrong.pop(0) if len(self.wrong) > 1 else self.wrong[0]
        return operations.filter(pl.col("id").is_in(list(now))).select("id")


def carried(bench: Any, read: Callable[..., Any]) -> None:
    anyio.run(send_plan, bench.sender, bench.operations, read)


@pytest.mark.parametrize(
    ("replies", "wrong", "state", "sent"),
    [
        pytest.param(["lost"], [set()], "done", 1, id="it had arrived"),
        pytest.param(["lost", "ok"], [{"students:s"}], "done", 2, id="sent again"),
        pytest.param(
            ["lost", "refused"], [{"students:s"}], "failed", 2, id="refused then"
        ),
        pytest.param(
            ["lost", "lost"],
            [{"students:s"}, set()],
            "done",
            2,
            id="lost twice, arrived at last",
        ),
        pytest.param(
            ["lost"] * (ROUNDS + 1),
            [{"students:s"}],
            "sent",
            ROUNDS + 1,
            id="in doubt for good",
        ),
    ],
)
def test_what_was_not_answered_is_read_before_it_is_sent_again(
    apply: Any, replies: list[str], wrong: list[set[str]], state: str, sent: int
) -> None:
    told = {"students:s": [getattr(apply, name) for name in replies]}
    with apply.bench(apply.operation("students:s"), replies=told) as bench:
        carried(bench, Reads(*wrong))
        assert bench.states() == {"students:s": state}
    assert bench.wire.sent == ["students:s"] * sent


def test_what_depends_on_doubt_waits_until_it_is_settled(apply: Any) -> None:
    rows = [
        apply.operation("students:s"),
        apply.operation("enrollments:e", **ENROLLMENT),
    ]
    replies = {"students:s": [apply.lost]}
    with apply.bench(*rows, replies=replies) as bench:
        carried(bench, Reads(set()))
        assert set(bench.states().values()) == {"done"}


def test_only_what_is_in_doubt_is_read(apply: Any) -> None:
    rows = [apply.operation(f"students:{n}") for n in range(3)]
    with apply.bench(*rows, replies={"students:1": [apply.lost]}) as bench:
        reads = Reads(set())
        carried(bench, reads)
    assert reads.asked == [["students:1"]]


def test_doubt_of_an_earlier_process_is_settled_by_reading(apply: Any) -> None:
    rows = [apply.operation(f"students:{n}") for n in range(2)]
    with apply.bench(*rows) as bench:
        anyio.run(bench.journal.sent, ["students:0", "students:1"])
        for one in ("students:0", "students:1"):
            bench.sender.outcomes[one] = Outcome(one, State.SENT)
        reads = Reads({"students:1"})
        anyio.run(settle_doubt, bench.sender, bench.operations, reads)
        assert set(bench.states().values()) == {"done"}
    assert bench.wire.sent == ["students:1"]


def test_where_nothing_can_be_read_it_stays_in_doubt(apply: Any) -> None:
    async def fails(_: pl.DataFrame) -> pl.DataFrame:
        message = "the list cannot be read"
        raise TargetError(message)

    replies = {"students:s": [apply.lost]}
    with apply.bench(apply.operation("students:s"), replies=replies) as bench:
        with pytest.raises(TargetError):
            carried(bench, fails)
        assert bench.journal.in_doubt() == ["students:s"]


def test_a_halted_run_reads_nothing_more(apply: Any) -> None:
    with apply.bench(apply.operation("students:s")) as bench:

        def stop() -> Any:
            bench.wire.halted = "deadline"
            return apply.lost

        bench.wire.replies["students:s"] = [stop]
        reads = Reads(set())
        carried(bench, reads)
        assert bench.states() == {"students:s": "sent"}
    assert reads.asked == []
