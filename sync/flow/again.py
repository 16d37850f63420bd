"""Whether a drop is known from an earlier night, before and after its run has begun.

In: a path, how it is to be read, and for which target. Out: what is known of it, where
that is all (``flow.known``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from sync.config import Config, TargetConfig
from sync.errors import RosterSyncError
from sync.flow.context import Context
from sync.flow.intake import How, Intake
from sync.flow.known import KnownIntake, KnownRoster, LaterFrames, Same, Whole, in_full
from sync.flow.relied import kept_same
from sync.flow.same import how_read, still
from sync.model.entities import Entity, Mode
from sync.model.roster import Drop, Mapped, RowCounts
from sync.read import contents
from sync.report import Stage
from sync.state import StateFolder


@dataclass(frozen=True, slots=True)
class Asked:
    """A drop, how it is to be read, and for whom."""

    config: Config
    table: TargetConfig
    path: Path
    how: How
    source: str | None


def known_intake(asked: Asked, whole: Whole) -> KnownIntake | None:
    """What is known of a drop without reading it; None where that is not all.

    ``whole`` takes it in, and is asked at most once.
    """
    began = time.perf_counter()
    config, name = asked.config, asked.table.name
    if not config.state_dir.is_dir():
        return None
    try:
        found = kept_same(StateFolder(config.state_dir), name, asked.source)
    except RosterSyncError:  # the run says what to do
        return None
    if found is None:
        return None
    run, same = found
    facts = same.facts
    today = datetime.now(config.timezone).date()
    if facts["how"] != how_read(config, asked.table, asked.how):
        return None
    there = contents(asked.path) if still(facts, today) else None
    if there is None or there.digest() != facts["drop"]:
        return None
    seconds = time.perf_counter() - began
    drop = Drop(asked.path, asked.path.resolve().name, there.kind, facts["sha256"], {})
    return KnownIntake(
        drop=drop,
        mapped=Mapped(drop, facts["layout"], {}),
        roster=_roster(same, whole),
        findings=same.findings("drop"),
        stages=(Stage("read", seconds, facts["size"]),),
        absent=frozenset(map(Entity, facts["absent"])),
        columns=facts["columns"],
        run=run,
        same=same,
        whole=whole,
    )


def _roster(same: Same, whole: Whole) -> KnownRoster:
    facts = same.facts
    delivered = {Entity(e): tuple(names) for e, names in facts["delivered"].items()}
    schema = {"entity": pl.String(), "_key": pl.String()}
    return KnownRoster(
        frames=LaterFrames(tuple(delivered), whole),
        modes={Entity(e): Mode(mode) for e, mode in facts["modes"].items()},
        counts={Entity(e): RowCounts(**one) for e, one in facts["counts"].items()},
        frozen=pl.DataFrame(schema=schema),
        columns=delivered,
    )


def still_known(context: Context, intake: Intake) -> Intake:
    """The same, or all of it where more decides than is known: another run was good
    since for drops of this source, or somebody confirms ids that have changed."""
    last = context.state.last_good(context.source)
    if not isinstance(intake, KnownIntake) or (
        last is not None and last.run == intake.run and context.confirmed is None
    ):
        return intake
    return in_full(intake)
