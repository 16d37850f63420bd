"""One run of one target, from the drop to the closed report: the nightly job.

``nightly`` begins with a drop, ``carry_out`` with a plan, ``resume`` with a run that
was interrupted. Whatever happens, the run is accounted for and closed.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sync.config import Config, fingerprint
from sync.errors import (
    ExitCode,
    InterruptedRunError,
    LocalError,
    RosterSyncError,
    UsageError,
)
from sync.flow.accepted import mark_known
from sync.flow.again import still_known
from sync.flow.carry import (
    Carrier,
    count_outcomes,
    settle_left_behind,
    shown_ids,
)
from sync.flow.context import Context, Show, Story, log, now
from sync.flow.ending import Result, advice, exit_code, finish, good_drop
from sync.flow.intake import Intake
from sync.flow.kept import adopt, keep, keep_approval, kept, recall, recall_drift
from sync.flow.keyed import with_keys
from sync.flow.lost import journal_of, lost, lost_error, outlast, read_outcomes
from sync.flow.noting import note_age, note_drop, note_plan
from sync.flow.preview import preview
from sync.flow.refusing import (
    approval_now,
    damaged,
    demand_let_through,
    demand_same_maker,
    demand_usable,
    held,
    refused,
)
from sync.flow.renames import Confirmed
from sync.flow.room import shelf_of
from sync.log import run_log
from sync.model.plan import Plan
from sync.plan import approved, read_plan
from sync.shelf import shelving
from sync.state import Journal, RunRecord, StateFolder, TargetState, hold
from sync.targets.registry import make_target
from sync.version import PROGRAM
from sync.wire import Deadline, Wire

UNDOES = "undo"
"""Among the inputs of a plan: the run that it takes back."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is to be made."""

    show: Show
    source: str | None = None
    again: bool = False
    """An older drop than the last good one is meant."""
    wait: timedelta | None = None
    deadline: Deadline | None = None
    on_wire: Callable[[Wire], None] = lambda _: None
    on_run: Callable[[str, str], None] = lambda _target, _run: None
    """Told of a new run, by its target and its name, before it is registered."""
    confirmed: Confirmed | None = None
    """What somebody says of ids that have changed."""
    options: tuple[str, ...] = ()
    """With which options, besides, this was called: to call it again."""
    how: str | None = None
    """The digest of how the drop is read (``same.how_read``)."""


@contextmanager
def opened(
    config: Config,
    name: str,
    manner: Manner,
    record: RunRecord | None = None,
    undoes: str | None = None,
) -> Iterator[Context]:
    """A run of a target with its lock held: a new one, or one to go on with.

    ``undoes``: the run that a new one takes back. Raises ``LockedError`` where another
    run holds the lock.
    """
    table = config.target(name)
    undoes = undoes if record is None else record.undoes
    target = make_target(table, undoing=undoes is not None)
    folder = StateFolder(config.state_dir)
    started = now() if record is None else record.started
    run = folder.new_run_id(started, name) if record is None else record.run
    source = manner.source or table.source if record is None else record.source
    with (
        shelving(shelf_of(config)),
        hold(folder, name, run=run, started=started, wait=manner.wait),
        TargetState.open(folder, name) as state,
    ):
        if record is None:
            manner.on_run(name, run)
            state.begin_run(RunRecord(run, started, source=source, undoes=undoes))
        place = folder.run_folder(run)
        with run_log(place / "log.jsonl", run=run, target=name):
            log.info("begin", program=PROGRAM)
            yield Context(
                config=config,
                table=table,
                target=target,
                folder=folder,
                state=state,
                run=run,
                started=started,
                show=manner.show,
                source=source,
                deadline=manner.deadline,
                on_wire=manner.on_wire,
                confirmed=manner.confirmed,
                how=manner.how,
            )


async def nightly(
    config: Config, name: str, intake: Intake, manner: Manner, *, dry: bool
) -> Result:
    """A drop compared with a target and, unless ``dry``, carried out."""
    with opened(config, name, manner) as context:
        intake = still_known(context, intake)
        note_drop(context, intake)
        context.story.invocation = _invocation(context, intake, manner)
        note_age(context, intake, again=manner.again)

        async def steps(wire: Wire) -> None:
            await close_left_behind(context, wire)
            planned = await preview(context, intake, wire)
            if intake.roster is not None:
                context.story.good = good_drop(context, intake.roster)
            context.story.findings = with_keys(context, intake)
            keep(context, planned)
            demand_let_through(context, planned.plan)
            if not dry and writes:
                await _carry(context, planned.plan, wire, reread=False)

        writes = context.target.capabilities.writes
        context.story.compares = not dry and not writes
        return await accounted(
            context,
            steps,
            preview=dry or not writes,
            refusal=refused(context, intake),
        )


def _invocation(context: Context, intake: Intake, manner: Manner) -> str:
    """How to have the same drop carried out again."""
    drop = str(intake.drop.path.absolute())
    words = ("run", drop, "--target", context.table.name, *manner.options)
    return f"{context.command} {shlex.join(words)}"


async def carry_out(
    config: Config, path: Path, approval: str | None, manner: Manner
) -> Result:
    """A plan made before, carried out once. Raises ``UsageError`` for a plan that is
    changed, foreign, outdated or applied already."""
    folder = StateFolder(config.state_dir)
    plan = read_plan(path, folder)
    undoes = plan.inputs.get(UNDOES)
    with (
        _of(plan.target),
        opened(config, plan.target, manner, undoes=undoes) as context,
    ):

        async def steps(wire: Wire) -> None:
            demand_usable(context, plan)
            recall(context.folder, plan.run, context.story)
            context.story.plan = plan
            context.story.plan_path = str(path)
            note_plan(context, plan)
            if plan.held:
                if approval is None or not approved(plan, approval):
                    raise held(context, plan, approval)
                context.story.approved = approval_now(plan)
            adopt(context, plan.run)
            if context.story.approved is not None:
                keep_approval(context, plan)
            await close_left_behind(context, wire)
            await _carry(context, plan, wire, reread=True)

        return await accounted(context, steps, preview=False)


