"""The end of a run: its exit code, its report, and what the target's memory becomes.

In: the story and the error that ended it, if one did. Out: the report's files, the
ledger, the closed run.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from sync.errors import ExitCode, LocalError, RosterSyncError
from sync.flow.accepted import known_count, still_rejected
from sync.flow.carry import count_outcomes
from sync.flow.context import Context, Story, log, now
from sync.flow.news import News, with_news
from sync.flow.relied import keep_same
from sync.flow.tally import tally
from sync.model.counted import number
from sync.model.entities import PEOPLE, Mode
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView, digest
from sync.model.outcome import State
from sync.model.plan import Plan
from sync.model.renames import renamed, taken_back
from sync.model.roster import Roster
from sync.plan import beside, settled, without_effect
from sync.report import (
    RENAMES,
    Account,
    left_by_undo,
    left_words,
    write_report,
)
from sync.state import GoodDrop, RunEnd, expire_mirror

OUTCOMES = {
    ExitCode.DONE: "done",
    ExitCode.PARTIAL: "partial",
    ExitCode.REFUSED: "refused",
    ExitCode.HELD: "held",
    ExitCode.TARGET_FAILED: "target_failed",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.LOCAL_FAILED: "interrupted",
    ExitCode.USAGE: "refused",
}


_UNMET = (State.FAILED.value, State.SKIPPED.value)
"""What the remote records were not as they were known to be."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended."""

    account: Account
    folder: Path
    plan: Plan | None
    error: RosterSyncError | None
    """What the ``roster-sync:`` line says; null where the code is 0."""
    rewrite: Callable[[Account], None] = lambda _: None
    """Writes the report anew, for an account with more to say. Raises OSError."""

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of this run."""
        return ExitCode(self.account.exit_code)


def exit_code(story: Story, *, preview: bool) -> ExitCode:
    """The code of a run that came to its end."""
    counts = story.entities.values()

    def total(section: str, *parts: str) -> int:
        return sum(
            one.get(section, {}).get(part, 0) for one in counts for part in parts
        )

    if story.incomplete or total("operations", "in_doubt"):
        return ExitCode.TARGET_FAILED
    rejected = still_rejected(story.findings, total("rows", "rejected"))
    wrong = rejected + total("diff", "blocked", "proposed", "frozen")
    if not preview:
        wrong += total("operations", "failed", "skipped", "blocked")
        wrong += story.converged is False
    away = story.missing_files or story.cut_off
    return ExitCode.PARTIAL if wrong or away else ExitCode.DONE


def advice(code: ExitCode, story: Story, folder: Path) -> RosterSyncError | None:
    """The sentence for people when a run came to its end, but not with 0."""
    if code is ExitCode.DONE:
        return None
    report = f"see {folder / 'report.html'}"
    if code is ExitCode.TARGET_FAILED:
        what = "a remote list could not be proven complete, or a change is in doubt"
        error = RosterSyncError(what, do=f"{report}, then run again")
        error.exit_code = ExitCode.TARGET_FAILED
        return error
    parts = [part for part in _shortfalls(story) if part]
    what = "not everything could be done: " + ", ".join(parts)
    error = RosterSyncError(what, do=report)
    error.exit_code = code
    return error


def _shortfalls(story: Story) -> list[str]:
    def total(section: str, part: str) -> int:
        return sum(one.get(section, {}).get(part, 0) for one in story.entities.values())

    rejected = total("rows", "rejected")
    left = _left(story)
    waiting = total("diff", "blocked") + total("diff", "frozen") - left.height
    proposed = story.proposals["new"].n_unique()
    changes = {
        name: total("operations", name) for name in ("failed", "skipped", "blocked")
    }
    found = [
        number(rejected, "row") + " rejected" if rejected else "",
        number(waiting, "row") + " blocked or frozen" if waiting > 0 else "",
        *left_words(left),
        f"{number(proposed, 'person', 'people')} may be there under another id"
        if proposed
        else "",
        *(
            f"{number(count, 'change')} {name}"
            for name, count in changes.items()
            if count
        ),
    ]
    if story.missing_files:
        names = ", ".join(f"{name}.csv" for name in story.missing_files)
        found.append(f"{names} of the last good drop is missing")
    if story.cut_off:
        names = ", ".join(f"{name}.csv" for name in sorted(story.cut_off))
        found.append(f"the last rows of {names} of the last good drop are missing")
    if story.converged is False:
        values = number(len(story.differs), "value")
        found.append(f"{values} did not read back as written")
    return found


def _left(story: Story) -> pl.DataFrame:
    """What an undo has to leave; of a drop, findings say what waits."""
    rows = story.untouched if story.undoes is not None else story.untouched.clear()
    return left_by_undo(rows)


def finish(
    context: Context, code: ExitCode, error: RosterSyncError | None, *, preview: bool
) -> Result:
    """Write the report, move the memory if the run was good, close the run.

    Raises ``LocalError`` where the report or the state cannot be written.
    """
    folder = context.folder.run_folder(context.run)
    story = context.story
    count_outcomes(story.entities, story.outcomes)
    outcome = OUTCOMES[code]
    if preview and code in {ExitCode.DONE, ExitCode.PARTIAL}:
        outcome = "preview"
    ended = code in {ExitCode.DONE, ExitCode.PARTIAL}
    night = not preview or story.compares
    news = with_news(context, night=night, ended=ended)
    account = _account(context, code, outcome, error, news)
    good = ended and night
    ledger = _ledger(context, moves=good)
    if story.outcomes.filter(pl.col("state").is_in(_UNMET)).height:
        expire_mirror(context.folder, context.table.name)
    write = partial(
        write_report,
        folder,
        operations=story.operations.drop("request", strict=False),
        outcomes=story.outcomes.drop("remote_id", strict=False),
        untouched=story.untouched,
    )
    try:
        write(account)
    except OSError as problem:
        message = f"the report cannot be written: {problem.strerror}"
        raise LocalError(message, do="make room, then run again") from problem
    if good:
        keep_same(context)
    drop = story.good if good else None
    end = RunEnd(outcome, int(code), account.finished, drop, ledger)
    context.state.end_run(context.run, end)
    log.info("end", outcome=outcome, exit_code=int(code))
    return Result(account, folder, story.plan, error, write)


def _account(
    context: Context,
    code: ExitCode,
    outcome: str,
    error: RosterSyncError | None,
    news: News,
) -> Account:
    story, plan = context.story, context.story.plan
    zone = context.config.timezone
    return Account(
        run=context.run,
        target=context.table.name,
        kind=context.table.kind,
        outcome=outcome,
        exit_code=int(code),
        started=context.started.astimezone(zone),
        finished=now().astimezone(zone),
        drop={name: story.drop.get(name) for name in ("name", "sha256", "mode")},
        entities=story.entities,
        tally=tally(story),
        guards=plan.guards if plan else (),
        findings=story.findings,
        known=known_count(story.findings),
        new_findings=news.findings,
        failures=news.failures,
        new_failures=news.new_failures,
        requests=story.requests,
        stages=tuple(story.stages),
        notes=tuple(dict.fromkeys(story.notes)),
        differs=story.differs,
        proposals=story.proposals,
        accepted=0 if story.forgets else story.renames.height,
        confirm=_confirm(context),
        drift=_skipped(story),
        converged=story.converged,
        approved=story.approved,
        plan=None
        if plan is None
        else {
            "path": story.plan_path,
            "id": plan.id,
            "valid_until": plan.valid_until,
            "held": plan.held and story.approved is None,
        },
        digest=plan.digest if plan else None,
        advice=error.line() if error else None,
        command=context.command,
        anywhere=context.anywhere,
        timeline=tuple(story.timeline),
        undoes=story.undoes,
        left=_left(story),
    )


def _confirm(context: Context) -> str | None:
    """The command that accepts what is left in this run's sheet of renames."""
    story = context.story
    if story.invocation is None or not story.proposals["clear"].any():
        return None
    path = context.folder.runs / context.run / RENAMES
    return f"{story.invocation} --accept-renames {shlex.quote(str(path))}"


