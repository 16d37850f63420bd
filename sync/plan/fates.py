"""What becomes of every record, given what this run can see of it.

In: the differences, and everything that a plan is made of. Out: the differences of one
entity with the fate of each record (see ``removal``), and with what is put off or
cannot be carried out by this target. People may stand in either of two files, so what
cannot be seen in one of them may hide a person of the other.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.mirror import Mirror
from sync.model.roster import KEY
from sync.plan.given import PlanInput
from sync.plan.removal import LINK_ENDS, RemovalInput, Sight, with_fates


def sight(entity: Entity, given: PlanInput) -> Sight:
    """What this run can see of an entity; people may stand in either of two files, so
    what cannot be seen in one of them may hide a person of the other."""
    homes = PEOPLE if entity in PEOPLE else (entity,)
    known = [home for home in homes if home in _delivered_before(given)] or [entity]
    modes = given.roster.modes
    return Sight(
        delivered=all(home in modes for home in {*known, entity}),
        delta=any(modes.get(home) is Mode.DELTA for home in homes),
        unreadable=any(home in given.roster.no_removals for home in homes)
        or (entity is Entity.AGENTS and _names_nobody(given)),
        complete=complete(entity, given.mirror),
        additions_only=given.rules.additions_only,
        nameless=given.unnamed,
        cut_off=any(home in given.cut_off for home in homes),
    )


def _stated(given: PlanInput) -> pl.Series:
    """The people of a delta whose rows say which links they have; where blank means
    keep, what a row leaves out is no statement."""
    stated, rules = given.roster.links_stated, given.fields.get(Entity.AGENTS)
    return stated.clear() if rules is not None and rules.blank_keeps else stated


def _names_nobody(given: PlanInput) -> bool:
    """Whether a rejected link names nobody whom the drop or the target knows: which
    link it means cannot be told."""
    rows = given.roster.rejected.get(Entity.AGENTS)
    if rows is None or rows.is_empty():
        return False
    known = pl.concat(
        [
            pl.Series(KEY, [], pl.String),
            *(
                frames[home][KEY]
                for frames in (given.roster.frames, given.mirror.frames)
                for home in PEOPLE
                if home in frames
            ),
        ]
    ).unique()
    ends = [pl.col(name) for name in LINK_ENDS if name in rows.columns]
    strange = pl.all_horizontal(
        ~end.is_in(known.implode()).fill_null(value=False) for end in ends
    )
    return not rows.filter(strange).is_empty()


def _delivered_before(given: PlanInput) -> frozenset[Entity]:
    """The entities that some good drop has named: their files are known to exist."""
    return frozenset(given.rows_before)


def fated(entity: Entity, frame: pl.DataFrame, given: PlanInput) -> pl.DataFrame:
    """The frame of one entity with ``fate``, and with decisions put off for it."""
    rules = given.rules
    found = with_fates(
        frame,
        RemovalInput(
            entity=entity,
            policy=rules.policies.get(entity, "keep"),
            scope=rules.scope,
            orgs=rules.orgs,
            grace=rules.grace,
            source=rules.source,
            frozen_people=given.roster.frozen_people,
            rejected=given.roster.rejected.get(entity),
            blind=sight(entity, given).blind_spot(),
            stated=_stated(given),
            blind_to_stated=replace(sight(entity, given), delta=False).blind_spot(),
        ),
    )
    if rules.additions_only:
        found = _put_off(found)
    if entity in given.target.capabilities.once and not complete(entity, given.mirror):
        found = _not_made(found)
    stuck, why = given.target.cannot_end(entity, found)
    if not stuck.any():
        return found
    held = found.with_columns(stuck.alias("_stuck"))
    word = pl.lit(why)
    return held.with_columns(
        pl.when(pl.col("_stuck") & pl.col("in_drop"))
        .then(pl.lit("unsupported"))
        .otherwise("decision")
        .alias("decision"),
        pl.when(pl.col("_stuck") & ~pl.col("in_drop"))
        .then(pl.lit("kept"))
        .otherwise("fate")
        .alias("fate"),
        pl.when("_stuck").then(word).otherwise("reason").alias("reason"),
        (pl.col("ends") & ~pl.col("_stuck")).alias("ends"),
    ).drop("_stuck")


def complete(entity: Entity, mirror: Mirror) -> bool:
    """Whether an entity's list was proven complete; that of people is one."""
    homes = PEOPLE if entity in PEOPLE else (entity,)
    return all(mirror.complete.get(home, True) for home in homes)


def _not_made(fated: pl.DataFrame) -> pl.DataFrame:
    """Of a list that could not be proven complete, what it lacks may be there."""
    new = (pl.col("decision") == "create").fill_null(value=False)
    why = "the remote list could not be proven complete, and it may be there"
    return fated.with_columns(
        pl.when(new).then(pl.lit("deferred")).otherwise("decision").alias("decision"),
        pl.when(new).then(pl.lit(why)).otherwise("reason").alias("reason"),
    )


def _put_off(fated: pl.DataFrame) -> pl.DataFrame:
    """Within additions_only nothing is ended, not by a row of the drop either."""
    return fated.with_columns(
        pl.when("ends")
        .then(pl.lit("deferred"))
        .otherwise("decision")
        .alias("decision"),
        pl.when("ends")
        .then(pl.lit("today is within removal.additions_only"))
        .otherwise("reason")
        .alias("reason"),
        pl.lit(value=False).alias("ends"),
    )


def can_end(entity: Entity, given: PlanInput) -> bool:
    """Whether this run could end a record of the entity for its absence, if its file
    was not cut off."""
    if given.rules.policies.get(entity, "keep") == "keep":
        return False
    whole = replace(sight(entity, given), cut_off=False)
    stated = entity is Entity.AGENTS and not _stated(given).is_empty()
    return whole.blind_spot() is None or stated
