"""A plan carried out: drift, requests, doubt, verification.

In: a plan that may be carried out. Out: outcomes in the journal and in the story. What
a process that died left behind is settled here as well, by reading.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import anyio
import polars as pl

from sync.apply import Read, Sender, send_plan, settle_doubt, skipped
from sync.errors import TargetError
from sync.flow.context import Context, now
from sync.flow.kept import keep_drift
from sync.flow.readback import Back
from sync.flow.twins import twins
from sync.model.counted import number
from sync.model.entities import PEOPLE, REFERENCE, Entity
from sync.model.ids import NAMED, Ids, collection, members
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID, Mirror
from sync.model.outcome import PENDING, Failure, FailureKind, Outcome, State
from sync.model.plan import Plan
from sync.plan import decode
from sync.report import Difference
from sync.state import Journal, read_states
from sync.verify import drifted
from sync.wire import Wire

JOURNAL = "journal.sqlite"
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Seconds between two readings back, while what was written may still have to show."""
Shown = Mapping[Entity, frozenset[str]]
"""By collection, identifiers of records."""
_NAMED_KINDS = (*REFERENCE, Entity.USERS)
_KINDS = (*_NAMED_KINDS, Entity.ENROLLMENTS)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Everything that carrying a plan out needs."""

    context: Context
    plan: Plan
    wire: Wire
    journal: Journal
    shown: Shown
    """What the last read showed: see ``shown_ids``."""

    async def run(self, *, reread: bool) -> None:
        """Carry the plan out, from wherever its journal stands.

        ``reread``: the records are read again first, and those that have changed are
        skipped. Raises ``TargetError``, ``LocalError``; the journal has it all.
        """
        operations = self.plan.operations
        if operations.is_empty():
            self.context.story.converged = True
            return
        with self.context.stage("send", operations.height, "operations") as step:
            sender = self._sender(step.advance)
            self._recall(sender)
            await self._doubt(sender, operations)
            if reread:
                await self._drift(sender, operations)
            open_ = operations.filter(~pl.col("id").is_in(list(sender.outcomes)))
            await send_plan(sender, open_, self._surely_wrong, self._twins)
        if self.wire.halted is None:
            await self._verify()

    def _sender(self, advance: Callable[[int], None]) -> Sender:
        ledger = self.context.ledger()
        return Sender(
            self.context.target,
            self.wire,
            self.journal,
            decode,
            taken_ids=self._taken(ledger),
            ids=Ids.of_ledger(ledger),
            changed=self._changed,
            batched=self.context.target.capabilities.batched,
            advance=advance,
            notes=self.context.story.notes,
        )

    def _taken(self, ledger: LedgerView) -> dict[Entity, frozenset[str]]:
        found = _taken(self.plan, ledger, self.shown)
        if not self.context.target.capabilities.names_enrollments:
            del found[Entity.ENROLLMENTS]
        return found

    def _recall(self, sender: Sender) -> None:
        """What an earlier process of this run did, and what it left in doubt."""
        known = self.journal.states().filter(pl.col("state") != State.PLANNED.value)
        for one, state in known.select("id", "state").iter_rows():
            sender.outcomes[one] = Outcome(one, State(state))
        others_name = pl.col("entity").is_in([one.value for one in NAMED])
        made = self.plan.operations.filter(others_name, verb="create")
        given = made.select("id", "entity", "key").join(
            known.select("id", pl.col("remote_id").alias("_given")), on="id"
        )
        odd = given.filter(pl.col("_given") != pl.col("key"))
        sender.renamed |= {
            one
            for one, entity, key, found in odd.iter_rows()
            if sender.ids.of(Entity(entity)).get(key) != found
        }

    async def _wrong(self, operations: pl.DataFrame) -> pl.DataFrame:
        return await Back(self.context, self.wire, self._ledger()).wrong(operations)

    async def _surely_wrong(self, operations: pl.DataFrame) -> pl.DataFrame:
        sent = self.journal.states()
        return await surely_wrong(
            self._wrong, operations, self.context, self.wire, sent
        )

    async def _twins(self, operations: pl.DataFrame) -> Mapping[str, str]:
        ledger = self._ledger()
        known = self._taken(ledger)
        return await twins(self.context, self.wire, ledger, operations, known)

    def _ledger(self) -> LedgerView:
        """The ledger with the identifiers that were given in this run."""
        ledger = self.context.ledger()
        given = self.journal.states().filter(pl.col("remote_id").is_not_null())
        fresh = given.join(
            self.plan.operations.select("id", "key"), on="id", how="inner"
        ).select("entity", "key", "remote_id")
        records = pl.concat([fresh, ledger.records], how="diagonal")
        return LedgerView(
            records.unique(["entity", "key"], keep="first", maintain_order=True),
            ledger.pairs,
        )

    async def _doubt(self, sender: Sender, operations: pl.DataFrame) -> None:
        if sender.in_doubt():
            await settle_doubt(sender, operations, self._surely_wrong, self._twins)

    async def _drift(self, sender: Sender, operations: pl.DataFrame) -> None:
        fresh = operations.filter(~pl.col("id").is_in(list(sender.outcomes)))
        if fresh.is_empty():
            return
        changed = await self._changed(fresh)
        await sender.settle([skipped(one, why) for one, why in changed.items()])

    async def _changed(self, operations: pl.DataFrame) -> Mapping[str, str]:
        """What is not as it was when the plan was made, by operation."""
        ledger = self.context.ledger()
        now = await Back(self.context, self.wire, ledger).read(operations)
        states = self.journal.states()
        done = states.filter(pl.col("state") == State.DONE.value)["id"]
        drift = drifted(operations, now, frozenset(done))
        if not drift.fields.is_empty():
            keep_drift(self.context, drift.fields)
        return drift.words

    async def _verify(self) -> None:
        """Read what was done back, for as long as it may take to show."""
        story = self.context.story
        done = self.journal.states().filter(pl.col("state") == State.DONE.value)
        waits = (pl.col("code") == PENDING).fill_null(value=False)
        if count := done.filter(waits).height:
            changes = number(count, "change is", "changes are")
            story.notes.append(f"{changes} done and pending: see the report")
        ids = done.filter(~waits)["id"].implode()
        # No list shows who waits, so none shows that he waits no more.
        unseen = pl.col("remote_id").str.starts_with(f"{PENDING}:")
        mine = self.plan.operations.filter(
            pl.col("id").is_in(ids), ~unseen.fill_null(value=False)
        )
        settled = not self.journal.in_doubt()
        if mine.is_empty():
            story.converged = settled
            return
        with self.context.stage("verify", mine.height, "operations"):
            story.unlike = await self._settled(mine)
        story.converged = settled and story.unlike.is_empty()
        story.differs = tuple(
            Difference(entity, key, name)
            for entity, key, name in story.unlike.select(
                "entity", "key", "field"
            ).iter_rows()
        )
        self._demand_shown(mine)

    def _demand_shown(self, done: pl.DataFrame) -> None:
        """On a first run somebody of those written must show where people are read.

        Raises ``TargetError``: else every night would write everybody again.
        """
        elsewhere = self.context.target.capabilities.elsewhere
        people = pl.col("entity").is_in([one.value for one in PEOPLE])
        made = done.filter(people & (pl.col("verb") == "create"))["id"]
        missing = self.context.story.unlike.filter(read="missing")["id"]
        first = self.context.state.ledger().records.is_empty()
        if elsewhere and first and len(made) and set(made) <= set(missing):
            message = "nobody who was written shows in what is read"
            raise TargetError(message, do=elsewhere)

    async def _settled(self, operations: pl.DataFrame) -> pl.DataFrame:
        patience = self.context.table.settle.total_seconds()
        sent = self.journal.states().join(operations, on="id", how="semi")["sent_at"]
        since = None if sent.null_count() else cast("datetime | None", sent.min())

        async def wrong(mine: pl.DataFrame) -> pl.DataFrame:
            back = Back(self.context, self.wire, self._ledger())
            return await back.wrong_since(mine, since)

        first = await wrong(operations)
        return await _wait(wrong, operations, first, patience, self.wire)


async def _wait(
    read: Read,
    operations: pl.DataFrame,
    wrong: pl.DataFrame,
    seconds: float,
    wire: Wire,
) -> pl.DataFrame:
    """What is still wrong when all of it holds, or the time is over."""
    end, pause = time.monotonic() + seconds, FIRST_PAUSE
    left = seconds
    while not wrong.is_empty() and left > 0 and wire.halted is None:
        await anyio.sleep(min(pause, left))
        operations = operations.join(
            wrong.select("id").unique(), on="id", how="semi"
        ).sort("phase", "wave", "entity", "key")
        wrong = await read(operations)
        pause, left = min(pause * 2, LONGEST_PAUSE), end - time.monotonic()
    return wrong


async def surely_wrong(
    read: Read,
    operations: pl.DataFrame,
    context: Context,
    wire: Wire,
    sent: pl.DataFrame,
) -> pl.DataFrame:
    """What does not hold of operations in doubt, and will not either: a creation that
    is not there may still be on its way, or have yet to show, for as long as
    ``settle`` after it was sent. Making it again would make it twice, or, where it
    cannot be there twice, be told twice to whoever is mailed or reads the history.

    ``sent``: ``id`` and ``sent_at``.
    """
    wrong = await read(operations)
    made = operations.filter(pl.col("id").is_in(wrong["id"].implode()), verb="create")
    last = sent.join(made.select("id"), on="id", how="semi")["sent_at"].max()
    if not isinstance(last, datetime):
        return wrong
    settle = context.table.settle
    left = min(last + settle - now(), settle).total_seconds()
    later = await _wait(read, made, wrong.join(made, on="id", how="semi"), left, wire)
    return pl.concat([wrong.join(made, on="id", how="anti"), later])


def reading_back(context: Context, wire: Wire) -> Read:
    """What tells of operations how they do not hold, outside of a run that sends."""

    async def read(operations: pl.DataFrame) -> pl.DataFrame:
        return await Back(context, wire, context.ledger()).wrong(operations)

    return read


def shown_ids(mirror: Mirror | None) -> dict[Entity, frozenset[str]]:
    """By collection, the identifiers that the target gave to what was read."""
    found: dict[Entity, frozenset[str]] = {}
    for entity, frame in ({} if mirror is None else mirror.frames).items():
        home = collection(entity)
        if home in _KINDS and REMOTE_ID in frame.columns:
            ids = frozenset(frame[REMOTE_ID].drop_nulls())
            found[home] = found.get(home, frozenset()) | ids
    return found


def _taken(
    plan: Plan, ledger: LedgerView, shown: Shown
) -> dict[Entity, frozenset[str]]:
    """By collection, identifiers that belong to some record: a creation must not be
    answered with one."""
    found: dict[Entity, frozenset[str]] = {Entity.ENROLLMENTS: frozenset()}
    for kind in _NAMED_KINDS:
        homes = pl.col("entity").is_in([one.value for one in members(kind)])
        mine, held = plan.operations.filter(homes), ledger.records.filter(homes)
        ids = [mine["key"], mine["remote_id"], held["key"], held["remote_id"]]
        known = pl.concat([one.cast(pl.String) for one in ids]).drop_nulls()
        found[kind] = frozenset(known)
    return {kind: ids | shown.get(kind, frozenset()) for kind, ids in found.items()}


def outcomes_of(journal: Path) -> pl.DataFrame:
    """What a journal knows of each operation, as the report shows it."""
    return read_states(journal).select(
        pl.col("id").alias("operation"),
        "state",
        pl.col("status").cast(pl.Int64),
        "code",
        "message",
        "remote_id",
    )


async def settle_left_behind(
    context: Context, plan: Plan, journal_path: Path, wire: Wire
) -> None:
    """Find out, by reading, what a process that died left in doubt.

    What holds is done; what does not was not done, and the next difference finds it.
    """
    with Journal.open(journal_path) as journal:
        doubtful = plan.operations.filter(pl.col("id").is_in(journal.in_doubt()))
        if doubtful.is_empty():
            return
        read, sent = reading_back(context, wire), journal.states()
        wrong = await surely_wrong(read, doubtful, context, wire, sent)
        missed = set(wrong["id"])
        await journal.settle([_found(one, one in missed) for one in doubtful["id"]])


def _found(operation: str, missed: bool) -> Outcome:
    if not missed:
        return Outcome(operation, State.DONE)
    why = "it was sent before the process died, and is not there"
    return Outcome(
        operation,
        State.FAILED,
        failure=Failure(FailureKind.REJECT, None, "interrupted", why),
    )


def count_outcomes(
    entities: dict[str, dict[str, dict[str, int]]], states: pl.DataFrame
) -> None:
    """Fill in per entity what became of its operations (``states``: id, state)."""
    names = {
        State.DONE: "done",
        State.FAILED: "failed",
        State.SKIPPED: "skipped",
        State.BLOCKED: "blocked",
        State.SENT: "in_doubt",
        State.PLANNED: "not_reached",
    }
    found = states.with_columns(
        pl.col("operation").str.extract(r"^([^:]+):").alias("entity")
    )
    counts: Mapping[tuple[str, str], int] = {
        (entity, state): number
        for entity, state, number in found.group_by("entity", "state").len().iter_rows()
    }
    for entity, sections in entities.items():
        if "operations" not in sections:
            continue
        planned = sections["operations"]["planned"]
        parts = {
            name: counts.get((entity, state.value), 0) for state, name in names.items()
        }
        reached = sum(parts.values())
        parts["not_reached"] += planned - reached
        sections["operations"] = {"planned": planned, **parts}
