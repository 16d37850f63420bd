"""The plan carried out: requests in flight, each on the record before it leaves.

In: the operations of a plan with their requests, the wire, the journal. Out: an
outcome for each operation, in the journal and in memory. Phases and waves follow one
another; within one, as many requests are in flight as the wire allows.
"""

from __future__ import annotations

from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import anyio
import polars as pl
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from sync.apply.tasks import Task, composed, tasks
from sync.errors import RosterSyncError, TargetError
from sync.model.entities import PEOPLE, Entity
from sync.model.ids import NAMED, Ids, collection, named
from sync.model.operation import Operation, walk
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Request
from sync.state import Journal
from sync.targets.base import Target
from sync.wire import HALTED, LONGEST_HINT, PAUSED, Breaker, Wire, summary

_DENIED = frozenset({401, 403})
_LATER = "see whether the system is up, then run again: what is left is done then"


Changed = Callable[[pl.DataFrame], Awaitable[Mapping[str, str]]]
"""Operations -> what has changed of their records since the plan, by operation."""


async def _nothing_changed(_: pl.DataFrame) -> Mapping[str, str]:
    return {}


@dataclass(slots=True)
class Sender:
    """Sends the operations of one plan and remembers what became of them."""

    target: Target
    wire: Wire
    journal: Journal
    decode: Callable[[str], Request]
    taken_ids: Mapping[Entity, frozenset[str]] = field(default_factory=dict)
    """By collection, identifiers of other records: a creation that is answered with
    one of them has met another record, or somebody else's account."""
    ids: Ids = field(default_factory=Ids)
    """Remote identifiers that are not the key, for composing parts anew."""
    changed: Changed = _nothing_changed
    batched: bool = False
    """Whether one request carries several operations."""
    advance: Callable[[int], None] = lambda _: None
    notes: list[str] = field(default_factory=list)
    """Where what was sent is not what was previewed, and why."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    renamed: set[str] = field(default_factory=set)
    """Creations that were answered with another id than ours: whoever depends on
    them goes with the next run, under the id that is known then."""
    _given: dict[tuple[Entity, str], str] = field(default_factory=dict)
    """Identifiers that creations of this run were answered with, and whose."""
    _waiting: dict[str, str] = field(default_factory=dict)
    """Operations of the wave that name such a creation, and which."""
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
        self._waiting = _naming(wave, self.renamed) if self.renamed else {}
        send, receive = anyio.create_memory_object_stream[Task](0)
        try:
            async with anyio.create_task_group() as group:
                for _ in range(min(self.wire.limits.concurrency, wave.height)):
                    group.start_soon(self._worker, receive.clone())
                receive.close()
                await self._feed(send, wave)
        except BaseExceptionGroup as error:
            raise _first(error) from None
        self._refused_as_a_whole(wave)

    def _refused_as_a_whole(self, wave: pl.DataFrame) -> None:
        """Batches that were refused down to their last part, all for one lack of
        permission, are no matter of records.

        Records the ``TargetError`` that ends the run.
        """
        ends = [self.outcomes.get(one) for one in wave["id"]]
        failures = [None if one is None else one.failure for one in ends]
        codes = {one.status for one in failures if one is not None}
        denied = codes <= _DENIED and None not in failures
        if self.batched and denied and self._given_up is None:
            status = min(code for code in codes if code is not None)
            message = f"every request was refused with {status}"
            do = "ask the vendor for the permission to write, then run again"
            self._given_up = TargetError(message, do=do)

    async def _feed(
        self, send: MemoryObjectSendStream[Task], wave: pl.DataFrame
    ) -> None:
        async with send:
            compose = self._composed if self.batched else None
            for task in tasks(wave, self.decode, compose):
                if self._over:
                    return
                await send.send(task)

    def _composed(self, operations: pl.DataFrame) -> Iterable[Request]:
        return self.target.compose(walk(operations), self.ids)

    async def _worker(self, receive: MemoryObjectReceiveStream[Task]) -> None:
        async with receive:
            async for task in receive:
                if not self._over:
                    await self._carry_out(task)

    async def _carry_out(self, task: Task) -> None:
        """Send what of a task may be sent, in its lanes."""
        blocked = {one: self._blocked(task, one) for one in task.request.operations}
        held = {one: why for one, why in blocked.items() if why is not None}
        if held:
            await self._settle([blocked_by(one, why) for one, why in held.items()])
        free = [one for one in blocked if one not in held]
        if not free:
            return
        async with AsyncExitStack() as lanes:
            for lane in sorted(set(task.request.lanes)):
                await lanes.enter_async_context(
                    self._lanes.setdefault(lane, anyio.Lock())
                )
            for part in [task] if not held else self._parts(task, free):
                await self._send(part)

    def _blocked(self, task: Task, operation: str) -> str | None:
        """The prerequisite that was not met, in words."""
        needs = task.needs[operation]
        odd = next((one for one in needs if one in self.renamed), None)
        if other := odd or self._waiting.get(operation):
            return (
                f"{other} was given another id by the target; "
                "the next run sends this with it"
            )
        for need in needs:
            outcome = self.outcomes.get(need)
            if outcome is not None and outcome.state is not State.DONE:
                return f"{need} was not done"
        return None

    def _parts(self, task: Task, operations: Sequence[str]) -> list[Task]:
        """Some operations of a task, composed anew."""
        rows = task.wave.filter(pl.col("id").is_in(list(operations)))
        return list(composed(rows, self._composed))

    async def _send(self, task: Task) -> None:
        if self._over:
            return
        request: Request | None = task.request

        left: list[str] = []

        async def intend() -> None:
            left.extend(task.request.operations)
            await self.journal.sent(left)

        result = await self.wire.send(task.request, before=intend)
        if isinstance(result, Failure):
            if self._ends(result, sent=bool(left)):
                return
            if await self._in_parts(task, result):
                return
            other, on = task.request.otherwise, task.request.otherwise_on
            if other is not None and result.status in on and not result.in_doubt:
                request, result = await self._otherwise(task, other, result)
        if request is None:
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
        if self._stormed(result):
            what = "more requests failed than may be repeated"
            self._given_up = self._given_up or TargetError(what, do=_LATER)

    def _stormed(self, result: Answer | Failure) -> bool:
        """Whether it failed and may not have been repeated, since so much else was."""
        failed = isinstance(result, Failure) and result.kind is FailureKind.RETRY
        return failed and self.wire.overdrawn

    def _ends(self, failure: Failure, *, sent: bool) -> bool:
        """Whether nothing is to be said of it: it was stopped before it left."""
        # A pause that is too long binds every other request as well.
        hinted = (failure.retry_after or 0) > LONGEST_HINT
        if failure.code == PAUSED or hinted:
            what = f"the server asked for a pause of more than {LONGEST_HINT:g} s"
            self._given_up = TargetError(what, do="run again later")
            return not sent
        return failure.code == HALTED and not failure.in_doubt

    async def _in_parts(self, task: Task, failure: Failure) -> bool:
        """A batch that was refused as a whole, sent in smaller parts, if that helps."""
        if failure.in_doubt and not task.request.repeatable:
            return False
        parts = self.target.take_apart(task.request, failure)
        if not parts:
            return False
        count = len(task.request.operations)
        self.notes.append(
            f"a batch of {count} was refused as a whole ({summary(failure)}) and sent "
            f"again in {len(parts)} parts"
        )
        for part in parts:
            for smaller in self._parts(task, part):
                await self._send(smaller)
        return True

    async def _otherwise(
        self, task: Task, other: Request, failure: Failure
    ) -> tuple[Request | None, Answer | Failure]:
        """The other verb for the same values, unless the record has changed."""
        mine = task.wave.filter(pl.col("id").is_in(list(task.request.operations)))
        changed = await self.changed(mine)
        if changed:
            await self._settle([skipped(one, why) for one, why in changed.items()])
            return None, failure
        self.notes.append(
            f"{task.request.method} was answered {failure.status}, so {other.method} "
            f"was sent for {', '.join(other.operations)}"
        )
        result = await self.wire.send(other)
        gone = isinstance(result, Failure) and result.code == HALTED
        return (None if gone else other), result

    def _of_another(self, task: Task, outcome: Outcome) -> Outcome:
        """A creation answered with an id: ours, a new one, or somebody else's."""
        name, _, key = outcome.operation.partition(":")
        given, entity = outcome.remote_id, Entity(name)
        kind = collection(entity)
        known = entity in NAMED or kind in self.taken_ids
        if not (task.creates and known and given):
            return outcome
        if given in {key, self.ids.of(entity).get(key)}:
            return outcome
        owner = self._given.setdefault((kind, given), outcome.operation)
        taken = self.taken_ids.get(kind, frozenset())
        if given not in taken and owner == outcome.operation:
            if entity in NAMED:
                self.renamed.add(outcome.operation)
            return outcome
        what = "person" if entity in PEOPLE else "record"
        failure = Failure(
            FailureKind.REJECT,
            outcome.status,
            f"id_of_another_{what}",
            f"the target answered with the id of another {what}; nothing more is sent "
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

    async def found(self, given: Mapping[str, str]) -> None:
        """Creations that are there under identifiers of the target's own."""
        for one in given:
            name, _, key = one.partition(":")
            if Entity(name) in NAMED and given[one] != key:
                self.renamed.add(one)
        await self._settle(
            [Outcome(one, State.DONE, remote_id=own) for one, own in given.items()]
        )

    def in_doubt(self) -> list[str]:
        """Operations that were sent and not answered."""
        return [
            one for one, outcome in self.outcomes.items() if outcome.state is State.SENT
        ]


def _naming(wave: pl.DataFrame, renamed: Collection[str]) -> dict[str, str]:
    """Operations that name one of these creations, and which one."""
    made = {
        (collection(Entity(name)), key): one
        for one in renamed
        for name, _, key in [one.partition(":")]
    }
    return {
        operation.id: made[each]
        for operation in walk(wave)
        for each in _names(operation)
        if each in made
    }


def _names(operation: Operation) -> Iterator[tuple[Entity, str]]:
    """The records that its request names: those of the record itself, and those of
    the student as a part of whom it is sent (see ``plan.carriers``)."""
    yield from named(operation.entity, operation.after or {})
    yield from named(Entity.STUDENTS, operation.rest.get("person") or {})
    if operation.ends:
        for name in ("agents", "_agents"):
            agents = operation.rest.get(name) or ()
            yield from ((Entity.USERS, one) for one in agents if isinstance(one, str))


def skipped(operation: str, why: str) -> Outcome:
    """The outcome of an operation whose record is not as it was previewed."""
    failure = Failure(FailureKind.REJECT, None, "drift", why)
    return Outcome(operation, State.SKIPPED, failure=failure)


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