def _skipped(story: Story) -> pl.DataFrame:
    """What has changed of the records that were left alone for it."""
    skipped = story.outcomes.filter(state=State.SKIPPED.value)
    return story.drift.join(skipped, left_on="id", right_on="operation", how="semi")


def _ledger(context: Context, *, moves: bool) -> LedgerView | None:
    """The ledger from now on; null where it stays as it is.

    A run that was not good moves nothing but this: what it created is ours, and so is
    what it sent to be created without hearing an answer.
    """
    story = context.story
    succession = story.succession
    if succession is None:
        return None
    # What somebody confirmed of ids that changed holds when the run was good.
    said, before = context.state.ledger(), context.ledger()
    # What is in doubt may well be there, and then nobody else made it.
    counts = [State.DONE.value] if moves else [State.DONE.value, State.SENT.value]
    vain = without_effect(story.operations, story.outcomes, story.unlike).implode()
    called_done = pl.col("state").is_in(counts)
    done = story.outcomes.select(
        "operation",
        (called_done & ~pl.col("operation").is_in(vain)).alias("done"),
        _column(story.outcomes, "remote_id"),
    )
    following = settled(succession, done, before)
    if story.undoes is not None:  # which says nothing of other records
        following = beside(following, succession, before)
    if not moves:
        made = done.filter("done").join(
            succession.filter("created"), on="operation", how="semi"
        )
        ours = succession.join(made, on="operation", how="semi").select("entity", "key")
        fresh = following.join(ours, on=["entity", "key"], how="semi")
        before = said
        kept = said.records.join(fresh, on=["entity", "key"], how="anti")
        following = pl.concat([kept, fresh]).sort("entity", "key")
    # No effect is no other way to say the same.
    people = pl.col("entity").is_in([entity.value for entity in PEOPLE])
    begun = story.operations.filter(verb="reactivate").filter(~people)["id"].implode()
    unlike = story.unlike.filter(
        ~pl.col("id").is_in(vain),
        (pl.col("field") != "status") | ~pl.col("id").is_in(begun),
    )
    next_one = LedgerView(
        following.select(LEDGER_SCHEMA.names()), _pairs(context, before, unlike)
    )
    if moves and story.forgets:
        return renamed(next_one, taken_back(story.renames))
    return next_one


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    found = pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)
    return found.alias(name)


