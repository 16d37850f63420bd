"""The remote roster as canonical tables: what ``fetch`` writes to files."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.config import Config
from sync.flow.night import Manner, accounted, opened
from sync.flow.reading import demand_complete, last_read_here, read_target
from sync.model.entities import ENTITIES, PEOPLE, REFERENCE, STATED, Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.targets.base import Wants
from sync.wire import Wire


async def fetch_roster(
    config: Config, name: str, manner: Manner
) -> dict[Entity, pl.DataFrame]:
    """Everything that the target holds, in the columns of the four files.

    Raises ``TargetError`` where a list cannot be read or proven complete.
    """
    found: dict[Entity, pl.DataFrame] = {}
    with opened(config, name, manner) as context:

        async def steps(wire: Wire) -> None:
            able = context.target.capabilities.reads
            entities = tuple(entity for entity in able if entity not in REFERENCE)
            wants, before = (
                Wants(entities),
                last_read_here(context, context.last_read()),
            )
            mirror = await read_target(context, wire, wants, before)
            demand_complete(context)
            found.update(canonical(mirror.frames))

        result = await accounted(context, steps, preview=True)
    if result.error is not None:
        raise result.error
    return found


def canonical(frames: Mapping[Entity, pl.DataFrame]) -> dict[Entity, pl.DataFrame]:
    """The mirror's frames in the columns and the order of the four files."""
    return {
        entity: _shaped(entity, _with_roles(frame) if entity is Entity.USERS else frame)
        for entity, frame in frames.items()
    }


def _with_roles(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each role of a user, as in users.csv."""
    parts = pl.col("_role").str.split(FIELD_SEPARATOR)
    return (
        frame.with_columns(pl.col("roles").str.split(ROLE_SEPARATOR).alias("_role"))
        .explode("_role", empty_as_null=True)
        .with_columns(
            parts.list.get(0, null_on_oob=True).alias("roleType"),
            parts.list.get(1, null_on_oob=True).alias("role"),
            parts.list.get(2, null_on_oob=True).alias("roleOrgSourcedId"),
        )
    )


_PERSON_NAMES = {
    entity: [name for name in ENTITIES[entity].names if name not in STATED]
    for entity in PEOPLE
}


def _shaped(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    # Roles stand in columns of their own.
    stated = ENTITIES[entity].names if entity not in PEOPLE else _PERSON_NAMES[entity]
    names = [name for name in stated if name in frame.columns]
    extra = sorted(name for name in frame.columns if name.startswith("metadata."))
    return frame.select([*names, *extra]).sort(names)
