"""The mirror: what the target held when it was read, in the canonical columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from sync.model.entities import Entity

REMOTE_ID = "_remote_id"
FROZEN = "_frozen"
REST = "_rest"
SHOWN = "_shown:"
"""Begins the names of columns that a list shows and no record read by itself: they are
neither compared nor part of the record, and said again when it comes back."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """One read of a target.

    ``frames``: one row per remote record, sorted by ``_key``; canonical columns as in
    the roster (String, normalised, blank is null) that the target shows, ``_key``,
    ``_remote_id``, ``_frozen`` (Boolean: the record does not fit the schema and is
    left alone), ``_rest`` (JSON object of what else a replacing write must repeat, or
    null). People stand under students when one of their roles is student, else under
    users.
    """

    frames: Mapping[Entity, pl.DataFrame]
    complete: Mapping[Entity, bool]
    """False where distinct keys and announced totals never agreed."""
    totals: Mapping[Entity, int]
    read_at: datetime
    notes: tuple[str, ...] = ()
    """What the report should say of this read (clamped pages, second readings)."""
    pages: Mapping[Entity, int] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """The records of each label as they were read, over which a later read of changes
    alone is laid."""
    read_whole_at: datetime | None = None
    """When its lists were last read from their first record to their last; null where
    that was this read."""

    def has(self, entity: Entity) -> bool:
        """Whether this read asked for that entity at all."""
        return entity in self.frames
