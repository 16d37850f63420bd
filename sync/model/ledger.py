"""The ledger as frames: which remote records are ours, and what was sent to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl

from sync.model.entities import Entity

_LEDGER: dict[str, pl.DataType] = {
    "entity": pl.String(),
    "key": pl.String(),
    "remote_id": pl.String(),
    "source": pl.String(),
    "created": pl.Boolean(),
    "missed": pl.UInt32(),
    "ended": pl.Boolean(),
    "digest": pl.String(),
    "person": pl.String(),
}
LEDGER_SCHEMA = pl.Schema(_LEDGER)
"""One row per record that this program created or has seen in a good drop.

``source``: who named it last, "" where who delivers has no name; null: it left the
selection, so nobody's silence ends it. ``missed``: in how many good drops of its
source in a row it was not; ``ended``: we ended it, whatever the read side goes on
showing; ``digest``: of what the drop last said of it (of the relationship type for
agents), null where only existence is known; ``person``: the sourcedId of the person of
an enrollment, whatever stands in its key.
"""

_PAIRS: dict[str, pl.DataType] = {
    "entity": pl.String(),
    "key": pl.String(),
    "field": pl.String(),
    "sent": pl.String(),
    "read": pl.String(),
}
PAIRS_SCHEMA = pl.Schema(_PAIRS)
"""Fields that a system stores in another form than sent: the digest of what was sent
and of what was read back. As long as neither changes the two count as equal."""


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The ledger of one target at the start of a run."""

    records: pl.DataFrame
    pairs: pl.DataFrame

    @classmethod
    def empty(cls) -> LedgerView:
        """A target that was never synced."""
        return cls(LEDGER_SCHEMA.to_frame(), PAIRS_SCHEMA.to_frame())

    def of(self, entity: Entity) -> pl.DataFrame:
        """The records of one entity."""
        return self.records.filter(pl.col("entity") == entity.value)


def digest(value: str | None) -> str:
    """The digest of one field's value, which the ledger keeps in its place."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:32]
