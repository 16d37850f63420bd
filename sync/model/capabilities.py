"""What one kind of remote system can do, declared by its target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync.model.entities import Entity
from sync.model.operation import Verb


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Facts about a target that the pipeline asks for."""

    verbs: Mapping[Entity, frozenset[Verb]]
    """Per entity that the target writes, what it can do with it."""
    fields: Mapping[Entity, tuple[str, ...]]
    """Per entity, the canonical columns that are compared and written."""
    removals: Mapping[Entity, tuple[str, ...]]
    """Per entity, the removal policies that it knows, without ``keep``."""
    keeps_dates: bool
    """Whether enrollments carry begin and end dates; otherwise today decides."""
    reads: tuple[Entity, ...]
    """The entities that it lists, reference tables included."""
