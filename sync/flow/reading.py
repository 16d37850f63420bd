"""Reading what the target holds: whole, or what has changed since the last time.

In: what is wanted, and the mirror of the last read. Out: the mirror, kept for later
runs, under our own keys. What would be ended on the strength of an older read is read
again in this run; an empty list that nobody has seen filled is not believed at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from sync.errors import TargetError
from sync.fetch import SUBJECT, Progress, fetch
from sync.flow.context import Context
from sync.model import normalise
from sync.model.entities import PEOPLE, REFERENCE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID, Mirror
from sync.model.plan import Plan
from sync.model.roster import KEY
from sync.plan import people_ids
from sync.state import load_mirror, save_mirror
from sync.targets.base import Wants
from sync.verify import Reader, remote_frame
from sync.wire import Wire

OVERLAP = timedelta(hours=24)
"""Lists of changes are asked for from so much before the last read: servers show some
changes late, and their clocks differ from ours."""


FEW = 50
"""Records that would be ended are read singly where they are fewer than one in so many
of their entity; else it is read whole."""


ASKED = 3
"""Records of the drop that are asked for singly before an empty list is believed."""


def changes_since(
    context: Context, before: Mirror | None, wants: Wants
) -> datetime | None:
    """From when on changes alone are read; null where everything is."""
    whole_at = None if before is None else before.read_whole_at
    if before is None or whole_at is None or not context.target.capabilities.deltas:
        return None
    since = before.read_at - OVERLAP
    lists = context.target.listings(replace(wants, since=since), {})
    fresh = context.started - whole_at < context.table.full_read_every
    known = all(one.label in before.tables for one in lists if one.delta)
    whole = all(before.complete.values())
    return since if fresh and known and whole else None


async def read_target(context: Context, wire: Wire, wants: Wants) -> Mirror:
    """The mirror, read now, kept for later runs. Raises ``TargetError``."""
    before = load_mirror(context.folder, context.table.name)
    since = wants.since
    previous = {} if before is None else _held(before, context.state.ledger())
    with context.stage("fetch", unit="records") as step:
        seen: dict[str, int] = {}

        def advance(progress: Progress) -> None:
            step.advance(progress.records - seen.get(progress.label, 0))
            seen[progress.label] = progress.records

        mirror = await fetch(
            context.target,
            wire,
            wants,
            previous=previous,
            holders=_holders(before, context.state.ledger()),
            progress=advance,
            base=before.tables if before is not None and since is not None else None,
        )
    if before is not None and since is not None:
        mirror = replace(mirror, read_whole_at=before.read_whole_at)
        context.story.notes.append(
            f"of the lists only what has changed since {since:%Y-%m-%d %H:%M} UTC was "
            "read; the rest is known from the last read"
        )
    if not context.target.capabilities.deltas:
        mirror = replace(mirror, tables={})
    context.story.notes += mirror.notes
    unproven = sorted(e.value for e, whole in mirror.complete.items() if not whole)
    if unproven:
        context.story.incomplete = True
        names = ", ".join(unproven)
        context.story.notes.append(
            f"the list of {names} could not be proven complete, so nothing of it is "
            "removed"
        )
    else:
        save_mirror(context.folder, context.table.name, mirror)
    return mirror


async def with_candidates(
    context: Context, wire: Wire, wants: Wants, read: Mirror, plan: Plan
) -> Mirror:
    """The mirror in which every record that would be ended was read in this run, and
    everything was, where changes alone do not explain what is there."""
    ending = plan.operations.filter("ends")
    counts = dict(ending.group_by("entity").len().rows())
    many = any(
        count * FEW >= remote_frame(Entity(name), read).height
        for name, count in counts.items()
    )
    if many or made_before(plan, wants.ledger):
        context.story.notes.append(
            "more than one in fifty records would be ended, so everything was read"
            if many
            else "a record that was made before was not seen, so everything was read"
        )
        return await read_target(context, wire, wants)
    if ending.is_empty():
        return read
    reader = Reader(context.target, wire, people_ids(wants.ledger))
    found = await reader.singly(ending)
    frames = dict(read.frames)
    for entity in read.frames:
        asked = ending.filter(pl.col("entity").is_in(_names_of(entity)))["key"]
        stays = frames[entity].filter(~pl.col(KEY).is_in(asked.implode()))
        again = found.frames.get(entity)
        if again is not None:
            again = again.filter(pl.col(KEY).is_in(asked.implode()))
            stays = pl.concat([stays, again], how="diagonal_relaxed")
        frames[entity] = stays.sort(KEY)
    return replace(read, frames=frames)


def made_before(plan: Plan, ledger: LedgerView) -> bool:
    """Whether it would create what the ledger says is there."""
    alive = ledger.records.filter(~pl.col("ended"))
    created = plan.operations.filter(verb="create")
    return not created.join(alive, on=["entity", "key"], how="semi").is_empty()


def _names_of(entity: Entity) -> list[str]:
    return [one.value for one in (PEOPLE if entity in PEOPLE else (entity,))]


async def doubt_empty(context: Context, wire: Wire, mirror: Mirror, plan: Plan) -> None:
    """A list that comes empty may be one that we may not see.

    Raises ``TargetError`` where one of three records that the list should have, were
    it full, is there all the same.
    """
    for entity in (*REFERENCE, *PEOPLE, Entity.ENROLLMENTS):
        held = mirror.frames.get(entity)
        created = plan.operations.filter(entity=entity.value, verb="create")
        if held is None or held.height or created.is_empty():
            continue
        asked = created.head(ASKED)
        found = await Reader(context.target, wire).read(asked)
        there = remote_frame(entity, found)[KEY]
        if asked["key"].is_in(there.implode()).any():
            message = (
                f"the list of {entity.value} is empty, but a record of it is there "
                "when asked for by itself"
            )
            do = "see whether our access covers the whole district; nothing was sent"
            raise TargetError(message, do=do)


def _held(mirror: Mirror, ledger: LedgerView) -> dict[str, int]:
    """What the target holds as far as is known, by entity, and by realm where there is
    a list for each: what the last read held, or what was made since. People stand in
    one list on the target."""
    alive = ledger.records.filter(~pl.col("ended")).group_by("entity").len()
    totals = dict(alive.rows())
    for entity, count in mirror.totals.items():
        totals[entity.value] = max(count, totals.get(entity.value, 0))
    return (
        totals
        | {"users": sum(totals.get(one.value, 0) for one in PEOPLE)}
        | {
            f"{entity.value}/{subject}": count
            for entity, frame in mirror.frames.items()
            if SUBJECT in frame.columns
            for subject, count in _alive(entity, frame, ledger)
            .group_by(SUBJECT)
            .len()
            .iter_rows()
        }
    )


def _alive(entity: Entity, frame: pl.DataFrame, ledger: LedgerView) -> pl.DataFrame:
    """What was in force and was not ended by us since: some lists show nothing else."""
    ended = ledger.of(entity).filter("ended").select(pl.col("key").alias(KEY))
    return frame.filter(status="active").join(ended, on=KEY, how="anti")


def _holders(before: Mirror | None, ledger: LedgerView) -> dict[str, frozenset[str]]:
    """Whose own list held links at the last read that we have not ended since."""
    links = None if before is None else before.frames.get(Entity.AGENTS)
    if links is None:
        return {}
    ours = ledger.of(Entity.AGENTS).filter(~pl.col("ended"))
    held = links.join(ours, left_on=KEY, right_on="key", how="semi")
    return {Entity.AGENTS.value: frozenset(held["studentSourcedId"])}


def overlaid(mirror: Mirror, ledger: LedgerView) -> Mirror:
    """The mirror under our own keys, where the target gave other identifiers."""
    odd = ledger.records.filter(pl.col("remote_id") != pl.col("key"))
    people = odd.filter(pl.col("entity").is_in([one.value for one in PEOPLE]))
    keys = dict(people.select("remote_id", "key").rows())
    frames = dict(mirror.frames)
    enrollments = frames.get(Entity.ENROLLMENTS)
    if enrollments is not None:
        frames[Entity.ENROLLMENTS] = _under_our_ids(enrollments, odd)
    if keys:
        frames = {entity: _renamed(entity, f, keys) for entity, f in frames.items()}
    links = frames.get(Entity.AGENTS)
    if links is not None:
        known = ledger.of(Entity.AGENTS).select(
            pl.col("key").alias(KEY), pl.col("remote_id").alias("_known")
        )
        frames[Entity.AGENTS] = (
            links.join(known, on=KEY, how="left")
            .with_columns(pl.coalesce(REMOTE_ID, "_known").alias(REMOTE_ID))
            .drop("_known")
            .sort(KEY)
        )
    return Mirror(
        frames,
        mirror.complete,
        mirror.totals,
        mirror.read_at,
        mirror.notes,
        mirror.pages,
    )


_PEOPLE_COLUMNS = ("studentSourcedId", "agentSourcedId", "userSourcedId")


_COMPOSED = {
    Entity.AGENTS: ("studentSourcedId", "agentSourcedId"),
    Entity.ENROLLMENTS: (
        "userSourcedId",
        "courseSourcedId",
        "schoolSourcedId",
        "role",
    ),
}


_SLASHES = len(_COMPOSED[Entity.ENROLLMENTS]) - 1


def _under_our_ids(frame: pl.DataFrame, odd: pl.DataFrame) -> pl.DataFrame:
    """Enrollments that were given another id than they were sent with, under ours.

    Composed keys are no ids; an id that the target holds itself is never given twice.
    """
    composed = pl.col("key").str.count_matches("/", literal=True) == _SLASHES
    given = odd.filter((pl.col("entity") == Entity.ENROLLMENTS.value) & ~composed)
    free = given.join(frame, left_on="key", right_on=KEY, how="anti")
    keys = dict(free.select("remote_id", "key").rows())
    return frame.with_columns(pl.col(KEY).replace(keys)).sort(KEY) if keys else frame


def _renamed(
    entity: Entity, frame: pl.DataFrame, keys: Mapping[str, str]
) -> pl.DataFrame:
    if entity in PEOPLE:
        return frame.with_columns(pl.col(KEY).replace(keys)).sort(KEY)
    columns = [name for name in _PEOPLE_COLUMNS if name in frame.columns]
    if not columns:
        return frame
    parts = _COMPOSED[entity]
    composed = frame.select(
        (pl.col(KEY) == normalise.key(*parts)).alias("c")
    ).to_series()
    named = frame.with_columns(pl.col(columns).replace(keys))
    return named.with_columns(
        pl.when(composed).then(normalise.key(*parts)).otherwise(KEY).alias(KEY)
    ).sort(KEY)


def demand_complete(context: Context) -> None:
    """Raises ``TargetError`` where a list was not proven complete."""
    if context.story.incomplete:
        message = "a remote list could not be proven complete"
        raise TargetError(message, do="nothing was removed from it; run again")
