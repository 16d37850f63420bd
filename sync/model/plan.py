"""The plan: every operation and request of one run, made before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

PLAN_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Guard:
    """One limit on harm and how this plan stands to it."""

    name: str
    """removals, creates, updates, cleared, rejected, shrink, first_run, undone."""
    entity: str | None
    group: str | None
    """The school or role within which it was judged; null for the whole entity."""
    count: int
    of: int
    limit: str
    tripped: bool
    message: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run will do.

    ``operations``: a frame of ``OPERATION_SCHEMA`` plus ``request`` (String, the JSON
    of the composed request: service, method, path, query, body, repeatable, lanes and
    the operation ids), sorted by ``OPERATION_ORDER``; the request of a batch stands
    at its first operation and is null at the others.
    """

    id: str
    run: str
    target: str
    kind: str
    program: str
    fingerprint: str
    """Digest of the target's addresses and of the configuration that matters."""
    inputs: Mapping[str, Any]
    """Digests of drop, mirror and ledger, the date in the configured time zone."""
    created: datetime
    valid_until: datetime
    guards: tuple[Guard, ...]
    operations: pl.DataFrame
    account: Mapping[str, Any]
    """The ``entities`` part of the report as planned: rows, diff, remote, planned."""
    digest: str

    @property
    def held(self) -> bool:
        """Whether a guard holds it until a person approves its digest."""
        return any(guard.tripped for guard in self.guards)
