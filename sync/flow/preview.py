"""Fetch, project, compare, plan: everything before the first change."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.config import fingerprint
from sync.diff import DiffInput, diff
from sync.errors import TargetError
from sync.fetch import Progress, fetch
from sync.flow.context import Context
from sync.flow.intake import Intake
from sync.flow.kept import passed_before
from sync.flow.selecting import projected, wanted
from sync.model import normalise
from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Finding, Findings, Severity
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID, Mirror
from sync.model.plan import Plan
from sync.model.roster import KEY, Roster
from sync.plan import Facts, PlanInput, Planned, make_plan
from sync.state import load_mirror, save_mirror
from sync.targets.base import Wants
from sync.verify import Reader, remote_frame
from sync.version import PROGRAM
from sync.wire import Wire


async def preview(context: Context, intake: Intake, wire: Wire) -> Planned:
    """The plan for a drop that was taken in. Raises ``TargetError``."""
    roster = intake.roster
    if roster is None:
        message = "a refused drop has no plan"
        raise ValueError(message)
    ledger = context.state.ledger()
    proven = load_mirror(context.folder, context.table.name) is not None
    entities = tuple(e for e in context.table.entities if e in roster.modes)
    await wire.authenticate()
    mirror = overlaid(
        await read_target(
            context, wire, Wants(entities, wanted(context, roster, ledger), ledger)
        ),
        ledger,
    )
    planned = _planned(context, intake, roster, mirror, ledger)
    if not proven:
        await _doubt_empty(context, wire, mirror, planned.plan)
    return planned


ASKED = 3
"""Records of the drop that are asked for singly before an empty list is believed."""


async def _doubt_empty(
    context: Context, wire: Wire, mirror: Mirror, plan: Plan
) -> None:
    """An empty list that nobody has seen filled may be one that we may not see.

    Raises ``TargetError`` where one of three records that the list should have, were
    it full, is there all the same.
    """
    for entity in (*PEOPLE, Entity.ENROLLMENTS):
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


async def read_target(context: Context, wire: Wire, wants: Wants) -> Mirror:
    """The mirror, read now, kept for later runs. Raises ``TargetError``."""
    before = load_mirror(context.folder, context.table.name)
    previous = {} if before is None else _held(before)
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
        )
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


def _held(mirror: Mirror) -> dict[str, int]:
    """What the last read held, by entity; people stand in one list on the target."""
    totals = {entity.value: count for entity, count in mirror.totals.items()}
    return totals | {"users": sum(totals.get(one.value, 0) for one in PEOPLE)}


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


def _planned(
    context: Context,
    intake: Intake,
    roster: Roster,
    mirror: Mirror,
    ledger: LedgerView,
) -> Planned:
    story = context.story
    wanted = set(context.table.entities)
    fields = context.field_rules(roster)
    with context.stage("compare", total=_size(roster.frames)):
        selected = projected(context, roster, mirror, ledger)
        projection = selected.projection
        desired = {e: f for e, f in projection.frames.items() if e in wanted}
        compared = _compared(desired)
        joined = diff(
            DiffInput(
                desired=desired,
                remote={e: f for e, f in mirror.frames.items() if e in compared},
                frozen=projection.frozen,
                rules=fields,
                ledger=ledger,
            )
        )
        joined = selected.marked({e: f for e, f in joined.items() if e in desired})
    story.notes += _untold(joined)
    before = context.state.bulk_rows(context.source)
    story.findings += projection.findings
    story.findings += _missing_files(context, roster, intake.absent)
    story.findings += _small_files(context, roster, before)
    with context.stage("plan", unit="operations") as step:
        planned = make_plan(
            PlanInput(
                facts=_facts(context, intake, roster),
                target=context.target,
                roster=roster,
                mirror=mirror,
                projection=projection,
                joined=joined,
                fields=fields,
                ledger=ledger,
                rules=context.rules(),
                rows_before=before,
                passed=passed_before(context),
            )
        )
        step.advance(planned.plan.operations.height)
    story.plan = planned.plan
    story.operations = planned.plan.operations
    story.untouched = planned.untouched
    story.entities = {e: dict(s) for e, s in planned.plan.account.items()}
    return planned


def _size(frames: Mapping[Entity, pl.DataFrame]) -> int:
    return sum(frame.height for frame in frames.values())


def _untold(joined: Mapping[Entity, pl.DataFrame]) -> list[str]:
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


def _compared(desired: Mapping[Entity, pl.DataFrame]) -> set[Entity]:
    """What is compared with what: both homes of people as soon as there is one."""
    people = set(PEOPLE) if any(e in desired for e in PEOPLE) else set()
    return people | set(desired)


def _facts(context: Context, intake: Intake, roster: Roster) -> Facts:
    started = context.started
    return Facts(
        run=context.run,
        target=context.table.name,
        kind=context.table.kind,
        program=PROGRAM,
        fingerprint=fingerprint(context.table),
        inputs={
            "drop": intake.drop.sha256,
            "roster": roster.digest,
            "today": context.today.isoformat(),
            "source": context.source,
        },
        created=started,
        valid=context.config.plan_valid,
    )


def _small_files(
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


def _missing_files(
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
    context.story.missing_files = tuple(entity.value for entity in missing)
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


def demand_complete(context: Context) -> None:
    """Raises ``TargetError`` where a list was not proven complete."""
    if context.story.incomplete:
        message = "a remote list could not be proven complete"
        raise TargetError(message, do="nothing was removed from it; run again")
