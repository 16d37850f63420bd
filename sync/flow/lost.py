"""A run that has written and whose journal is gone: what it sent is not known.

In: a run and its folder. Out: whether its journal can be believed, its operations as
in doubt, and the wait until what it may have made shows.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sync.errors import LocalError
from sync.flow.carry import JOURNAL, outcomes_of, reading_back, surely_wrong
from sync.flow.context import Context, now
from sync.model.outcome import State
from sync.model.plan import Plan
from sync.state import DamagedError, check_journal
from sync.wire import Wire

BY_COMPARING = "run again: what was left undone is found by comparing"
"""What to do when a run cannot be gone on with."""


def journal_of(context: Context) -> Path:
    """Where the journal of this run is, if it has one."""
    return context.folder.runs / context.run / JOURNAL


def lost(context: Context) -> str | None:
    """Why it is not known what this run sent; null where it is, or nothing was sent.

    Raises ``LocalError`` where the disk fails.
    """
    record = context.state.find_run(context.run)
    path = journal_of(context)
    if not path.is_file():
        wrote = record is not None and record.wrote
        return "its journal is lost" if wrote else None
    try:
        check_journal(path)
    except DamagedError:
        return "its journal is damaged"
    return None


def lost_error(context: Context, why: str) -> LocalError:
    """The error of a run that cannot be gone on with for this."""
    message = f"what run {context.run} sent is not known: {why}"
    return LocalError(f"{message} ({journal_of(context)})", do=BY_COMPARING)


def read_outcomes(context: Context) -> None:
    """What became of the operations of this run, into its story: as the journal has
    it, else all of them in doubt."""
    story = context.story
    try:
        why = lost(context)
        if why is None and journal_of(context).is_file():
            story.outcomes = outcomes_of(journal_of(context))
    except LocalError:
        why = "its journal cannot be read"
    if why is not None:
        story.outcomes = _all_in_doubt(story.operations, why)
        story.notes.append(f"what run {context.run} sent is not known: {why}")


def _all_in_doubt(operations: pl.DataFrame, why: str) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    return operations.select(
        pl.col("id").alias("operation"),
        pl.lit(State.SENT.value).alias("state"),
        pl.lit(None, dtype=pl.Int64).alias("status"),
        nothing.alias("code"),
        pl.lit(f"what was sent is not known: {why}").alias("message"),
        nothing.alias("remote_id"),
    )


async def outlast(context: Context, plan: Plan, wire: Wire) -> None:
    """Read what a run may have made until it shows, for as long as ``settle``: what is
    not there then is not on its way either, so it is not ours and may be made."""
    made = plan.operations.filter(verb="create")
    succession = context.story.succession
    if made.is_empty() or succession is None:
        return
    sent = made.select("id", pl.lit(now()).alias("sent_at"))
    read = reading_back(context, wire)
    wrong = await surely_wrong(read, made, context, wire, sent)
    missing = wrong.filter(read="missing")["id"].unique().implode()
    never_made = pl.col("operation").is_in(missing).fill_null(value=False)
    context.story.succession = succession.filter(~never_made)
