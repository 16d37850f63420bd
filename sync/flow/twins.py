"""A creation whose answer was lost may be there under an identifier of the target's.

In: creations that are in doubt and are not found under our key, and everything that the
target holds now. Out: for each the one record that says the same and that was not there
before, if there is exactly one: sending it again would make a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from sync.fetch import fetch
from sync.flow.context import Context
from sync.flow.overlay import overlaid
from sync.model.entities import PEOPLE, Entity
from sync.model.ids import collection
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID, Mirror
from sync.targets.base import Wants
from sync.verify import remote_frame
from sync.wire import Wire

Columns = tuple[str, ...]
_PERSON: tuple[Columns, ...] = (
    ("username", "givenName", "familyName"),
    ("email", "givenName", "familyName"),
)
SAME: Mapping[Entity, tuple[Columns, ...]] = {
    **dict.fromkeys(PEOPLE, _PERSON),
    Entity.ENROLLMENTS: (("userSourcedId", "classSourcedId", "role"),),
    Entity.ORGS: (("name", "type"),),
    Entity.ACADEMIC_SESSIONS: (("title", "type", "startDate", "endDate"),),
    Entity.COURSES: (("title", "courseCode", "orgSourcedId"),),
    Entity.CLASSES: (("title", "classCode", "courseSourcedId", "schoolSourcedId"),),
}
"""What tells that a record is the one that was sent, whatever its identifier."""


async def twins(
    context: Context,
    wire: Wire,
    ledger: LedgerView,
    operations: pl.DataFrame,
    known: Mapping[Entity, frozenset[str]],
) -> dict[str, str]:
    """Operation -> the identifier under which its record is there.

    ``known``: by collection the identifiers of records that were there before, or are
    somebody else's.
    """
    created = operations.filter(verb="create")
    names = created["entity"].unique().sort()
    entities = tuple(Entity(one) for one in names if Entity(one) in SAME)
    if not entities or not context.target.capabilities.allocates:
        return {}
    now = overlaid(await fetch(context.target, wire, Wants(entities)), ledger)
    found: dict[str, str] = {}
    for entity in entities:
        mine = created.filter(entity=entity.value)
        away = known.get(collection(entity), frozenset())
        for same in SAME[entity]:
            found = _alike(mine, _others(entity, now, away), same) | found
    return found


def _others(entity: Entity, now: Mirror, known: frozenset[str]) -> pl.DataFrame:
    frame = remote_frame(entity, now)
    if REMOTE_ID not in frame.columns:
        return frame.clear()
    return frame.filter(~pl.col(REMOTE_ID).is_in(list(known)), status="active")


def _alike(
    operations: pl.DataFrame, remote: pl.DataFrame, same: Sequence[str]
) -> dict[str, str]:
    """The pairs of one operation and one record that agree in these columns."""
    if not set(same) <= set(remote.columns):
        return {}
    ours = operations.select(
        "id", *(pl.col("after").str.json_path_match(f"$.{n}").alias(n) for n in same)
    )
    pairs = ours.join(remote.select(*same, REMOTE_ID), on=list(same), how="inner")
    single = pairs.filter(
        ~pl.col("id").is_duplicated() & ~pl.col(REMOTE_ID).is_duplicated()
    )
    return dict(single.select("id", REMOTE_ID).rows())
