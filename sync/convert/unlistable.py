"""People whom a list between commas cannot place, and what names them.

OneRoster 1.1 has the orgs of a person in one list, in which an identifier with a comma
would read as two others. Such a person is left out rather than moved to another school.
"""

from __future__ import annotations

import polars as pl

from sync.convert.package import LeftOut
from sync.convert.roles import LIST
from sync.model.entities import PEOPLE, Entity

Frames = dict[Entity, pl.DataFrame]

_NAMES = {
    Entity.AGENTS: ("studentSourcedId", "agentSourcedId"),
    Entity.ENROLLMENTS: ("userSourcedId",),
}
"""The columns that name people."""


def without_unlistable(frames: Frames) -> tuple[Frames, list[LeftOut]]:
    """The frames without people whose primary org holds a comma, and what is lost."""
    comma = pl.col("primaryOrgSourcedId").str.contains(LIST, literal=True)
    there = [frames[entity] for entity in PEOPLE if entity in frames]
    ids = pl.concat(
        [pl.Series("sourcedId", [], pl.String)]
        + [frame.filter(comma)["sourcedId"] for frame in there]
    )
    if ids.is_empty():
        return frames, []
    left: Frames = dict(frames)
    lost = []
    for entity, frame in frames.items():
        names = ("sourcedId",) if entity in PEOPLE else _NAMES.get(entity, ())
        gone = pl.any_horizontal(
            pl.lit(value=False), *(pl.col(name).is_in(ids.implode()) for name in names)
        )
        left[entity] = frame.filter(~gone)
        count = frame.height - left[entity].height
        if count:
            why = (
                "a comma in primaryOrgSourcedId cannot stand in orgSourcedIds"
                if entity in PEOPLE
                else "they name people who are left out"
            )
            lost.append(LeftOut(entity.value, None, count, why))
    return left, lost
