"""What is to be said of a comparison beside the plan that comes of it.

In: the drop, what earlier drops had, what the target can hold and what its lists told.
Out: findings and notes; nothing here changes what is planned.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.diff import PROPOSED
from sync.flow.context import Context
from sync.model.counted import number
from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Finding, Findings, Severity
from sync.model.roster import FILE, ROW, Roster


def _unsupported(entity: Entity, count: int, why: str) -> str:
    are = "is" if count == 1 else "are"
    return f"{number(count, 'row')} of {entity.value} {are} not supported: {why}"


def not_supported(context: Context, roster: Roster) -> Findings:
    """One note for each table of the drop that this target does not hold at all."""
    able, configured = context.target.capabilities, context.table.entities
    kind = context.table.kind
    reasons = {
        entity: f"{kind}: {able.lacks[entity]}"
        for entity in roster.frames
        if entity in able.lacks
    } | {
        entity: "the target's entities leave them out"
        for entity in roster.frames
        if entity in able.verbs and entity not in configured
    }
    return Findings.of(
        Finding(
            "RS302",
            Severity.NOTE,
            _unsupported(entity, roster.counts[entity].accepted, why),
            entity=entity.value,
            hint="nothing of them is sent, changed or ended",
        )
        for entity, why in reasons.items()
        if roster.counts[entity].accepted
    )


def still_told(findings: Findings, joined: Mapping[Entity, pl.DataFrame]) -> Findings:
    """The findings of a projection without those of blocked rows that are proposed."""
    places = ["entity", "file", "line"]
    proposed = [
        frame.filter(decision=PROPOSED).select(
            pl.lit(entity.value).alias("entity"),
            pl.col(f"d:{FILE}").cast(pl.String).alias("file"),
            pl.col(f"d:{ROW}").cast(pl.UInt32).alias("line"),
        )
        for entity, frame in joined.items()
        if f"d:{FILE}" in frame.columns
    ]
    if not proposed:
        return findings
    told = pl.col("code") == "RS301"
    blocked = findings.frame.filter(told)
    kept = blocked.join(pl.concat(proposed), on=places, how="anti")
    return Findings.from_frames([findings.frame.filter(~told), kept])


def untold(joined: Mapping[Entity, pl.DataFrame]) -> list[str]:
    """What this read did not tell of records that the drop has."""
    said = []
    for entity, frame in joined.items():
        if "r:_unread" in frame.columns:
            both = frame.filter(
                "in_drop", pl.col("r:_unread").is_not_null() & pl.col("told").is_null()
            )
            if both.height:
                said.append(
                    f"of {both.height:,} {entity.value} only the existence was "
                    "compared: the list tells no relationshipType, and none was sent"
                )
    return said


def small_files(
    context: Context, roster: Roster, before: Mapping[Entity, int]
) -> Findings:
    """Files that shrank where nothing can be ended for it: told, but not held."""
    rules = context.rules()
    return Findings.of(
        Finding(
            "RS404",
            Severity.WARNING,
            f"{entity.value} has {roster.counts[entity].read:,} rows, the last good "
            f"drop had {rows:,}",
            entity=entity.value,
            hint="nothing was removed for it; see whether the export is whole",
        )
        for entity, rows in before.items()
        if roster.modes.get(entity) is Mode.BULK
        and (
            rules.policies[entity] == "keep"
            or rules.additions_only
            or (entity in PEOPLE and not _both_files(roster, before))
        )
        and rows >= rules.guards.floor
        and rules.guards.shrink.exceeded(rows - roster.counts[entity].read, rows)
    )


def _both_files(roster: Roster, before: Mapping[Entity, int]) -> bool:
    """Whether no file of people that a good drop had is away: else nobody is ended."""
    return all(home in roster.modes for home in PEOPLE if home in before)


def missing_files(
    context: Context, roster: Roster, absent: frozenset[Entity]
) -> Findings:
    """A file that the last good drop had, and this one, which is whole, has not, and
    does not say so either."""
    partial = (
        context.story.drop.get("mode") != "bulk"
        or context.story.drop.get("kind") == "csv"
    )
    last = context.state.last_good(context.source)
    missing = [
        entity
        for entity in context.table.entities
        if last is not None
        and entity in last.rows
        and entity not in roster.modes
        and entity not in absent
    ]
    if partial or not missing:
        return Findings.none()
    return Findings.of(
        Finding(
            "RS402",
            Severity.WARNING,
            f"the drop has no {entity.value}; the last good drop had some",
            entity=entity.value,
            hint="nothing of it was changed; deliver the file again",
        )
        for entity in missing
    )
