"""The plan carried out: requests in flight, each on the record before it leaves.

In: the operations of a plan with their requests, the wire, the journal. Out: an
outcome for each operation, in the journal and in memory. Phases and waves follow one
another; within one, as many requests are in flight as the wire allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
import polars as pl
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from sync.errors import RosterSyncError, TargetError
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Request
from sync.state import Journal
from sync.targets.base import Target
from sync.wire import HALTED, Breaker, Wire

SLICE = 2_000
"""Operations taken out of the plan at once."""


@dataclass(frozen=True, slots=True)
class Task:
    """One request with the facts that decide whether it may be sent."""

    request: Request
    needs: tuple[str, ...]
    keys: tuple[str, ...]
    entity: str
    creates: bool


@dataclass(slots=True)
class Sender:
    """Sends the operations of one plan and remembers what became of them."""

    target: Target
    wire: Wire
    journal: Journal
    decode: Callable[[str], Request]
    taken_ids: frozenset[str] = frozenset()
    """Identifiers of other people: a creation that is answered with one of them has
    met somebody else's account."""
    advance: Callable[[int], None] = lambda _: None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    renamed: set[str] = field(default_factory=set)
    """Creations that were answered with another id than ours: whoever depends on
    them goes with the next run, under the id that is known then."""
    _given: dict[str, str] = field(default_factory=dict)
    """Identifiers that creations of this run were answered with, and whose."""
    _breaker: Breaker = field(default_factory=Breaker)
    _given_up: TargetError | None = None
    """Too many failures in a row: nothing new is sent, what is in flight is heard."""
    _lanes: dict[str, anyio.Lock] = field(default_factory=dict)

    async def send_all(self, operations: pl.DataFrame) -> None:
        """Send a frame of operations (see ``Plan.operations``) in their order.

        Returns when all have an outcome, or none more may leave (``wire.halted``).
        Raises ``TargetError`` where the target fails as a whole and ``LocalError``
        where the journal cannot be written.
        """
        for wave in operations.partition_by("phase", "wave", maintain_order=True):
            if self._over:
                break
            await self._wave(wave)
        if self._given_up is not None:
            raise self._given_up

    @property
    def _over(self) -> bool:
        """Whether nothing more may be sent."""
        return self.wire.halted is not None or self._given_up is not None

    async def _wave(self, wave: pl.DataFrame) -> None:
        send, receive = anyio.create_memory_object_stream[Task](0)
        try:
            async with anyio.create_task_group() as group:
                for _ in range(min(self.wire.limits.concurrency, wave.height)):
                    group.start_soon(self._worker, receive.clone())
                receive.close()
                await self._feed(send, wave)
        except BaseExceptionGroup as error:
            raise _first(error) from None

    async def _feed(
        self, send: MemoryObjectSendStream[Task], wave: pl.DataFrame
    ) -> None:
        async with send:
            for task in tasks(wave, self.decode):
                if self._over:
                    return
                await send.send(task)

    async def _worker(self, receive: MemoryObjectReceiveStream[Task]) -> None:
        async with receive:
            async for task in receive:
                if self._over:
                    continue
                blocked = self._blocked(task)
                if blocked is not None:
                    await self._settle(
                        [blocked_by(one, blocked) for one in task.request.operations]
                    )
                    continue
                lane = task.request.lane
                if lane is None:
                    await self._send(task)
                else:
                    async with self._lanes.setdefault(lane, anyio.Lock()):
                        await self._send(task)

    def _blocked(self, task: Task) -> str | None:
        """The prerequisite that was not met, in words."""
        for need in task.needs:
            if need in self.renamed:
                return (
                    f"{need} was given another id by the target; "
                    "the next run sends this with it"
                )
            outcome = self.outcomes.get(need)
            if outcome is not None and outcome.state is not State.DONE:
                return f"{need} was not done"
        return None

    async def _send(self, task: Task) -> None:
        request = task.request

        async def intend() -> None:
            await self.journal.sent(request.operations)

        result = await self.wire.send(request, before=intend)
        if (
            isinstance(result, Failure)
            and result.code == HALTED
            and not result.in_doubt
        ):
            return
        outcomes = [
            self._of_another(task, one)
            for one in self.target.interpret(request, result)
        ]
        await self._settle(outcomes)
        try:
            self._breaker.note(request.service, _judged(result, outcomes))
        except TargetError as error:
            self._given_up = error

    def _of_another(self, task: Task, outcome: Outcome) -> Outcome:
        """A creation answered with an id: ours, a new one, or somebody else's."""
        given = outcome.remote_id
        people = task.entity in {"students", "users"}
        if not (task.creates and people and given) or given in task.keys:
            return outcome
        owner = self._given.setdefault(given, outcome.operation)
        if given not in self.taken_ids and owner == outcome.operation:
            self.renamed.add(outcome.operation)
            return outcome
        failure = Failure(
            FailureKind.REJECT,
            outcome.status,
            "id_of_another_person",
            "the target answered with the id of another person; nothing more is sent "
            "for either",
        )
        return Outcome(outcome.operation, State.FAILED, outcome.status, None, failure)

    async def _settle(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome.operation] = outcome
        final = [one for one in outcomes if one.state is not State.SENT]
        if final:
            await self.journal.settle(final)
        self.advance(len(final))

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Put outcomes found in another way (drift, doubt) on the record."""
        await self._settle(outcomes)

    def in_doubt(self) -> list[str]:
        """Operations that were sent and not answered."""
        return [
            one for one, outcome in self.outcomes.items() if outcome.state is State.SENT
        ]


def tasks(wave: pl.DataFrame, decode: Callable[[str], Request]) -> Iterator[Task]:
    """The requests of operations, with what each needs."""
    for chunk in wave.iter_slices(SLICE):
        facts: Mapping[str, tuple[str, list[str], str, str]] = {
            one: (entity, needs, verb, key)
            for one, entity, needs, verb, key in chunk.select(
                "id", "entity", "needs", "verb", "key"
            ).iter_rows()
        }
        for text in chunk["request"].drop_nulls():
            request = decode(text)
            mine = [facts[one] for one in request.operations if one in facts]
            yield Task(
                request,
                tuple(dict.fromkeys(need for _, needs, _, _ in mine for need in needs)),
                tuple(key for _, _, _, key in mine),
                mine[0][0],
                creates=any(verb == "create" for _, _, verb, _ in mine),
            )


def blocked_by(operation: str, why: str) -> Outcome:
    """The outcome of an operation whose prerequisite failed."""
    failure = Failure(FailureKind.REJECT, None, "blocked", why)
    return Outcome(operation, State.BLOCKED, failure=failure)


def _judged(result: Answer | Failure, outcomes: Sequence[Outcome]) -> Answer | Failure:
    """What counts towards giving up: a failure that was found to be none does not."""
    if all(one.state is State.DONE for one in outcomes):
        return result if isinstance(result, Answer) else Answer(200)
    return result


def _first(error: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to tell: one of ours before any other."""
    found: list[BaseException] = []
    rest: list[BaseException] = [error]
    while rest:
        one = rest.pop(0)
        if isinstance(one, BaseExceptionGroup):
            rest = [*one.exceptions, *rest]
        else:
            found.append(one)
    ours = [one for one in found if isinstance(one, RosterSyncError)]
    return (ours or found)[0]
