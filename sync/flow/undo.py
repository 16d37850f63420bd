"""A run taken back: what it did and what the target holds now, as a plan to approve.

``undo`` is a run of its own that ends like a preview; ``apply`` carries its plan out
through the same journal, drift and verification as any other.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

import polars as pl

from sync.config import Config, fingerprint, place
from sync.errors import LocalError, RosterSyncError, UsageError
from sync.flow.carry import JOURNAL
from sync.flow.context import Context, Story
from sync.flow.ending import Result
from sync.flow.kept import PLAN, keep, kept, recall
from sync.flow.night import (
    UNDOES,
    Manner,
    accounted,
    close_left_behind,
    opened,
)
from sync.flow.overlay import overlaid
from sync.flow.proving import Proof
from sync.flow.reading import read_target
from sync.flow.refusing import demand_let_through
from sync.model.counted import number
from sync.model.entities import METADATA_PREFIX, PEOPLE, Entity, Mode
from sync.model.ids import COMPOSED
from sync.model.ledger import LEDGER_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.outcome import PENDING, State
from sync.model.plan import Plan
from sync.model.roster import KEY, Roster
from sync.plan import InvertInput, Planned, UndoInput, make_undo, read_plan
from sync.report import left_by_undo
from sync.state import RunRecord, StateFolder, TargetState, read_states
from sync.targets.base import Wants
from sync.wire import Wire

_DONE = (State.DONE.value, State.SENT.value)
"""What was sent without an answer may have been done: what the target holds tells."""


@dataclass(frozen=True, slots=True)
class Found:
    """A run of the past and its target."""

    target: str
    record: RunRecord
    applied_by: str | None = None
    """Of a run that only made a plan, the one that carried it out."""
    renamed: bool = False
    """It ended well and accepted ids that have changed, or forgot them."""


def find_run(config: Config, run: str) -> Found:
    """The run of that name. Raises ``UsageError`` where no target has it."""
    folder = StateFolder(config.state_dir)
    for name in config.targets:
        with TargetState.open(folder, name) as state:
            record = state.find_run(run)
            if record is not None:
                applied = _applied_by(state, record)
                return Found(name, record, applied, _renamed(folder, record))
    message = f"there is no run {run}"
    raise UsageError(message, do="roster-sync runs names them")


def left_by(config: Config, plan: Plan) -> pl.DataFrame:
    """What an undo leaves, ``UNTOUCHED_SCHEMA``; nothing where the run that made its
    plan is not kept, or not as it was left."""
    story = Story()
    with suppress(RosterSyncError):
        recall(StateFolder(config.state_dir), plan.run, story)
    return left_by_undo(story.untouched)


def _applied_by(state: TargetState, record: RunRecord) -> str | None:
    """Who carried out the plan that a run made, if that was another one."""
    mine = pl.col("plan_id") == pl.lit(record.plan_id, dtype=pl.String)
    others = state.runs().filter(mine, "wrote", pl.col("run") != record.run)
    return None if others.is_empty() else str(others["run"][0])


def _renamed(folder: StateFolder, record: RunRecord) -> bool:
    """Whether what a run accepted of ids that changed holds since then."""
    moved = record.good or record.undoes is not None
    ended = record.outcome in {"done", "partial"}
    if not (moved and ended and kept(folder, record.run)):
        return False
    then = Story()
    recall(folder, record.run, then)
    return not then.renames.is_empty()


async def undo(config: Config, found: Found, manner: Manner) -> Result:
    """The plan that takes that run back, as a run of its own."""
    run = found.record.run
    with opened(config, found.target, manner, undoes=run) as context:
        context.story.undoes = run

        async def steps(wire: Wire) -> None:
            await close_left_behind(context, wire)
            done = _done_by(context, run)
            _name_as_then(context, run)
            await wire.authenticate()
            planned = await _planned(context, wire, done, found.record)
            keep(context, planned)
            demand_let_through(context, planned.plan)

        return await accounted(context, steps, preview=True)


def _done_by(context: Context, run: str) -> pl.DataFrame:
    """What that run did: its operations, ``OPERATION_SCHEMA``.

    Raises ``UsageError`` where it is not kept any more, or was about another place.
    """
    journal = context.folder.runs / run / JOURNAL
    if not journal.exists():
        if _wrote(context, run):
            message = f"what run {run} did is not kept any more"
            raise UsageError(message, do="deliver a drop that says how it should be")
        return pl.DataFrame(schema={"id": pl.String(), "entity": pl.String()})
    if not kept(context.folder, run):
        folder = context.folder.runs / run
        message = f"what run {run} kept in {folder} is damaged"
        raise LocalError(message, do="restore it from a backup")
    plan = read_plan(context.folder.runs / run / PLAN, context.folder)
    _demand_same_place(context, plan, run)
    states = read_states(journal).filter(pl.col("state").is_in(_DONE))
    return plan.operations.drop("request", strict=False).join(
        states.select("id"), on="id", how="semi", maintain_order="left"
    )


def _name_as_then(context: Context, run: str) -> None:
    """What that run had accepted of ids that changed: its operations name people so,
    and when they are taken back it counts no more. What was renamed again since is
    known by that name alone. Raises ``UsageError`` for a run that was changed."""
    if not kept(context.folder, run):
        return
    then = Story()
    recall(context.folder, run, then)
    if then.renames.is_empty():
        return
    names = then.renames.select("new", "remote_id")
    people = pl.col("entity").is_in([one.value for one in PEOPLE])
    held = context.state.ledger().records.filter(people)
    again = (
        held.select("key", "remote_id")
        .join(names, on="remote_id", how="inner")
        .filter(pl.col("key") != pl.col("new"), pl.col("key") != pl.col("remote_id"))
    )
    context.story.forgets = not then.forgets
    context.story.renames = then.renames.join(
        again, on="remote_id", how="anti", maintain_order="left"
    )
    ids = number(context.story.renames.height, "rename")
    what = "forgotten" if context.story.forgets else "accepted again"
    context.story.notes.append(f"with run {run}, {ids} that it knew will be {what}")


def _wrote(context: Context, run: str) -> bool:
    record = context.state.find_run(run)
    return record is not None and record.wrote


def _demand_same_place(context: Context, plan: Plan, run: str) -> None:
    """Keys mean the same records only at the same address, in the same terms."""
    table = context.table
    known = plan.inputs.get("place")
    same = (
        plan.fingerprint == fingerprint(table)
        if known is None
        else known == place(table)
    )
    if not same:
        message = f"the configuration of {table.name} has changed since run {run}"
        raise UsageError(message, do="undo it with the configuration that it had")


async def _planned(
    context: Context, wire: Wire, done: pl.DataFrame, record: RunRecord
) -> Planned:
    """The plan, made from a whole read. Raises ``TargetError``."""
    story, ledger = context.story, context.ledger()
    if done.is_empty() and story.renames.is_empty():
        story.notes.append(f"run {record.run} changed nothing: there is nothing to do")
    if done.is_empty():
        return _draft(context, done, _nothing(context), ledger, record)
    wants = _wants(context, done, ledger)
    before = context.last_read()
    read = await read_target(context, wire, wants, before)
    mirror = overlaid(read, ledger)
    planned = _draft(context, done, mirror, ledger, record)
    proof = Proof(context, wire, ledger)
    seen = await proof.looked_at(planned.plan, mirror, changes=False)
    if seen is not mirror:
        planned = _draft(context, done, seen, ledger, record)
    await proof.doubt_empty(planned.plan, seen)
    return planned


def _nothing(context: Context) -> Mirror:
    return Mirror(frames={}, complete={}, totals={}, read_at=context.started)


def _draft(
    context: Context,
    done: pl.DataFrame,
    mirror: Mirror,
    ledger: LedgerView,
    record: RunRecord,
) -> Planned:
    """A plan from this mirror, put into the story of the run."""
    rules, story = context.rules(), context.story
    ids = hashlib.sha256("\n".join(sorted(done["id"])).encode()).hexdigest()
    with context.stage("plan", unit="operations") as step:
        planned, notes = make_undo(
            UndoInput(
                facts=context.facts({UNDOES: record.run, "done": ids}),
                target=context.target,
                inverting=InvertInput(
                    run=record.run,
                    done=done,
                    mirror=mirror,
                    ledger=ledger,
                    able=context.target.capabilities,
                    policies=rules.policies,
                ),
                guards=rules.guards,
                source=record.source or "",
            )
        )
        step.advance(planned.plan.operations.height)
    story.notes = [*dict.fromkeys((*story.notes, *notes))]
    story.plan = planned.plan
    story.operations = planned.plan.operations
    story.untouched = planned.untouched
    story.entities = {e: dict(s) for e, s in planned.plan.account.items()}
    return planned


def _wants(context: Context, done: pl.DataFrame, ledger: LedgerView) -> Wants:
    """All that the target holds of ours, and what the run did whatever became of it.

    Links are named as wanted, those of the run as if another relationship had been
    sent before: so what a list does not tell of them is asked for singly.
    """
    able, table = context.target.capabilities, context.table
    touched = set(done["entity"])
    entities = tuple(
        entity
        for entity in able.verbs
        if entity in table.entities or entity.value in touched
    )
    records = _reminder(done, ledger)
    links = records.of(Entity.AGENTS).filter(~pl.col("ended"))
    frames = {Entity.AGENTS: _links(links)} | _with_metadata(done)
    modes = dict.fromkeys(frames, Mode.DELTA)
    frozen = pl.DataFrame(schema={"entity": pl.String(), KEY: pl.String()})
    return Wants(entities, Roster(frames, modes, {}, frozen), records)


def _links(records: pl.DataFrame) -> pl.DataFrame:
    parts = pl.col("key").str.split("/")
    ends = [
        _plain(parts.list.get(place)).alias(name)
        for place, name in enumerate(COMPOSED[Entity.AGENTS])
    ]
    nothing = pl.lit(None, dtype=pl.String).alias("relationshipType")
    return records.select(pl.col("key").alias(KEY), *ends, nothing)


def _plain(part: pl.Expr) -> pl.Expr:
    """A part of a key as it was before it was joined (see ``normalise.key``)."""
    return part.str.replace_all("%2F", "/", literal=True).str.replace_all(
        "%25", "%", literal=True
    )


def _with_metadata(done: pl.DataFrame) -> dict[Entity, pl.DataFrame]:
    """Frames without rows that name the ``metadata.*`` fields which the run changed."""
    found = {}
    for entity in (*PEOPLE, Entity.ENROLLMENTS):
        fields = done.filter(entity=entity.value)["fields"]
        names = fields.explode(empty_as_null=True).drop_nulls().unique().sort()
        own = names.filter(names.str.starts_with(METADATA_PREFIX))
        if len(own):
            schema = dict.fromkeys((KEY, *own), pl.String())
            found[entity] = pl.DataFrame(schema=schema)
    return found


def _reminder(done: pl.DataFrame, ledger: LedgerView) -> LedgerView:
    """The ledger in which what the run ended still counts as being there, unless it
    only waited and no list shows it."""
    named = pl.col("entity").is_in([Entity.AGENTS.value, Entity.ENROLLMENTS.value])
    seat = pl.col("entity") == Entity.ENROLLMENTS.value
    person = pl.coalesce("before", "after").str.json_path_match("$.userSourcedId")
    mine = done.filter(named).select(
        "entity",
        "key",
        pl.when(seat).then("remote_id").alias("remote_id"),
        pl.when(seat).then(person).alias("person"),
    )
    known = ledger.records.join(mine, on=["entity", "key"], how="semi")
    waits = pl.col("remote_id").str.starts_with(f"{PENDING}:").fill_null(value=False)
    there = known.with_columns(ended=pl.col("ended") & waits)
    new = mine.join(known, on=["entity", "key"], how="anti").with_columns(
        source=pl.lit(None, dtype=pl.String),
        created=pl.lit(value=False),
        missed=pl.lit(0, dtype=pl.UInt32),
        ended=pl.lit(value=False),
        digest=pl.lit(None, dtype=pl.String),
    )
    names = LEDGER_SCHEMA.names()
    link = pl.col("entity") == Entity.AGENTS.value
    asked = pl.concat([there.select(names), new.select(names)]).with_columns(
        digest=pl.when(link).then(pl.lit("?")).otherwise("digest")
    )
    others = ledger.records.join(mine, on=["entity", "key"], how="anti")
    quiet = others.with_columns(digest=pl.when(~link).then("digest"))
    whole = pl.concat([asked, quiet.select(names)]).sort("entity", "key")
    return LedgerView(whole, ledger.pairs)
