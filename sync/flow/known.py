"""A drop that is byte for byte the one of an earlier night: known without being read.

In: what that night kept. Out: an intake that tells the same of the drop, and takes it
in after all as soon as somebody asks for its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from sync.flow.intake import Intake
from sync.model.entities import Entity
from sync.model.finding import FINDING_SCHEMA, Findings
from sync.model.roster import Roster

Facts = Mapping[str, Any]
Whole = Callable[[], Intake]
"""Takes the drop in."""


@dataclass(frozen=True, slots=True)
class Same:
    """What a night was made of and came to."""

    facts: Facts
    told: pl.DataFrame
    """Findings, and whether each is on the ``drop`` or on the ``plan`` (``part``)."""
    missed: pl.DataFrame
    """``entity`` and ``key`` of the records of the ledger that the drop lacked."""

    def findings(self, part: str) -> Findings:
        """Those on the ``drop`` or on the ``plan``."""
        return Findings(self.told.filter(part=part).select(FINDING_SCHEMA.names()))


def _nothing() -> Intake:
    message = "nobody said how this drop is taken in"
    raise ValueError(message)


@dataclass(frozen=True, slots=True)
class KnownIntake(Intake):
    """What is known of a drop from the night of ``run``."""

    run: str = ""
    same: Same = field(default_factory=lambda: Same({}, pl.DataFrame(), pl.DataFrame()))
    whole: Whole = _nothing


class LaterFrames(Mapping[Entity, pl.DataFrame]):
    """The frames of a roster, for which the drop is taken in when one is asked for."""

    def __init__(self, entities: tuple[Entity, ...], whole: Whole) -> None:
        """``entities``: those that the drop has."""
        self._entities = entities
        self._whole = whole

    def __getitem__(self, entity: Entity) -> pl.DataFrame:
        """Its frame."""
        if entity not in self._entities:
            raise KeyError(entity)
        return self._frames[entity]

    def __iter__(self) -> Iterator[Entity]:
        """Those of the drop."""
        return iter(self._entities)

    def __len__(self) -> int:
        """How many the drop has."""
        return len(self._entities)

    @cached_property
    def _frames(self) -> Mapping[Entity, pl.DataFrame]:
        roster = self._whole().roster
        return {} if roster is None else roster.frames


@dataclass(frozen=True, slots=True)
class KnownRoster(Roster):
    """A roster whose columns are known."""

    columns: Mapping[Entity, tuple[str, ...]] = field(default_factory=dict)

    def delivered(self, entity: Entity) -> tuple[str, ...]:
        """The canonical columns that the drop has for this entity."""
        return self.columns.get(entity, ())


def in_full(intake: Intake) -> Intake:
    """The intake with all rows of its drop."""
    return intake.whole() if isinstance(intake, KnownIntake) else intake