@contextmanager
def _of(target: str) -> Iterator[None]:
    """Whatever ends the block says whose run it was: only the plan knows."""
    try:
        yield
    except RosterSyncError as error:
        error.target = target
        raise


async def resume(
    config: Config, record: RunRecord, name: str, manner: Manner
) -> Result:
    """A run that was interrupted, carried on from its journal."""
    with opened(config, name, manner, record) as context:
        demand_same_maker(context)

        async def steps(wire: Wire) -> None:
            why = lost(context)
            began = kept(context.folder, context.run) and journal_of(context).exists()
            if why is None and not began:
                message = f"run {context.run} ended before anything was sent"
                raise InterruptedRunError(message, do="run again")
            try:
                recall(context.folder, context.run, context.story)
            except UsageError as error:
                raise damaged(context, context.run) from error
            plan = context.story.plan
            if why is not None:
                if plan is not None:
                    await outlast(context, plan, wire)
                raise lost_error(context, why)
            if plan is None or plan.valid_until < now():
                if plan is not None:
                    journal = journal_of(context)
                    await settle_left_behind(context, plan, journal, wire)
                message = f"the plan of run {context.run} is too old to go on with"
                raise InterruptedRunError(message, do="run again")
            if plan.held and context.story.approved is None:
                raise held(context, plan)
            await _carry(context, plan, wire, reread=True)

        return await accounted(context, steps, preview=False)


async def accounted(
    context: Context,
    steps: Callable[[Wire], Awaitable[None]],
    *,
    preview: bool,
    refusal: RosterSyncError | None = None,
) -> Result:
    """Whatever becomes of the steps: the outcomes are read and the run is closed."""
    error: RosterSyncError | None = refusal
    if error is None:
        try:
            await _with_wire(context, steps)
        except RosterSyncError as problem:
            error = problem
        except Exception as problem:  # noqa: BLE001 - the one net of a run
            log.exception("defect")
            kind = type(problem).__name__
            error = LocalError(
                f"a defect of this program ({kind}) ended run {context.run}",
                do="report it with the run's log.jsonl, then run again",
            )
    _read_outcomes(context)
    mark_known(context)
    if error is not None:
        return finish(context, ExitCode(error.exit_code), error, preview=preview)
    code = exit_code(context.story, preview=preview)
    folder = context.folder.run_folder(context.run)
    return finish(context, code, advice(code, context.story, folder), preview=preview)


async def _with_wire(
    context: Context, steps: Callable[[Wire], Awaitable[None]]
) -> None:
    wire = context.wire()
    async with wire:
        with context.sending(wire):
            await steps(wire)
            if wire.halted is not None:
                message = f"the run was stopped: {wire.halted}"
                go_on = f"go on with: {context.command} resume {context.run}"
                raise InterruptedRunError(
                    message, do=f"everything sent is in the journal; {go_on}"
                )


async def _carry(context: Context, plan: Plan, wire: Wire, *, reread: bool) -> None:
    """Send what is left of the plan, on the record."""
    path = journal_of(context)
    if path.exists():
        journal = Journal.open(path)
    else:
        context.state.mark_applied(plan.id, context.run)
        journal = Journal.create(path, plan.operations)
    with journal:
        if plan.operations.height:
            context.state.record(context.run, wrote=True)
        shown = shown_ids(context.last_read() if plan.operations.height else None)
        await Carrier(context, plan, wire, journal, shown).run(reread=reread)


def _read_outcomes(context: Context) -> None:
    read_outcomes(context)
    count_outcomes(context.story.entities, context.story.outcomes)
    context.story.drift = recall_drift(context.folder, context.run)


async def close_left_behind(context: Context, wire: Wire) -> None:
    """Account for runs of this target whose process died, and close them.

    What they left in doubt is settled by reading; what they had not sent, the new
    difference finds.
    """
    for record in context.state.open_runs():
        if record.run != context.run:
            await _close_one(context, record, wire)


async def _close_one(context: Context, record: RunRecord, wire: Wire) -> None:
    old = replace(
        context,
        run=record.run,
        started=record.started,
        source=record.source,
        story=Story(),
    )
    words = await _recall_left_behind(old, wire)
    message = f"run {record.run} was interrupted"
    finish(
        old,
        ExitCode.INTERRUPTED,
        InterruptedRunError(message, do=f"run {context.run} went on from there"),
        preview=False,
    )
    context.story.notes.append(f"run {record.run} had been interrupted; {words}")


async def _recall_left_behind(old: Context, wire: Wire) -> str:
    """What a run that died had done, settled by reading where that can be told; in
    words, how that is known."""
    why = lost(old)
    if why is None and not journal_of(old).exists():
        words = "nothing of it was sent"
    else:
        words = "what it did is found by comparing"
    if why is not None:
        words = f"what it sent is not known, {why}: {words}"
    if not kept(old.folder, old.run):
        return words
    try:
        recall(old.folder, old.run, old.story)
    except UsageError:
        old.story = Story()
        return f"what it kept is damaged: {words}"
    plan = old.story.plan
    same = plan is not None and plan.fingerprint == fingerprint(old.table)
    if plan is not None and same and why is not None:
        await outlast(old, plan, wire)
    elif plan is not None and same and journal_of(old).exists():
        await settle_left_behind(old, plan, journal_of(old), wire)
        words = "what it left in doubt was read"
    _read_outcomes(old)
    return words
