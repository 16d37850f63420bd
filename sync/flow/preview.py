"""Fetch, project, compare, plan: everything before the first change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import anyio
import polars as pl

from sync.diff import (
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
from sync.flow.remarks import (
    missing_files,
    not_supported,
    small_files,
    still_told,
    untold,
)
from sync.flow.renames import assumed, judged
from sync.flow.same import Told, same_as, told_again
from sync.flow.selecting import Projected, projected, wanted
from sync.model.entities import PEOPLE, Entity
from sync.model.finding import Findings
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import Roster
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
    missing = missing_files(context, roster, intake.absent)
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
        still_told(projection.findings, joined)
        + compared.renames.findings
        + missing
        + small_files(context, roster, before)
        + not_supported(context, roster),
        tuple(untold(joined)),
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


def _undone(context: Context) -> tuple[str, str] | None:
    found = context.state.undone()
    return None if found is None else (found.run, found.by)


def _headers(intake: Intake) -> Headers:
    tables = {} if intake.mapped is None else intake.mapped.tables
    return {entity: table.headers for entity, table in tables.items()}


def _size(frames: Mapping[Entity, pl.DataFrame]) -> int:
    return sum(frame.height for frame in frames.values())


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