def _pairs(context: Context, before: LedgerView, unlike: pl.DataFrame) -> pl.DataFrame:
    """What was sent and what was read back after it, where the two differ."""
    operations = context.story.operations
    written = operations.select("entity", "key").join(
        before.pairs.select("entity", "key").unique(), on=["entity", "key"], how="semi"
    )
    kept = before.pairs.join(written, on=["entity", "key"], how="anti")
    rows = [
        {
            "entity": entity,
            "key": key,
            "field": name,
            "sent": digest(sent),
            "read": digest(read),
        }
        for entity, key, name, sent, read in unlike.select(
            "entity", "key", "field", "sent", "read"
        ).iter_rows()
        if read != "missing"
    ]
    fresh = pl.DataFrame(rows, schema=PAIRS_SCHEMA)
    return pl.concat([kept, fresh]).sort("entity", "key", "field")


def good_drop(context: Context, roster: Roster) -> GoodDrop:
    """This run's drop, as the base of what later ones are compared with.

    A file that may have been cut off is none: an earlier one goes on to be it.
    """
    drop = context.story.drop
    return GoodDrop(
        name=drop.get("name") or "",
        sha256=drop.get("sha256") or "",
        source=context.source,
        newest=context.story.newest,
        rows={
            entity: counts.read
            for entity, counts in roster.counts.items()
            if roster.modes.get(entity) is Mode.BULK
            and entity not in context.story.cut_off
        },
    )
