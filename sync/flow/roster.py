"""The remote roster as canonical tables: what ``fetch`` writes to files."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.config import Config
from sync.errors import InterruptedRunError
from sync.flow.context import now
from sync.flow.night import Manner, opened
from sync.flow.preview import demand_complete, read_target
from sync.model.entities import ENTITIES, REFERENCE, Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.state import RunEnd
from sync.targets.base import Wants


async def fetch_roster(
    config: Config, name: str, manner: Manner
) -> dict[Entity, pl.DataFrame]:
    """Everything that the target holds, in the columns of the four files.

    Raises ``TargetError`` where a list cannot be read or proven complete.
    """
    with opened(config, name, manner) as context:
        reads = context.target.capabilities.reads
        outcome, code = "target_failed", 5
        try:
            wire = context.wire()
            async with wire:
                with context.sending(wire):
                    entities = tuple(e for e in reads if e not in REFERENCE)
                    mirror = await read_target(context, wire, Wants(entities))
                    if wire.halted is not None:
                        message = f"reading was stopped: {wire.halted}"
                        raise InterruptedRunError(message, do="fetch again")
            demand_complete(context)
            outcome, code = "preview", 0
        finally:
            context.state.end_run(context.run, RunEnd(outcome, code, now()))
        return canonical(mirror.frames)


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


def _shaped(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    names = [name for name in ENTITIES[entity].names if name in frame.columns]
    extra = sorted(name for name in frame.columns if name.startswith("metadata."))
    return frame.select([*names, *extra]).sort(names)
