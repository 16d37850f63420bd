"""Fetch, project, compare, plan: everything before the first change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import anyio
import polars as pl

from sync.diff import (
    PROPOSED,
    DiffInput,
    FieldRules,
    Renames,
    diff,
    with_proposals,
)
from sync.errors import LocalError, RosterSyncError, TargetError
from sync.flow.context import Context
from sync.flow.intake import Intake
from sync.flow.kept import passed_before
from sync.flow.known import KnownIntake
from sync.flow.overlay import overlaid
from sync.flow.proving import Proof
from sync.flow.reading import (
    changes_since,
    keep_read,
    last_read_here,
    read_target,
    seen_before,
)
from sync.flow.renames import assumed, judged
from sync.flow.same import Told, same_as, told_again
from sync.flow.selecting import Projected, projected, wanted
from sync.model.counted import number
from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Finding, Findings, Severity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import FILE, ROW, Roster
from sync.plan import Facts, Headers, PlanInput, Planned, make_plan
from sync.state import expire_mirror
from sync.targets.base import Projection, Wants
from sync.validate import digest
from sync.wire import Wire


async def preview(context: Context, intake: Intake, wire: Wire) -> Planned:
    """The plan for a drop that was taken in. Raises ``TargetError``."""
    roster = intake.roster
    if roster is None:
        message = "a refused drop has no plan"
        raise ValueError(message)
    task = Task(context, intake, roster)
    last = await _remembered(context, wire)
    context.story.seen = seen_before(context, last)
    before = last_read_here(context, last)
    able = context.target.capabilities
    entities = tuple(
        e for e in context.table.entities if e in roster.modes and e in able.verbs
    )
    if context.confirmed is not None:
        context.story.renames = assumed(context.confirmed, context.state.ledger())
    ledger = context.ledger()
    wants = Wants(entities, wanted(context, roster, ledger), ledger)
    since = changes_since(context, before, wants)
    read = await read_target(context, wire, replace(wants, since=since), before)
    changes = since is not None and read.read_whole_at is not None
    look = Look(wants, before, read, changes)
    if isinstance(intake, KnownIntake):
        planned = _told_again(context, intake, read, ledger)
        if planned is not None:
            return planned
        task = _in_full(context, intake)
    return await _judged(task, wire, look)


async def _remembered(context: Context, wire: Wire) -> Mirror | None:
    """What was read last. It and the ledger are loaded, and then kept at hand, while
    the tokens are on their way.

    Raises ``LocalError`` where either is damaged, else ``TargetError``.
    """
    refused: list[RosterSyncError] = []

    async def authenticate() -> None:
        try:
            await wire.authenticate()
        except RosterSyncError as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(authenticate)
        found = await anyio.to_thread.run_sync(_loaded, context)
        if isinstance(found, LocalError):
            tasks.cancel_scope.cancel()
    for error in (found, *refused):
        if isinstance(error, RosterSyncError):
            raise error
    return found if isinstance(found, Mirror) else None


def _loaded(context: Context) -> Mirror | LocalError | None:
    try:
        context.ledger()
        return context.last_read()
    except LocalError as error:
        return error


@dataclass(frozen=True, slots=True)
class Look:
    """What was read of the target, and what for."""

    wants: Wants
    before: Mirror | None
    """What was read last."""
    read: Mirror
    changes: bool
    """Only what has changed was read."""


async def _judged(task: Task, wire: Wire, look: Look) -> Planned:
    context, roster = task.context, task.roster
    read, changes = look.read, look.changes
    ledger = _with_confirmed(context, roster, read)
    mirror = overlaid(read, ledger)
    draft = _draft(task, mirror, ledger)
    proof = Proof(context, wire, ledger)
    why = proof.needs_everything(draft.planned.plan, mirror) if changes else None
    if why is not None:
        context.story.notes.append(f"{why}, so everything was read")
        changes = False
        # What this run itself has seen, if it was proven, is what was read last.
        known = look.before if context.story.incomplete else read
        read = await read_target(context, wire, look.wants, known)
        ledger = _with_confirmed(context, roster, read)
        mirror = overlaid(read, ledger)
        draft = _draft(task, mirror, ledger)
    seen = await proof.looked_at(draft.planned.plan, mirror, changes=changes)
    if seen is not mirror:
        draft = _draft(task, seen, ledger)
    try:
        await proof.doubt_empty(draft.planned.plan, seen)
    except TargetError:
        expire_mirror(context.folder, context.table.name)
        raise
    keep_read(context, read)
    if context.story.incomplete:
        draft = _draft(task, seen, ledger, doubted=True)
    _tell(context, draft)
    if seen is mirror:  # else more decided than what was read of the lists
        told = Told(draft.planned, draft.findings, draft.notes, draft.proposals)
        context.story.same = same_as(context, task.intake, read, ledger, told)
    return draft.planned


def _told_again(
    context: Context, intake: KnownIntake, read: Mirror, ledger: LedgerView
) -> Planned | None:
    """What an earlier night came to, if this one is the same in all things."""
    with context.stage("compare"):
        told = told_again(context, intake.run, intake.same, read, ledger)
    if told is None:
        return None
    keep_read(context, read)
    _tell(context, Draft(told.planned, told.findings, told.notes, (), told.proposals))
    context.story.same = intake.same
    return told.planned


def _in_full(context: Context, intake: KnownIntake) -> Task:
    """The drop, taken in after all."""
    whole = intake.whole()
    context.story.stages += whole.stages
    if whole.roster is None:
        message = "a drop that was good once is refused"
        raise ValueError(message)
    return Task(context, whole, whole.roster)


def _with_confirmed(context: Context, roster: Roster, read: Mirror) -> LedgerView:
    """The ledger with what somebody has confirmed, as far as it can be seen in what
    was read. Raises ``UsageError`` for anything else."""
    if context.confirmed is not None:
        raw = context.state.ledger()
        found = _compare(context, roster, overlaid(read, raw), raw).renames
        accepted = judged(context.confirmed, found.proposals, found.joined)
        context.story.renames = accepted.renames
        context.story.notes += accepted.notes
    return context.ledger()


@dataclass(frozen=True, slots=True)
class Task:
    """A drop that was taken in, and the run that compares it."""

    context: Context
    intake: Intake
    roster: Roster


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides beside each other."""

    projection: Projection
    """Without its frames."""
    renames: Renames
    fields: Mapping[Entity, FieldRules]


