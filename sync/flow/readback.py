"""Reading back what was sent, with as few requests as prove it.

In: operations that were carried out, and since when. Out: how they do not hold. Lists
of changes show nearly all of it; what they do not show as it was to be is asked for by
name, many at once; and what that does not show either is read by itself or, where that
is too much, in whole lists. Only a record that was seen as it was to be needs no
further look: that a list of changes or of names leaves it out proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from sync.errors import TargetError
from sync.flow.context import Context
from sync.flow.overlay import overlaid
from sync.model.entities import Entity
from sync.model.ids import Ids
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import KEY
from sync.verify import DIFFERS_SCHEMA, SINGLES, Reader, differences, remote_frame
from sync.wire import Wire

CLOCKS = timedelta(hours=1)
"""By so much the clock of a server may be behind ours without a list of changes leaving
out what was written; if it is more, the records are asked for otherwise."""


@dataclass(frozen=True, slots=True)
class Back:
    """How the records of one target are read back."""

    context: Context
    wire: Wire
    ledger: LedgerView
    """With the identifiers that were given in this run."""

    async def read(self, operations: pl.DataFrame) -> Mirror:
        """The records as they are now, under our own keys: by themselves, or in whole
        lists where they are many."""
        return overlaid(await self._reader.read(operations), self.ledger)

    async def wrong(self, operations: pl.DataFrame) -> pl.DataFrame:
        """What does not hold of them, by the same: ``DIFFERS_SCHEMA``."""
        return self._differences(operations, await self.read(operations))

    async def wrong_since(
        self, operations: pl.DataFrame, since: datetime | None
    ) -> pl.DataFrame:
        """The same, with fewer requests, of operations that were sent since then."""
        left = operations
        if since is not None and left.height > SINGLES:
            left = self._left(left, await self._changed(left, since))
        if 0 < left.height <= operations.height // 2:
            left = self._left(left, await self._together(left))
        return DIFFERS_SCHEMA.to_frame() if left.is_empty() else await self.wrong(left)

    async def _changed(
        self, operations: pl.DataFrame, since: datetime
    ) -> Mirror | None:
        try:
            found = await self._reader.changed(operations, since - CLOCKS)
        except TargetError:  # which may be one of the lists of changes alone
            return None
        return None if found is None else overlaid(found, self.ledger)

    async def _together(self, operations: pl.DataFrame) -> Mirror:
        return overlaid(await self._reader.together(operations), self.ledger)

    def _left(self, operations: pl.DataFrame, found: Mirror | None) -> pl.DataFrame:
        """The operations of which that does not show that they hold."""
        if found is None:
            return operations
        wrong = self._differences(operations, found)["id"]
        proven = seen(operations, found).filter(~pl.col("id").is_in(wrong.implode()))
        # A list may never have told whose guardians these are.
        gone = pl.col("ends") & (pl.col("entity") == Entity.AGENTS.value)
        told = pl.col("id").is_in(list(self.context.story.listed))
        return operations.join(proven.filter(~gone | told), on="id", how="anti").sort(
            "phase", "wave", "entity", "key"
        )

    def _differences(self, operations: pl.DataFrame, found: Mirror) -> pl.DataFrame:
        return differences(operations, found, self.context.target.capabilities)

    @property
    def _reader(self) -> Reader:
        return Reader(self.context.target, self.wire, Ids.of_ledger(self.ledger))


def seen(operations: pl.DataFrame, mirror: Mirror) -> pl.DataFrame:
    """Those operations whose record is in the mirror; of a link, its student's."""
    student = pl.coalesce("after", "before").str.json_path_match("$.studentSourcedId")
    parts = [operations.clear()]
    for entity in map(Entity, operations["entity"].unique().sort()):
        links = entity is Entity.AGENTS
        shown = remote_frame(Entity.STUDENTS if links else entity, mirror)[KEY]
        mine = (student if links else pl.col("key")).is_in(shown.implode())
        parts.append(operations.filter(pl.col("entity") == entity.value, mine))
    return pl.concat(parts)
