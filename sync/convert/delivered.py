"""Cells that count as not delivered, put back as they were delivered.

A malformed e-mail is blank in the roster, and the remote value stays. Written as a
blank it would empty the remote field, so it is written as the district wrote it: the
next reader sees the same mistake and leaves the field alone as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from sync.model.entities import ENTITIES, PEOPLE, Entity
from sync.model.normalise import text
from sync.model.roster import FILE, KEEP, ROW, Mapped, Roster, Table

GUESSED = "relationshipType"
"""What a new link needs, so that it is filled in where nobody says it."""
_RAW = "raw:"
_ID = "sourcedId"


def as_delivered(roster: Roster, mapped: Mapped) -> Roster:
    """The roster with those cells of people as they stand in the drop, and without
    the columns that are delivered in no row."""
    frames = dict(roster.frames)
    for entity in PEOPLE:
        if entity in frames and entity in mapped.tables:
            frames[entity] = _restored(frames[entity], mapped.tables[entity])
    return replace(
        roster, frames={e: _without_empty(e, frame) for e, frame in frames.items()}
    )


def undelivered(frames: Mapping[Entity, pl.DataFrame]) -> dict[tuple[Entity, str], int]:
    """(entity, column) -> how many cells the drop says nothing of."""
    counts = {
        (entity, name): frame.filter(keeps(name), _unsaid(name)).height
        for entity, frame in frames.items()
        for name in _names(frame)
    }
    return {place: count for place, count in sorted(counts.items()) if count}


def _names(frame: pl.DataFrame) -> list[str]:
    """The columns of which a cell counts as not delivered."""
    if KEEP not in frame.columns:
        return []
    listed = (
        frame[KEEP].drop_nulls().unique().str.split(",").explode(empty_as_null=True)
    )
    return sorted(set(listed) & set(frame.columns))


def keeps(name: str) -> pl.Expr:
    """Whether a row's cell of this column counts as not delivered."""
    return pl.col(KEEP).str.contains(f",{name},", literal=True).fill_null(value=False)


def _unsaid(name: str) -> pl.Expr:
    """Whether nothing stands in a cell but what the program put there itself."""
    return pl.lit(value=True) if name == GUESSED else pl.col(name).is_null()


def _without_empty(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    optional = [n for n in _names(frame) if n not in ENTITIES[entity].required]
    told = frame.select(
        (~keeps(n) | pl.col(n).is_not_null()).any().alias(n) for n in optional
    )
    return frame.drop(n for n in optional if not told[n].item())


def _restored(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    names = [name for name in _names(frame) if name in table.frame.columns]
    place = [FILE, ROW, _ID]
    if not names or not set(place) <= set(table.frame.columns):
        return frame
    raw = table.frame.select(
        *(FILE, ROW, text(pl.col(_ID)).alias(_ID)),
        *(pl.col(name).alias(_RAW + name) for name in names),
    ).unique(place, keep="first", maintain_order=True)
    joined = frame.join(raw, on=place, how="left", maintain_order="left")
    return joined.with_columns(
        pl.when(keeps(name))
        .then(pl.coalesce(name, _RAW + name))
        .otherwise(name)
        .alias(name)
        for name in names
    ).drop(_RAW + name for name in names)
