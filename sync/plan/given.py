"""What a plan is made of: who makes it, what is configured, what was found.

All that ``make_plan`` takes comes in here; nothing is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from sync.diff import FieldRules
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.plan.cause import Headers
from sync.plan.guards import NONE_PASSED, GuardRules
from sync.targets.base import Projection, Target


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says about removals and harm."""

    policies: Mapping[Entity, str]
    scope: str
    orgs: tuple[str, ...]
    grace: int
    source: str
    additions_only: bool
    guards: GuardRules


@dataclass(frozen=True, slots=True)
class Facts:
    """What identifies a plan besides its content."""

    run: str
    target: str
    kind: str
    program: str
    fingerprint: str
    inputs: Mapping[str, Any]
    created: datetime
    valid: timedelta


@dataclass(frozen=True, slots=True)
class PlanInput:
    """Everything that a plan is made of."""

    facts: Facts
    target: Target
    roster: Roster
    mirror: Mirror
    projection: Projection
    joined: Mapping[Entity, pl.DataFrame]
    fields: Mapping[Entity, FieldRules]
    ledger: LedgerView
    rules: Rules
    rows_before: Mapping[Entity, int]
    seen: frozenset[Entity] = frozenset()
    """Entities of which the last read had shown records."""
    cut_off: frozenset[Entity] = frozenset()
    """Entities whose file may have lost its end since the last good drop."""
    passed: pl.DataFrame = field(default_factory=NONE_PASSED.to_frame)
    """``id`` of creations that passed the guards in a run that did not finish."""
    headers: Headers = field(default_factory=dict)
    """Which header of which file each column came from."""
    undone: tuple[str, str] | None = None
    """The run that stands taken back, and the one that did it."""
    nameless: bool | None = None
    """Whether no good drop has named the records of the target yet; null where that is
    so exactly if the ledger is empty."""

    @property
    def unnamed(self) -> bool:
        """Whether no good drop has named the records of the target yet."""
        empty = self.ledger.records.is_empty()
        return empty if self.nameless is None else self.nameless
