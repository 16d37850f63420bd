"""Reading back: how the records of some operations are read.

In: operations and the target. Out: a mirror of the records concerned: each read by
itself, together with others, from lists of changes, or from whole lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from sync.fetch import fetch, read_together
from sync.model.entities import Entity, Mode
from sync.model.ids import NAMED, Ids
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, walk
from sync.model.request import Answer, Listing, Page
from sync.model.roster import KEY, Roster
from sync.targets.base import Target, Wants
from sync.wire import Service, Wire

SINGLES = 30
"""Records of a plan up to which they are read one by one and not by listing."""


class Lookups:
    """A target seen through the records of a few operations: each read by itself."""

    def __init__(self, target: Target, operations: pl.DataFrame, ids: Ids) -> None:
        """Ask the target once how each record is read, under the ids that it knows."""
        self._target = target
        found = [
            one
            for operation in walk(operations)
            for one in target.lookup(_as_known(operation, ids))
        ]
        self.pending = list(dict.fromkeys(found))
        """What is still to be read."""
        self.known: Mapping[str, pl.DataFrame] = {}
        """By label, the records that were read otherwise."""

    @property
    def services(self) -> Mapping[str, Service]:
        """Those of the target."""
        return self._target.services

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """All of them at once, and then nothing more."""
        return () if tables else self.pending

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """As the target reads it."""
        return self._target.read(listing, answer)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """As the target assembles it."""
        whole = dict(tables)
        for label, frame in self.known.items():
            read = [one for one in (whole.get(label), frame) if one is not None]
            whole[label] = pl.concat(read, how="diagonal_relaxed")
        return self._target.assemble(wants, whole)


class Changes:
    """A target seen through its lists of changes of a few kinds."""

    def __init__(self, target: Target, labels: frozenset[str]) -> None:
        """``labels``: those of the lists that matter."""
        self._target = target
        self._labels = labels

    @property
    def services(self) -> Mapping[str, Service]:
        """Those of the target."""
        return self._target.services

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """All of them at once, and then nothing more."""
        found = () if tables else self._target.listings(wants, {})
        return [one for one in found if one.delta and one.label in self._labels]

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """As the target reads it."""
        return self._target.read(listing, answer)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """As the target assembles it."""
        return self._target.assemble(wants, tables)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the records of operations back."""

    target: Target
    wire: Wire
    ids: Ids = field(default_factory=Ids)
    """Remote identifiers that are not the key."""

    async def read(self, operations: pl.DataFrame) -> Mirror:
        """The mirror's rows of these operations, and maybe of others.

        Singly where they are few, else by listing. Raises ``TargetError``.
        """
        wants = _wants(operations)
        if operations.height <= SINGLES:
            return await self.singly(operations)
        return await fetch(self.target, self.wire, wants)

    async def singly(self, operations: pl.DataFrame) -> Mirror:
        """The same, each read by itself, however many they are."""
        lookups = Lookups(self.target, operations, self.ids)
        return await fetch(lookups, self.wire, _wants(operations))

    async def together(self, operations: pl.DataFrame) -> Mirror:
        """The same with few requests, where the target can be asked for many records
        by name. A list may show less of a record than the record by itself."""
        lookups = Lookups(self.target, operations, self.ids)
        found = await read_together(self.wire, self.target, lookups.pending)
        lookups.pending, lookups.known = found.rest, found.tables()
        return await fetch(lookups, self.wire, _wants(operations))

    async def changed(self, operations: pl.DataFrame, since: datetime) -> Mirror | None:
        """Those of the records that lists of changes since then show; null where there
        are no such lists. What they do not show may still be there, or not.

        Raises ``TargetError``.
        """
        if not self.target.capabilities.deltas:
            return None
        wants = replace(_wants(operations), since=since)
        labels = {
            one.label for one in Lookups(self.target, operations, self.ids).pending
        }
        changes = Changes(self.target, frozenset(labels))
        if not changes.listings(wants, {}):
            return None
        return await fetch(changes, self.wire, wants)


def _wants(operations: pl.DataFrame) -> Wants:
    entities = tuple(Entity(one) for one in operations["entity"].unique().sort())
    return Wants(entities, _expected(operations), _reminder(operations))


def _as_known(operation: Operation, ids: Ids) -> Operation:
    """The operation with what it is and what it names as the target calls them."""
    before, after = operation.before, operation.after
    return replace(
        operation,
        remote_id=operation.remote_id or _own(operation, ids),
        before=None if before is None else ids.remote(operation.entity, before),
        after=None if after is None else ids.remote(operation.entity, after),
    )


def _own(operation: Operation, ids: Ids) -> str | None:
    """The identifier that was given to the record; an enrollment may have another key
    than its own identifier, under which it is found by what it says."""
    if operation.entity in NAMED:
        return ids.of(operation.entity).get(operation.key)
    told = operation.after or operation.before or {}
    by_id = operation.entity is Entity.ENROLLMENTS
    return (
        ids.of(operation.entity).get(operation.key)
        if by_id and told.get("sourcedId") == operation.key
        else None
    )


def _expected(operations: pl.DataFrame) -> Roster:
    """The links that should be there: where they differ the target asks singly."""
    links = operations.filter(
        (pl.col("entity") == Entity.AGENTS.value) & ~pl.col("ends")
    )
    frame = links.select(
        pl.col("key").alias(KEY),
        *(
            pl.col("after").str.json_path_match(f"$.{name}").alias(name)
            for name in ("studentSourcedId", "agentSourcedId", "relationshipType")
        ),
    )
    return Roster({Entity.AGENTS: frame}, {Entity.AGENTS: Mode.DELTA}, {}, _no_keys())


def _no_keys() -> pl.DataFrame:
    return pl.DataFrame(schema={"entity": pl.String(), KEY: pl.String()})


def _reminder(operations: pl.DataFrame) -> LedgerView:
    """A ledger that has the links, so that their students count; of a link that only
    changes it knows another relationship, so that this one is read. Enrollments stand
    in it with the person and the remote id that they had when the plan was made: what
    no list tells is said the same by a second reading."""
    named = [Entity.AGENTS.value, Entity.ENROLLMENTS.value]
    mine = operations.filter(pl.col("entity").is_in(named))
    seat = pl.col("entity") == Entity.ENROLLMENTS.value
    person = pl.col("before").str.json_path_match("$.userSourcedId")
    records = mine.select(
        "entity",
        "key",
        remote_id=pl.when(seat).then("remote_id"),
        source=pl.lit(None, dtype=pl.String),
        created=pl.lit(value=False),
        missed=pl.lit(0, dtype=pl.UInt32),
        ended=pl.lit(value=False),
        digest=pl.when(~seat & (pl.col("verb") == "update")).then(pl.lit("?")),
        person=pl.when(seat).then(person),
    )
    return LedgerView(records.select(LEDGER_SCHEMA.names()), PAIRS_SCHEMA.to_frame())
