"""``plan`` and ``run``: a drop against one target or several."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from sync.cli.heap import hand_back_large_blocks
from sync.cli.session import Session, deadline, duration
from sync.cli.telling import told, told_error
from sync.config import Config, TargetConfig
from sync.disk import copy_private
from sync.errors import ExitCode, LocalError, RosterSyncError, UsageError, worst
from sync.flow import (
    Asked,
    Confirmed,
    How,
    Intake,
    Manner,
    Rejection,
    Result,
    how_read,
    incomplete,
    known_intake,
    nightly,
    read_confirmed,
    shelf_of,
    take_in,
    without_sentinel,
)
from sync.report import document, documents, preview, summary
from sync.shelf import shelving

PLAN = "plan.rsplan"


@dataclass(frozen=True, slots=True)
class Night:
    """What ``plan`` or ``run`` was asked for."""

    drop: Path
    targets: list[str]
    mapping: str | None = None
    source: str | None = None
    wait: str | None = None
    deadline: str | None = None
    delta: bool = False
    dry: bool = False
    again: bool = False
    accept_renames: Path | None = None
    confirmed: Confirmed | None = None
    """What stands in that file."""
    arrived: bool = False
    """It was seen to be complete: its sentinel need not be there any more."""
    on_run: Callable[[str, str], None] = lambda _target, _run: None
    """See ``Manner``."""

    @property
    def options(self) -> tuple[str, ...]:
        """Those that say how the drop is read, as they were given."""
        told = (("--mapping", self.mapping), ("--source", self.source))
        flags = (("--delta", self.delta), ("--again", self.again))
        return (
            *(word for name, value in told if value for word in (name, value)),
            *(name for name, given in flags if given),
        )


def night(
    session: Session,
    asked: Night,
    *,
    out: Path | None = None,
    changes_code: bool = False,
) -> ExitCode:
    """Run each target after the other; one's failure does not stop the next."""
    hand_back_large_blocks()
    if out is not None and len(set(asked.targets)) > 1:
        message = "--out takes the plan of one target"
        raise UsageError(message, do="name one --target, or leave --out away")
    if asked.accept_renames is not None:
        if len(set(asked.targets)) > 1:
            message = "--accept-renames takes what was proposed for one target"
            raise UsageError(message, do="name one --target")
        asked = replace(asked, confirmed=read_confirmed(asked.accept_renames))
    results = night_results(session, asked, out)
    codes = [
        ExitCode(one.exit_code)
        if isinstance(one, RosterSyncError)
        else _code(one, changes_code=changes_code)
        for one in results
    ]
    accounts = [one.account for one in results if isinstance(one, Result)]
    if len(set(asked.targets)) > 1:
        session.console.document(documents(int(worst(codes)), accounts))
    elif accounts:
        session.console.document(document(accounts[0]))
    return worst(codes)


def night_results(
    session: Session, asked: Night, out: Path | None = None
) -> list[Result | RosterSyncError]:
    """Per target how its run ended, or why there was none; printed as they come."""
    config = session.config()
    with shelving(shelf_of(config, asked.drop)):
        return _night_results(session, config, asked, out)


def _night_results(
    session: Session, config: Config, asked: Night, out: Path | None
) -> list[Result | RosterSyncError]:
    tables = [config.target(name) for name in dict.fromkeys(asked.targets)]
    manner = _manner(session, config, asked)
    several = len(tables) > 1
    taken: dict[How, Intake] = {}
    results: list[Result | RosterSyncError] = []
    for table in tables:
        try:
            intake = _intake(session, config, table, asked, taken)
            mine = replace(manner, how=how_read(config, table, _how(table, asked)))
            work = partial(nightly, config, table.name, intake, mine, dry=asked.dry)
            result = session.run(work)
        except RosterSyncError as error:
            _fail(session, error, table, several=several)
            if not asked.dry:
                told_error(session, config, table.name, error)
            results.append(error)
            continue
        except Exception as error:
            if not asked.dry:
                told_error(session, config, table.name, error)
            raise
        if not asked.dry:
            result = told(session, config, result)
        if out is not None:
            result = copy_plan(result, out)
        results.append(result)
        print_result(session, result, table, dry=asked.dry, several=several)
        # A signal that came while people were told ends the targets after this one.
        if session.stopped and result.exit_code is ExitCode.INTERRUPTED:
            break
    return results


