"""What of a roster EduBridge can hold: enrollments by user, course, school and role.

In: the validated roster, the mirror, today's date. Out: a ``Projection`` of the
enrollments alone. EduBridge makes neither people nor courses nor schools, so what an
active row names must be there already.
"""

from __future__ import annotations

import polars as pl

from sync.model import normalise
from sync.model.entities import PEOPLE, Entity
from sync.model.roster import KEY
from sync.targets.base import Projection
from sync.targets.common import edubridge
from sync.targets.common.enrollments import (
    API_ROLES,
    class_rule,
    dated,
    folded,
    with_class,
)
from sync.targets.common.people import renumbered
from sync.targets.common.projecting import (
    BLOCKED,
    UNSUPPORTED,
    Context,
    Rule,
    decided,
    notes,
    unknown,
    with_status,
)
from sync.targets.common.protecting import frozen

_REFERENCES: tuple[tuple[str, str, tuple[Entity, ...]], ...] = (
    ("userSourcedId", "user", PEOPLE),
    ("courseSourcedId", "course", (Entity.COURSES,)),
    ("schoolSourcedId", "school", (Entity.ORGS,)),
)


def project(context: Context) -> Projection:
    """The projection of the enrollments that the drop has."""
    rows = context.roster.frames.get(Entity.ENROLLMENTS)
    if rows is None:
        return Projection({}, {}, _frozen(context, None), notes({}))
    frame = with_class(with_status(rows), context)
    kinds: list[Rule] = [
        (
            ~pl.col("role").is_in(API_ROLES),
            UNSUPPORTED,
            "EduBridge knows no such role of enrollments",
        )
    ]
    shown = dated(decided(frame, kinds), context.today)
    shown = decided(shown, [*_places(shown, context), *_references(shown, context)])
    kept, count = folded(shown, normalise.key(*edubridge.IDENTITY))
    frames = {Entity.ENROLLMENTS: edubridge.with_free_ids(kept, context).sort(KEY)}
    return Projection(
        frames=frames,
        merged={Entity.ENROLLMENTS: count},
        frozen=_frozen(context, frames[Entity.ENROLLMENTS]),
        findings=notes(frames),
    )


def _frozen(context: Context, wanted: pl.DataFrame | None) -> pl.DataFrame:
    """What rows that are not carried out may have meant, and the enrollments of people
    whom the target may hold under an old id."""
    meant = frozen(context, wanted, by_course=True)
    return pl.concat([meant, renumbered(context)])


def _places(frame: pl.DataFrame, context: Context) -> list[Rule]:
    """Rows of which nobody can tell the course and the school."""
    return [
        class_rule(frame, context),
        (pl.col("courseSourcedId").is_null(), BLOCKED, "its class names no course"),
        (pl.col("schoolSourcedId").is_null(), BLOCKED, "its class names no school"),
    ]


def _references(frame: pl.DataFrame, context: Context) -> list[Rule]:
    """Active rows whose user, course or school the target does not hold; an end needs
    nobody."""
    lives = pl.col("status") == "active"
    return [
        (
            lives & unknown(frame, column, _there(context, *homes)),
            BLOCKED,
            f"the target does not hold its {what}, and EduBridge makes none",
        )
        for column, what, homes in _REFERENCES
    ]


def _there(context: Context, *entities: Entity) -> pl.Series | None:
    """All identifiers that the target holds; null where they were not read."""
    keys = [
        frame[KEY]
        for one in entities
        if (frame := context.mirror.frames.get(one)) is not None
    ]
    return pl.concat(keys).unique().sort() if keys else None
