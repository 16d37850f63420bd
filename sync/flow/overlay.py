"""The mirror under our own keys, where the target gave other identifiers.

In: what was read, under the target's identifiers, and the ledger, which pairs them
with ours. Out: the same records, each under our key, with everything that they name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from sync.model import normalise
from sync.model.entities import REFERENCE, Entity
from sync.model.ids import (
    COMPOSED,
    ROLES,
    TERMS,
    collection,
    members,
    references,
    with_given_ids,
)
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID, Mirror
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.roster import KEY

Frames = Mapping[Entity, pl.DataFrame]
Keys = Mapping[Entity, Mapping[str, str]]
"""Per collection, remote identifier -> our key."""

_ORG = f"[^{FIELD_SEPARATOR}]*$"
"""The last part of an encoded role."""


def overlaid(mirror: Mirror, ledger: LedgerView) -> Mirror:
    """The mirror under our own keys."""
    keys = _keys(mirror.frames, with_given_ids(ledger))
    frames = dict(mirror.frames)
    if keys:
        frames = {one: _renamed(one, frame, keys) for one, frame in frames.items()}
    links = frames.get(Entity.AGENTS)
    if links is not None:
        frames[Entity.AGENTS] = _with_known_ids(links, ledger)
    return replace(mirror, frames=frames, tables={}, read_whole_at=None)


def _with_known_ids(links: pl.DataFrame, ledger: LedgerView) -> pl.DataFrame:
    """Links with the ids under which they were written."""
    known = ledger.of(Entity.AGENTS).select(
        pl.col("key").alias(KEY), pl.col("remote_id").alias("_known")
    )
    return (
        links.join(known, on=KEY, how="left")
        .with_columns(pl.coalesce(REMOTE_ID, "_known").alias(REMOTE_ID))
        .drop("_known")
        .sort(KEY)
    )


def _keys(frames: Frames, odd: pl.DataFrame) -> Keys:
    """The identifiers that stand for our keys, where there are any.

    A key that the target itself holds as an identifier is never given twice.
    """
    found = {}
    for kind in (*REFERENCE, Entity.USERS, Entity.ENROLLMENTS):
        homes = members(kind)
        given = odd.filter(pl.col("entity").is_in([one.value for one in homes]))
        if given.is_empty():
            continue
        held = _identifiers(frames, homes)
        if kind is Entity.ENROLLMENTS:  # which nothing names
            given = given.join(held, left_on="remote_id", right_on=KEY, how="semi")
        strange = held.join(given, left_on=KEY, right_on="remote_id", how="anti")
        free = given.join(strange, left_on="key", right_on=KEY, how="anti")
        pairs = free.sort("remote_id", "key").select("remote_id", "key")
        if not pairs.is_empty():
            found[kind] = dict(pairs.rows())
    return found


def _identifiers(frames: Frames, homes: Sequence[Entity]) -> pl.DataFrame:
    """``_key`` of the records that stand under the target's identifiers."""
    held = [
        frames[home].filter(pl.col(KEY) == pl.col(REMOTE_ID)).select(KEY)
        for home in homes
        if home in frames and REMOTE_ID in frames[home].columns
    ]
    return pl.concat([pl.DataFrame(schema={KEY: pl.String()}), *held])


def _renamed(entity: Entity, frame: pl.DataFrame, keys: Keys) -> pl.DataFrame:
    """One frame with its own keys, and those that it names, as ours."""
    own = keys.get(collection(entity))
    if own and REMOTE_ID in frame.columns:
        # Under another key it is known by what it says, and not by its identifier.
        by_id = pl.col(KEY) == pl.col(REMOTE_ID)
        ours = pl.when(by_id).then(pl.col(KEY).replace(own)).otherwise(KEY)
        frame = frame.with_columns(ours.alias(KEY))
    columns = [
        _named(column, keys[what])
        for column, what in references(entity).items()
        if column in frame.columns and what in keys
    ]
    if ROLES in frame.columns and Entity.ORGS in keys:
        columns.append(_with_orgs(keys[Entity.ORGS]))
    parts = COMPOSED.get(entity, ())
    if not parts or not set(parts) <= set(frame.columns):
        return frame.with_columns(columns).sort(KEY)
    composed = (
        frame[KEY] == frame.select(normalise.key(*parts)).to_series()
    ).fill_null(value=False)
    key = pl.when(composed).then(normalise.key(*parts)).otherwise(KEY)
    return frame.with_columns(columns).with_columns(key.alias(KEY)).sort(KEY)


def _named(column: str, keys: Mapping[str, str]) -> pl.Expr:
    if column != TERMS:
        return pl.col(column).replace(keys)
    parts = pl.col(column).str.split(",").list.eval(pl.element().replace(keys))
    return parts.list.sort().list.join(",")


def _with_orgs(keys: Mapping[str, str]) -> pl.Expr:
    role = pl.element()
    ours = pl.concat_str(
        role.str.replace(_ORG, ""), role.str.extract(f"({_ORG})").replace(keys)
    )
    roles = pl.col(ROLES).str.split(ROLE_SEPARATOR).list.eval(ours)
    return roles.list.sort().list.join(ROLE_SEPARATOR)
