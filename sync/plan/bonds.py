"""What names what: nothing is ended under a record that stays, nothing made for nobody.

In: the joined frames of a run that is to be taken back, and the mirror. Out: the same
frames, in which a creation that something in force names since is left, and what would
be made anew without those whom it names is blocked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from sync.diff.values import DROP, REMOTE
from sync.model.entities import PEOPLE, REFERENCE, Entity
from sync.model.ids import ROLES, TERMS
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.operation import Verb
from sync.model.roster import KEY
from sync.plan.before import WAS
from sync.plan.operations import NEEDS

Frames = dict[Entity, pl.DataFrame]

_MORE: Mapping[Entity, Mapping[str, tuple[Entity, ...]]] = {
    Entity.CLASSES: {TERMS: (Entity.ACADEMIC_SESSIONS,)},
    Entity.COURSES: {"schoolYearSourcedId": (Entity.ACADEMIC_SESSIONS,)},
    Entity.STUDENTS: {ROLES: (Entity.ORGS,)},
    Entity.USERS: {ROLES: (Entity.ORGS,)},
}
"""What must be there beside what ``NEEDS`` says, in columns that name several."""
_FROM_LEAVES = (Entity.ENROLLMENTS, Entity.AGENTS, *PEOPLE, *reversed(REFERENCE))
_DEEPEST = 50
"""Records that stand below one another; more would be a circle."""


def with_bonds(
    joined: Mapping[Entity, pl.DataFrame], mirror: Mirror, ledger: LedgerView
) -> Frames:
    """The frames with what has to be left, and what is blocked."""
    frames = dict(joined)
    for entity in reversed(_FROM_LEAVES):
        if entity in frames:
            frames[entity] = _blocked(entity, frames, mirror)
    for entity in _FROM_LEAVES:
        for _ in range(_DEEPEST):  # a parent that is left keeps its own parent
            before = dict(frames)
            _leave_named(entity, frames, mirror, ledger)
            if all(frames[one] is before[one] for one in frames):
                break
    return frames


def _references(entity: Entity) -> Iterator[tuple[str, tuple[Entity, ...]]]:
    yield from NEEDS.get(entity, {}).items()
    yield from _MORE.get(entity, {}).items()


def _leave_named(
    entity: Entity, frames: Frames, mirror: Mirror, ledger: LedgerView
) -> None:
    """Leave the creations that the records of an entity name, as they will be."""
    rows = _as_they_will_be(entity, frames, mirror, ledger)
    for column, homes in _references(entity):
        if column not in rows.columns:
            continue
        named = rows.select(_each(column).alias("_named")).drop_nulls().unique()
        for home in homes:
            if home in frames:
                frames[home] = _left(frames[home], named, entity)


def _as_they_will_be(
    entity: Entity, frames: Frames, mirror: Mirror, ledger: LedgerView
) -> pl.DataFrame:
    """The records in force once the run is taken back, with what they name."""
    frame = frames.get(entity)
    if frame is None:
        held = mirror.frames.get(entity)
        return pl.DataFrame() if held is None else _in_force(entity, held, ledger)
    comes = pl.col("decision").is_in([Verb.CREATE.value, Verb.REACTIVATE.value])
    stays = (pl.col("was_active") & ~pl.col("ends")) | comes.fill_null(value=False)
    rows = frame.filter(stays)
    parts = [
        rows.filter(chosen).select(
            pl.col(name).alias(name.removeprefix(side))
            for name in rows.columns
            if name.startswith(side) and not name.startswith(f"{side}_")
        )
        for side, chosen in (
            (REMOTE, pl.col("in_remote")),
            # Even what is only put back in part is named by either of its values.
            (DROP, pl.col("in_drop") & (pl.col("decision") != "frozen")),
        )
    ]
    return pl.concat(parts, how="diagonal_relaxed")


def _in_force(entity: Entity, held: pl.DataFrame, ledger: LedgerView) -> pl.DataFrame:
    ended = ledger.of(entity).filter("ended").select(pl.col("key").alias(KEY))
    rows = held.join(ended, on=KEY, how="anti")
    if "status" not in held.columns:
        return rows
    return rows.filter(pl.col("status").fill_null("active") == "active")


def _each(column: str) -> pl.Expr:
    """Every identifier that stands in a column."""
    if column == ROLES:
        org = pl.element().str.extract(f"([^{FIELD_SEPARATOR}]*)$")
        return pl.col(column).str.split(ROLE_SEPARATOR).list.eval(org).list.explode()
    if column == TERMS:
        return pl.col(column).str.split(",").list.explode()
    return pl.col(column)


def _left(frame: pl.DataFrame, named: pl.DataFrame, by: Entity) -> pl.DataFrame:
    """The frame in which creations that are named stay."""
    made = pl.col(DROP + WAS) == Verb.CREATE.value
    going = frame.filter(made & pl.col("ends"))
    kept = going.join(named, left_on=KEY, right_on="_named", how="semi")
    if kept.is_empty():
        return frame
    hit = pl.col(KEY).is_in(kept[KEY].implode())
    why = pl.lit(f"{by.value} that stay name it")
    return frame.with_columns(
        pl.when(hit).then(pl.lit("frozen")).otherwise("decision").alias("decision"),
        pl.when(hit).then(why).otherwise("reason").alias("reason"),
        (pl.col("ends") & ~hit).alias("ends"),
    )


def _blocked(entity: Entity, frames: Frames, mirror: Mirror) -> pl.DataFrame:
    """The frame in which what would be made anew names somebody who is there, or who
    is made anew with it."""
    frame = frames[entity]
    anew = (pl.col("decision") == Verb.CREATE.value).fill_null(value=False)
    for column, homes in NEEDS.get(entity, {}).items():
        there = _there(homes, frames, mirror)
        name = DROP + column
        if there is None or name not in frame.columns or not frame.filter(anew).height:
            continue
        lost = pl.col(name).is_not_null() & ~pl.col(name).is_in(there.implode())
        missing = anew & lost & (pl.col(name) != pl.col(KEY))
        why = pl.lit(f"neither the target nor this undo holds its {column}")
        frame = frame.with_columns(
            pl.when(missing)
            .then(pl.lit("blocked"))
            .otherwise("decision")
            .alias("decision"),
            pl.when(missing).then(why).otherwise("reason").alias("reason"),
        )
    return frame


def _there(
    homes: tuple[Entity, ...], frames: Frames, mirror: Mirror
) -> pl.Series | None:
    """The keys that the target holds or will be given; null where it was not read."""
    if not any(mirror.has(home) for home in homes):
        return None
    comes = pl.col("decision") == Verb.CREATE.value
    keys = [mirror.frames[home][KEY] for home in homes if mirror.has(home)]
    keys += [frames[one].filter(comes)[KEY] for one in homes if one in frames]
    return pl.concat(keys).unique()
