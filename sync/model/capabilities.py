"""What one kind of remote system can do, declared by its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from sync.model.entities import Entity
from sync.model.operation import Verb

Comparison = Callable[[pl.Expr], pl.Expr]
"""What both sides of a field become before they are compared, where a system says a
value in another form, or in fewer words, than it takes it."""

STRENGTH = ("delete", "tobedeleted", "inactive")
"""The removal policies, that which leaves least behind first."""


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
    elsewhere: str | None = None
    """What to look at where people are written in one place and read in another, and
    what is written does not show; null where it is one place."""
    comparisons: Mapping[Entity, Mapping[str, Comparison]] = field(default_factory=dict)
    """Per entity and field, how to compare where equality is not enough."""
    lacks: Mapping[Entity, str] = field(default_factory=dict)
    """Per entity that it does not write, why not, in a few words."""
    endings: Mapping[Entity, Mapping[str, Mapping[str, str]]] = field(
        default_factory=dict
    )
    """Per entity and removal policy, the fields that it writes; where nothing is said,
    the status of that name, or else ``tobedeleted``."""
    once: frozenset[Entity] = frozenset()
    """Entities whose creation does harm where the record is there: where a list cannot
    be proven complete, nothing of them is created."""
    allocates: bool = False
    """Whether a creation may be given another identifier than the one supplied, so that
    it is not found under ours when its answer was lost."""
    names_enrollments: bool = True
    """Whether the remote identifier of an enrollment names it alone, and is not that of
    its person."""
    batched: bool = False
    """Whether one request may carry several operations."""
    deltas: bool = False
    """Whether its lists can be asked for what has changed since an instant."""
    links_within: bool = False
    """Whether guardian links are written as a part of their student's record."""
    writes: bool = True
    """Whether anything is written at all; otherwise a run ends with its preview."""

    marked: frozenset[Entity] = frozenset()
    """Entities of which even a deletion may leave a record that is marked as ended."""

    def strongest(self, entity: Entity) -> str:
        """The removal policy that leaves least behind. Raises ``StopIteration`` where
        the target knows none."""
        known = self.removals[entity]
        return next(form for form in STRENGTH if form in known)

    def only_marks(self, entity: Entity) -> bool:
        """Whether what is ended as strongly as can be is still there, marked."""
        return self.strongest(entity) != STRENGTH[0] or entity in self.marked

    def ending(self, entity: Entity, policy: str) -> Mapping[str, str]:
        """The fields that a removal by absence writes under this policy."""
        status = policy if policy in {"inactive", "tobedeleted"} else "tobedeleted"
        return self.endings.get(entity, {}).get(policy, {"status": status})
