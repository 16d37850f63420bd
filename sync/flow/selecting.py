"""The selection in a run: what of a drop reaches the difference as what.

In: roster, mirror, ledger and the selection of the target. Out: a projection in which
rows that are left out are ``unsupported``, and what of the target is outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from sync.flow.context import Context
from sync.model.entities import PEOPLE, REFERENCE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.select import Selection, choose, with_left_out, with_outside
from sync.shelf import all_put_away
from sync.targets.base import Projection

Frames = dict[Entity, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Projected:
    """What the target can hold of a roster, and which records are not its business."""

    projection: Projection
    selected: bool = False
    outside: Mapping[Entity, pl.DataFrame] = field(default_factory=dict)

    def marked(self, joined: Frames) -> Frames:
        """The joined frames with ``outside``, where there is a selection."""
        return with_outside(joined, self.outside) if self.selected else joined


def wanted(context: Context, roster: Roster, ledger: LedgerView) -> Roster:
    """The roster as far as it decides on what is read: without what can be told to be
    left out before anything is read."""
    selection = context.selection
    if selection is None:
        return roster
    unread = Mirror({}, {}, {}, context.started)
    return choose(roster, unread, ledger, selection, _written(context)).chosen


def projected(
    context: Context, roster: Roster, mirror: Mirror, ledger: LedgerView
) -> Projected:
    """The projection of what is for this target, with the rest laid beside it."""
    selection = context.selection
    if selection is None and not _left_before(ledger):
        whole = context.target.project(roster, mirror, ledger, context.today)
        return Projected(replace(whole, frames=all_put_away(whole.frames)))
    chosen_by = selection or Selection()
    choice = choose(roster, mirror, ledger, chosen_by, _written(context))
    chosen, left = (
        context.target.project(one, mirror, ledger, context.today)
        for one in (choice.chosen, choice.left)
    )
    frames, folded = with_left_out(chosen.frames, left.frames)
    merged = {
        entity: chosen.merged.get(entity, 0)
        + left.merged.get(entity, 0)
        + folded.get(entity, 0)
        for entity in frames
    }
    projection = replace(
        chosen,
        frames=all_put_away(frames),
        merged=merged,
        findings=chosen.findings + choice.findings,
    )
    return Projected(projection, selected=True, outside=choice.outside)


def _written(context: Context) -> frozenset[Entity]:
    """The reference tables that this target writes."""
    able = context.target.capabilities.verbs
    return frozenset(e for e in REFERENCE if e in able and e in context.table.entities)


def _left_before(ledger: LedgerView) -> bool:
    """Whether somebody left a selection whom no drop has named since."""
    people = pl.col("entity").is_in([one.value for one in PEOPLE])
    return not ledger.records.filter(people, pl.col("source").is_null()).is_empty()
