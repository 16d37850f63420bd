from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import polars as pl
import pytest

from sync.apply import Sender
from sync.flow.carry import Carrier, count_outcomes, shown_ids, surely_wrong
from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.model.outcome import Outcome, State
from sync.model.plan import Plan
from sync.plan import decode
from sync.state import Journal
from tests.support.given import given

STATES = ("done", "failed", "skipped", "blocked", "sent", "planned")


def states(**of: list[str]) -> pl.DataFrame:
    rows = [
        {"operation": f"{entity}:k{n}", "state": state}
        for entity, found in of.items()
        for n, state in enumerate(found)
    ]
    return pl.DataFrame(rows, schema={"operation": pl.String, "state": pl.String})


@pytest.mark.parametrize(
    ("found", "planned", "expected"),
    [
        ([], 0, {}),
        ([], 3, {"not_reached": 3}),
        (["done"] * 3, 3, {"done": 3}),
        (
            list(STATES),
            6,
            {
                "done": 1,
                "failed": 1,
                "skipped": 1,
                "blocked": 1,
                "in_doubt": 1,
                "not_reached": 1,
            },
        ),
        (["done", "sent"], 5, {"done": 1, "in_doubt": 1, "not_reached": 3}),
    ],
)
def test_every_planned_operation_is_in_one_count(
    found: list[str], planned: int, expected: dict[str, int]
) -> None:
    entities: Any = {
        "students": {"operations": {"planned": planned}},
        "orgs": {"rows": {"read": 1}},
    }
    count_outcomes(entities, states(students=found, users=["done"]))
    counts = entities["students"]["operations"]
    names = ("done", "failed", "skipped", "blocked", "in_doubt", "not_reached")
    assert counts == {"planned": planned} | dict.fromkeys(names, 0) | expected
    assert sum(counts.values()) == 2 * planned
    assert entities["orgs"] == {"rows": {"read": 1}}


PEOPLE = [
    ("students:same", "students", "same", "create"),
    ("students:other", "students", "other", "create"),
    ("students:known", "students", "known", "update"),
    ("enrollments:e", "enrollments", "e", "create"),
    ("students:open", "students", "open", "create"),
    ("orgs:o", "orgs", "o", "create"),
    ("orgs:before", "orgs", "before", "create"),
]


def test_a_resumed_run_remembers_what_was_given_another_id(tmp_path: Path) -> None:
    """What depends on such a record goes with the next run, as it would have."""
    operations = pl.DataFrame(
        PEOPLE, schema=["id", "entity", "key", "verb"], orient="row"
    )
    answers = [
        Outcome("students:same", State.DONE, 200, "same"),
        Outcome("students:other", State.DONE, 200, "theirs"),
        Outcome("students:known", State.DONE, 200, "elsewhere"),
        Outcome("enrollments:e", State.DONE, 201, "made-there"),
        Outcome("orgs:o", State.DONE, 201, "theirs"),
        Outcome("orgs:before", State.DONE, 201, "as before"),
    ]
    with Journal.create(tmp_path / "journal.sqlite", operations) as journal:
        anyio.run(journal.sent, [one.operation for one in answers])
        anyio.run(journal.settle, answers)
        nothing = cast("Any", None)
        plan = cast("Plan", SimpleNamespace(operations=operations))
        ids = given(orgs={"before": "as before"})
        sender = Sender(nothing, nothing, journal, decode, ids=ids)
        Carrier(nothing, plan, nothing, journal, {})._recall(sender)
    assert sender.renamed == {"students:other", "orgs:o"}
    assert set(sender.outcomes) == {one.operation for one in answers}


@dataclass(slots=True)
class Late:
    """Reads in which what was sent shows only after a while."""

    after: int
    reads: int = 0

    async def __call__(self, operations: pl.DataFrame) -> pl.DataFrame:
        """What is not there yet."""
        self.reads += 1
        ids = operations.select("id")
        return ids.clear() if self.reads > self.after else ids


@dataclass(frozen=True, slots=True)
class Doubt:
    """An operation in doubt, and what is to come of it."""

    verb: str
    settle: int
    after: int
    wrong: int
    reads: int


DOUBTS = {
    "it shows late": Doubt("create", 30, after=2, wrong=0, reads=3),
    "no time to show": Doubt("create", 0, after=9, wrong=1, reads=1),
    "not a creation": Doubt("update", 30, after=9, wrong=1, reads=1),
}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_a_creation_in_doubt_is_missing_only_when_it_has_had_time_to_show(
    doubt: Doubt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.flow.carry.FIRST_PAUSE", 0.001)
    context: Any = SimpleNamespace(
        table=SimpleNamespace(settle=timedelta(seconds=doubt.settle))
    )
    operations = pl.DataFrame(
        [("enrollments:e", "enrollments", "e", doubt.verb, 6, 0)],
        schema=["id", "entity", "key", "verb", "phase", "wave"],
        orient="row",
    )
    wire: Any = SimpleNamespace(halted=None)
    read = Late(doubt.after)
    with Journal.create(tmp_path / "journal.sqlite", operations) as journal:
        anyio.run(journal.sent, ["enrollments:e"])
        sent = journal.states()
        found = anyio.run(surely_wrong, read, operations, context, wire, sent)
    assert (found.height, read.reads) == (doubt.wrong, doubt.reads)


def test_the_ids_of_both_files_of_people_are_of_one_collection() -> None:
    shown = {
        Entity.STUDENTS: ["s", None],
        Entity.USERS: ["u"],
        Entity.AGENTS: ["link"],
        Entity.CLASSES: ["c"],
    }
    frames = {
        entity: pl.DataFrame({"_remote_id": ids}, {"_remote_id": pl.String})
        for entity, ids in shown.items()
    }
    frames[Entity.ORGS] = pl.DataFrame({"_key": ["o"]})
    mirror = Mirror(frames, {}, {}, datetime(2026, 11, 21, tzinfo=UTC))
    assert shown_ids(mirror) == {Entity.USERS: {"s", "u"}, Entity.CLASSES: {"c"}}
    assert shown_ids(None) == {}