def _unsupported(entity: Entity, count: int, why: str) -> str:
    are = "is" if count == 1 else "are"
    return f"{number(count, 'row')} of {entity.value} {are} not supported: {why}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan, and what is to be said of it beside what stands in it."""

    planned: Planned
    findings: Findings
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    """Entities that the last good drop had and this one has not."""
    proposals: pl.DataFrame
    """Of ``PROPOSAL_SCHEMA``."""


def _not_supported(context: Context, roster: Roster) -> Findings:
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


def _tell(context: Context, draft: Draft) -> None:
    """Put a plan and what is to be said of it into the story of the run."""
    story, planned = context.story, draft.planned
    story.findings += draft.findings
    story.notes += draft.notes
    story.missing_files = tuple(dict.fromkeys((*story.missing_files, *draft.missing)))
    story.plan = planned.plan
    story.operations = planned.plan.operations
    story.untouched = planned.untouched
    story.proposals = draft.proposals
    story.entities = {e: dict(s) for e, s in planned.plan.account.items()}


def _compare(
    context: Context, roster: Roster, mirror: Mirror, ledger: LedgerView
) -> Compared:
    fields = context.field_rules(roster)
    with context.stage("compare", total=_size(roster.frames)):
        selected = projected(context, roster, mirror, ledger)
        joined = _joined(context, selected, mirror, fields, ledger)
        # Every cell of the projection stands in the joined frames by now.
        projection = replace(selected.projection, frames={})
        del selected
        return Compared(projection, with_proposals(joined), fields)


def _joined(
    context: Context,
    selected: Projected,
    mirror: Mirror,
    fields: Mapping[Entity, FieldRules],
    ledger: LedgerView,
) -> dict[Entity, pl.DataFrame]:
    wanted = set(context.table.entities)
    frames = selected.projection.frames
    desired = {e: f for e, f in frames.items() if e in wanted}
    compared = _compared(desired)
    joined = diff(
        DiffInput(
            desired=desired,
            remote={e: f for e, f in mirror.frames.items() if e in compared},
            frozen=selected.projection.frozen,
            rules=fields,
            ledger=ledger,
        )
    )
    return selected.marked({e: f for e, f in joined.items() if e in desired})


def _draft(
    task: Task, mirror: Mirror, ledger: LedgerView, *, doubted: bool = False
) -> Draft:
    """``doubted``: what was read is not all that is there."""
    context, intake, roster = task.context, task.intake, task.roster
    compared = _compare(context, roster, mirror, ledger)
    projection, joined = compared.projection, compared.renames.joined
    if doubted:
        joined = {entity: _not_again(frame) for entity, frame in joined.items()}
    before = context.state.bulk_rows(context.source)
    missing = _missing_files(context, roster, intake.absent)
    with context.stage("plan", unit="operations") as step:
        planned = make_plan(
            PlanInput(
                facts=_facts(context, intake, roster),
                target=context.target,
                roster=roster,
                mirror=mirror,
                projection=projection,
                joined=joined,
                fields=compared.fields,
                ledger=ledger,
                rules=context.rules(),
                rows_before=before,
                passed=passed_before(context),
                headers=_headers(intake),
                seen=context.story.seen,
                cut_off=context.story.cut_off,
                undone=_undone(context),
                nameless=context.state.ledger().records.is_empty(),
            )
        )
        step.advance(planned.plan.operations.height)
    return Draft(
        planned,
        _still_told(projection.findings, joined)
        + compared.renames.findings
        + missing
        + _small_files(context, roster, before)
        + _not_supported(context, roster),
        tuple(_untold(joined)),
        tuple(missing.frame["entity"]),
        compared.renames.proposals,
    )


def _not_again(joined: pl.DataFrame) -> pl.DataFrame:
    """Where a list was not proven complete, what is ours and in force is not made
    again: it may well be there."""
    ours = pl.col("known") & ~pl.col("ended") & (pl.col("decision") == "create")
    again = ours.fill_null(value=False)
    why = "a remote list could not be proven complete, and it was there before"
    return joined.with_columns(
        pl.when(again).then(pl.lit("deferred")).otherwise("decision").alias("decision"),
        pl.when(again).then(pl.lit(why)).otherwise("reason").alias("reason"),
    )


def _still_told(findings: Findings, joined: Mapping[Entity, pl.DataFrame]) -> Findings:
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


def _undone(context: Context) -> tuple[str, str] | None:
    found = context.state.undone()
    return None if found is None else (found.run, found.by)


def _headers(intake: Intake) -> Headers:
    tables = {} if intake.mapped is None else intake.mapped.tables
    return {entity: table.headers for entity, table in tables.items()}


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
    renames = context.story.renames.select("old", "new").rows()
    return context.facts(
        {
            "drop": intake.drop.sha256,
            "roster": digest(roster.frames),
            "today": context.today.isoformat(),
            "source": context.source,
            **({"renames": [list(pair) for pair in renames]} if renames else {}),
        }
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
