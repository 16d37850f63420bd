"""The counts of a plan, as the report shows them, from the differences themselves."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.diff import DECISIONS
from sync.diff.values import DROP
from sync.model.entities import Entity
from sync.model.operation import Verb
from sync.model.roster import RowCounts
from sync.plan.before import WAS
from sync.plan.removal import OUTSIDE

FATES = ("remove", "kept", "frozen", "out_of_scope", "proposed")

Account = dict[str, dict[str, dict[str, int]]]


def account(
    rows: Mapping[Entity, RowCounts],
    merged: Mapping[Entity, int],
    joined: Mapping[Entity, pl.DataFrame],
    operations: pl.DataFrame,
    unsupported: frozenset[Entity],
) -> Account:
    """Per entity ``rows``, and of compared ones ``diff``, ``remote``, ``operations``.

    ``merged``: rows that the target sees as one. ``unsupported``: entities that the
    drop has and this target does not sync; all their rows count so.
    """
    planned = dict(operations.group_by("entity").len().rows())
    whole: Account = {}
    for entity in Entity:
        sections: dict[str, dict[str, int]] = {}
        if entity in rows:
            sections["rows"] = _rows(rows[entity], merged.get(entity, 0))
        if entity in joined:
            sections["diff"] = _diff(joined[entity])
            sections["remote"] = _remote(joined[entity])
            sections["operations"] = {"planned": planned.get(entity.value, 0)}
        elif entity in unsupported and entity in rows:
            none = dict.fromkeys(DECISIONS, 0)
            sections["diff"] = none | {"unsupported": sections["rows"]["accepted"]}
        if sections:
            whole[entity.value] = sections
    return whole


def _rows(counts: RowCounts, merged: int) -> dict[str, int]:
    return {
        "read": counts.read,
        "accepted": counts.accepted - merged,
        "merged": counts.merged + merged,
        "rejected": counts.rejected,
    }


def _diff(joined: pl.DataFrame) -> dict[str, int]:
    decision = pl.col("decision")
    if DROP + WAS in joined.columns:  # an undo that ends a record again removes it
        again = pl.col(DROP + WAS).is_not_null() & pl.col("ends")
        update = decision == Verb.UPDATE.value
        removed = pl.lit(Verb.REMOVE.value)
        decision = pl.when(again & update).then(removed).otherwise(decision)
    rows = joined.lazy().filter("in_drop").select(decision.alias("decision"))
    found = dict(rows.group_by("decision").len().collect().rows())
    return {name: found.get(name, 0) for name in DECISIONS}


def _remote(joined: pl.DataFrame) -> dict[str, int]:
    needed = ["in_remote", "in_drop", "fate", OUTSIDE]
    there = joined.select(n for n in needed if n in joined.columns).filter("in_remote")
    found = dict(there.filter(~pl.col("in_drop")).group_by("fate").len().rows())
    counts = {fate: found.get(fate, 0) for fate in FATES}
    matched = there.filter("in_drop")
    if OUTSIDE in joined.columns:  # a row that is left out has no partner here
        counts["out_of_scope"] += matched.filter(OUTSIDE).height
        matched = matched.filter(~pl.col(OUTSIDE))
    return {"total": there.height, "matched": matched.height} | counts
