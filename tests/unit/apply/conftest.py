"""A wire that answers to order, and operations that each are one request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
import polars as pl
import pytest

from sync.apply import Sender
from sync.model.operation import OPERATION_SCHEMA, Operation
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Request
from sync.plan import decode
from sync.plan.requests import encode
from sync.state import Journal
from sync.targets.base import Target
from sync.wire import HALTED, Limits, Wire

Reply = Answer | Failure | Callable[[], Answer | Failure]
OK = Answer(200)
LOST = Failure(FailureKind.RETRY, None, "timeout", "no answer", in_doubt=True)
REFUSED = Failure(FailureKind.REJECT, 422, "invaliddata", "refused")
DOWN = Failure(FailureKind.RETRY, 503, "down", "down")
STOPPED = Failure(FailureKind.FATAL, None, HALTED, "stopped")


@dataclass(slots=True)
class FakeWire:
    """Answers every operation in turn; what has no more to say says 200."""

    journal: Journal
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    limits: Limits = field(default_factory=lambda: Limits(1e6, concurrency=4))
    halted: str | None = None
    overdrawn: bool = False
    sent: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    """The state in the journal of each operation when its request left."""
    requests: list[Request] = field(default_factory=list)
    judge: Callable[[Request], Answer | Failure] | None = None
    """What answers to batches, where it is given."""
    at_once: int = 0
    most_at_once: int = 0

    @property
    def batches(self) -> list[tuple[str, ...]]:
        """The operations of each request for enrollments, in the order of sending."""
        return [
            one.operations
            for one in self.requests
            if one.operations[0].startswith("enrollments")
        ]

    async def send(
        self,
        request: Request,
        *,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> Answer | Failure:
        if self.halted is not None:
            return STOPPED
        if before is not None:
            await before()
        (one, *_) = request.operations
        self.requests.append(request)
        self.sent.append(one)
        known = self.journal.states()
        mine = known.filter(pl.col("id").is_in(request.operations))
        self.states += mine["state"].to_list()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        self.at_once -= 1
        if self.judge is not None:
            return self.judge(request)
        waiting = self.replies.get(one)
        reply = waiting.pop(0) if waiting else OK
        return reply() if callable(reply) else reply


class FakeTarget:
    """Done for an answer, with the id in its body; failed or in doubt otherwise.

    A batch that is refused with 400 is taken apart into halves."""

    def compose(
        self, operations: Iterable[Operation], ids: Mapping[str, str]
    ) -> Iterable[Request]:
        named = [one.id for one in operations]
        yield Request("api", "POST", "/batch", operations=tuple(named))

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        ids = request.operations
        half = len(ids) // 2
        whole = failure.status != 400 or not half
        return () if whole else (ids[:half], ids[half:])

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        if isinstance(answer, Failure):
            state = State.SENT if answer.in_doubt else State.FAILED
            return [
                Outcome(one, state, answer.status, failure=answer)
                for one in request.operations
            ]
        given = json.loads(answer.body).get("id") if answer.body else None
        return [
            Outcome(one, State.DONE, answer.status, given) for one in request.operations
        ]


@dataclass(slots=True)
class Bench:
    """A sender of some operations, with its journal and its wire."""

    operations: pl.DataFrame
    journal: Journal
    wire: FakeWire
    sender: Sender

    def send(self) -> None:
        """Send all of them."""
        anyio.run(self.sender.send_all, self.operations)

    def states(self) -> dict[str, str]:
        """What the journal says of each."""
        return dict(self.journal.states().select("id", "state").rows())


def operation(one: str, **facts: Any) -> dict[str, Any]:
    """A row of operations: ``entity:key``, created in the phase of people."""
    entity, _, key = one.partition(":")
    request = Request("api", "PUT", f"/{one}", operations=(one,))
    own = {
        "id": one,
        "entity": entity,
        "key": key,
        "verb": "create",
        "phase": 4,
        "wave": 0,
        "needs": [],
        "ends": False,
        "request": encode(facts.pop("request", request)),
    }
    return own | facts


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """Operations with their requests, in the order of sending."""
    schema = {**OPERATION_SCHEMA, "request": pl.String()}
    return pl.DataFrame(list(rows), schema=schema).sort(
        "phase", "wave", "entity", "key"
    )


class Apply:
    """Builds benches; see the functions and answers of the same names."""

    operation = staticmethod(operation)
    frame = staticmethod(frame)
    ok, lost, refused, down, stopped = OK, LOST, REFUSED, DOWN, STOPPED

    def __init__(self, folder: Path) -> None:
        """Journals stand in ``folder``."""
        self._folder = folder

    @staticmethod
    def given(identifier: str) -> Answer:
        """An answer with an identifier."""
        return Answer(201, {}, json.dumps({"id": identifier}).encode())

    @contextmanager
    def bench(
        self,
        *rows: dict[str, Any],
        replies: dict[str, list[Reply]] | None = None,
        **facts: Any,
    ) -> Iterator[Bench]:
        """A bench of operations; ``facts`` are those of the sender."""
        operations = frame(*rows)
        with Journal.create(self._folder / "journal.sqlite", operations) as journal:
            wire = FakeWire(journal, replies or {})
            sender = Sender(
                cast("Target", FakeTarget()),
                cast("Wire", wire),
                journal,
                decode,
                **facts,
            )
            yield Bench(operations, journal, wire, sender)


@pytest.fixture
def apply(tmp_path: Path) -> Apply:
    """Builds senders over a wire that answers to order."""
    return Apply(tmp_path)
