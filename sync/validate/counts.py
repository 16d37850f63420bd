"""What became of the rows, and the digest of what is left of them.

In: mapped tables, sheets, and which rows were rejected or merged. Out: counts that
balance: read = accepted + merged + rejected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import IO, cast

import polars as pl

from sync.model.entities import SATELLITES, Entity
from sync.model.roster import FILE, KEY, ROW, Mapped, RowCounts
from sync.validate.satellites import of_records
from sync.validate.sheet import Sheet


def count(
    mapped: Mapped,
    sheets: Mapping[Entity, Sheet],
    rejected: Mapping[Entity, pl.Series],
    merged: Mapping[Entity, int],
) -> dict[Entity, RowCounts]:
    """The counts of every entity that the drop speaks of."""
    ragged = _ragged(mapped)
    folded = {entity: table.folded for entity, table in mapped.tables.items()}
    return {
        entity: RowCounts(
            read=sheet.rows + folded[entity] + ragged.get(entity, 0),
            accepted=sheet.rows - rejected[entity].len() - merged[entity],
            merged=merged[entity] + folded[entity],
            rejected=rejected[entity].len() + ragged.get(entity, 0),
        )
        for entity, sheet in of_records(sheets).items()
    }


def _ragged(mapped: Mapped) -> dict[Entity, int]:
    """Rows of the wrong width, at the one entity that their file counts for."""
    found: dict[Entity, int] = {}
    for file, raw in mapped.drop.tables.items():
        entity = counted_as(mapped, file)
        if entity is not None:
            found[entity] = found.get(entity, 0) + raw.unreadable.height
    return found


def counted_as(mapped: Mapped, file: str) -> Entity | None:
    """The entity under which a row of this file counts that cannot be told apart.

    Of several it is that of users where they are among them (section 6: a user
    without a role is rejected under users), else the first that the mapping names;
    none for files that only tell more of people.
    """
    fed = [
        entity
        for entity, table in mapped.tables.items()
        if file in table.headers and entity not in SATELLITES
    ]
    return Entity.USERS if Entity.USERS in fed else next(iter(fed), None)


class _Hashing:
    """A file that keeps nothing but the digest of what is written to it."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return len(data)


def digest(frames: Mapping[Entity, pl.DataFrame]) -> str:
    """SHA-256 over the normalised content, whatever order rows and columns had."""
    sink = _Hashing()
    for entity in sorted(frames):
        own = sorted(n for n in frames[entity].columns if n not in {FILE, ROW, KEY})
        sink.write(f"\n{entity.value}\n".encode())
        frames[entity].select(own).write_csv(cast("IO[bytes]", sink))
    return sink.sha256.hexdigest()