def _manner(session: Session, config: Config, asked: Night) -> Manner:
    """Judged before the drop is read; one deadline for all targets."""
    return Manner(
        show=session.console,
        source=asked.source,
        again=asked.again,
        wait=duration(asked.wait, "--wait"),
        deadline=deadline(asked.deadline, config),
        on_wire=session.on_wire,
        on_run=asked.on_run,
        confirmed=asked.confirmed,
        options=asked.options,
    )


def _intake(
    session: Session,
    config: Config,
    table: TargetConfig,
    asked: Night,
    taken: dict[How, Intake],
) -> Intake:
    """The drop as this target wants it: as far as it is known from an earlier night,
    or else read once, however many targets want it."""
    how = _how(table, asked)
    found = None if asked.arrived else incomplete(asked.drop, table.complete)
    if found is not None:
        return found

    def whole() -> Intake:
        intake = _taken_in(session, config, asked, how, taken)
        return without_sentinel(intake, table.complete)

    with session.signals():
        source = asked.source or table.source
        drop = Asked(config, table, asked.drop, how, source)
        known = None if how in taken else known_intake(drop, whole)
        return whole() if known is None else known


def _how(table: TargetConfig, asked: Night) -> How:
    rejected = table.guards.rejected
    return How(
        mapping=asked.mapping or table.mapping,
        delta=asked.delta,
        same_username=table.same_username,
        require=table.require,
        rejection=Rejection(rejected.percent, rejected.count, table.guards.floor),
    )


def _taken_in(
    session: Session,
    config: Config,
    asked: Night,
    how: How,
    taken: dict[How, Intake],
) -> Intake:
    if how not in taken:
        with session.console.stage("read and validate", unit="rows") as step:
            intake = take_in(asked.drop, how, datetime.now(config.timezone).date())
            step.advance(sum(one.rows for one in intake.drop.tables.values()))
        taken[how] = intake
    return taken[how]


def _code(result: Result, *, changes_code: bool) -> ExitCode:
    changes = result.account.total("operations", "planned") > 0
    done = result.exit_code is ExitCode.DONE
    return ExitCode.CHANGES if changes_code and changes and done else result.exit_code


def print_result(
    session: Session,
    result: Result,
    table: TargetConfig,
    *,
    dry: bool,
    several: bool = False,
) -> None:
    """Tell people how a run ended; ``dry``: what it would do as well; ``several``:
    which of the targets it is about."""
    console = session.console
    previewed = dry or result.exit_code is ExitCode.HELD
    if result.plan is not None and previewed:
        rate = table.limits.requests_per_second
        console.result(*preview(result.plan, result.account.findings, rate))
        plan = result.account.plan or {}
        console.result(f"plan: {plan.get('path') or result.folder / PLAN}")
    seen = previewed and result.plan is not None
    console.result(*summary(result.account, previewed=seen))
    session.ended(result.folder)
    if result.error is not None:
        _fail(session, result.error, table, several=several)


def _fail(
    session: Session, error: RosterSyncError, table: TargetConfig, *, several: bool
) -> None:
    """Its line; of several targets each line names its own."""
    line = error.line()
    session.console.advice(f"{table.name}: {line}" if several else line)


def copy_plan(result: Result, out: Path) -> Result:
    """The plan where it was asked for, private like the one in the run's folder; from
    now on it is spoken of by that name."""
    source = result.folder / PLAN
    if not source.exists():
        return result
    try:
        copy_private(source, out)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}"
        raise LocalError(message, do=f"the plan is {source}") from None
    return _renamed(result, str(source), shlex.quote(str(out)))


def _renamed(result: Result, path: str, out: str) -> Result:
    account, error = result.account, result.error
    if error is not None and error.do is not None:
        error.do = error.do.replace(path, out)
    plan = None if account.plan is None else {**account.plan, "path": out}
    return replace(result, account=replace(account, plan=plan), error=error)
