"""Reading what the target holds: whole, or what has changed since the last time.

In: what is wanted, and the mirror of the last read. Out: the mirror, under the target's
own keys; what was proven of it is kept for later runs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from sync.config import place
from sync.errors import TargetError
from sync.fetch import SUBJECT, Progress, fetch
from sync.flow.context import Context
from sync.flow.overlay import overlaid
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import KEY
from sync.state import expire_mirror, mirror_place, save_mirror
from sync.targets.base import Wants
from sync.wire import Wire

OVERLAP = timedelta(hours=24)
"""Lists of changes are asked for from so much before the last read: servers show some
changes late, and their clocks differ from ours."""


PROVEN = 2
"""After so many good runs what the ledger knows was there when it was looked for: the
second would have made again what the first had not. One suffices if it ended with 0."""


def last_read_here(context: Context, last: Mirror | None) -> Mirror | None:
    """The mirror that was kept ``last``, if it was read where this target is now: what
    another server held says nothing of this one. Raises ``LocalError``."""
    known = mirror_place(context.folder, context.table.name)
    return last if known == place(context.table) else None


def seen_before(context: Context, before: Mirror | None) -> frozenset[Entity]:
    """Entities of which records should be there: those that are ours and in force, and
    those that the last read had shown. Nothing but a good run moves the former, so that
    lists which come empty do not get used to."""
    totals = {} if before is None else before.totals
    shown = {entity for entity, count in totals.items() if count}
    good = context.state.runs().filter("good")["exit_code"]
    if good.len() < PROVEN and not (good == 0).any():
        return frozenset(shown)
    alive = context.ledger().records.filter(~pl.col("ended"))["entity"].unique()
    return frozenset({*shown, *map(Entity, alive)})


def keep_read(context: Context, mirror: Mirror) -> None:
    """Keep what was read for later runs, once it was looked at. Raises ``LocalError``.

    What could not be proven is not kept; and of what shows nothing where something
    should be, changes alone are not read: the next run reads everything.
    """
    if context.story.incomplete:
        expire_mirror(context.folder, context.table.name)
        return
    if any(not mirror.totals.get(entity, 1) for entity in context.story.seen):
        mirror = replace(mirror, tables={})
    save_mirror(context.folder, context.table.name, mirror, place(context.table))
    whole_at = mirror.read_whole_at or mirror.read_at
    context.held = replace(mirror, read_whole_at=whole_at)


def changes_since(
    context: Context, before: Mirror | None, wants: Wants
) -> datetime | None:
    """From when on changes alone are read; null where everything is."""
    whole_at = None if before is None else before.read_whole_at
    if before is None or whole_at is None or not context.target.capabilities.deltas:
        return None
    since = before.read_at - OVERLAP
    lists = context.target.listings(replace(wants, since=since), {})
    age = context.started - whole_at  # negative where a clock was ahead
    fresh = timedelta(0) <= age < context.table.full_read_every
    known = all(one.label in before.tables for one in lists if one.delta)
    whole = all(before.complete.values())
    return since if fresh and known and whole else None


async def read_target(
    context: Context,
    wire: Wire,
    wants: Wants,
    before: Mirror | None,
) -> Mirror:
    """The mirror, read now. Raises ``TargetError``.

    ``before``: what was read last, over which lists of changes are laid; where these
    cannot be had, everything is read.
    """
    if wants.since is not None:
        try:
            return await _read(context, wire, wants, before)
        except TargetError as error:
            context.story.notes.append(
                f"lists of changes cannot be had ({error}), so everything was read"
            )
    whole = replace(wants, since=None)
    return await _read(context, wire, whole, before)


async def _read(
    context: Context, wire: Wire, wants: Wants, before: Mirror | None
) -> Mirror:
    since = wants.since
    previous = {} if before is None else _held(before, context.ledger())
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
            holders=_holders(before, context.ledger()),
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
    return mirror


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
    if before is None or Entity.AGENTS not in before.frames:
        return {}
    links = overlaid(before, ledger).frames[Entity.AGENTS]
    ours = ledger.of(Entity.AGENTS).filter(~pl.col("ended"))
    held = links.join(ours, left_on=KEY, right_on="key", how="semi")
    return {Entity.AGENTS.value: frozenset(held["studentSourcedId"])}


def demand_complete(context: Context) -> None:
    """Raises ``TargetError`` where a list was not proven complete."""
    if context.story.incomplete:
        message = "a remote list could not be proven complete"
        raise TargetError(message, do="nothing was removed from it; run again")
