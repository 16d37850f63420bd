"""``apply`` and ``resume``: a plan carried out, or carried on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from sync.cli.session import Session, deadline, duration
from sync.cli.telling import told, told_error
from sync.config import Config
from sync.errors import ExitCode, RosterSyncError, TargetError, UsageError
from sync.flow import Manner, Result, carry_out
from sync.flow import resume as go_on
from sync.report import document, summary
from sync.state import RunRecord, StateFolder, TargetState

UNFINISHED = (int(ExitCode.TARGET_FAILED), int(ExitCode.INTERRUPTED))


def apply(
    session: Session,
    plan: Path,
    approve: str | None,
    wait: str | None,
    until: str | None,
) -> ExitCode:
    """Carry out a plan that was made before."""
    config = session.config()
    manner = _manner(session, config, wait, until)
    return _ended(
        session, config, None, lambda: carry_out(config, plan, approve, manner)
    )


def resume(
    session: Session, run: str | None, wait: str | None, until: str | None
) -> ExitCode:
    """Finish the run named, or the last one that is open."""
    config = session.config()
    found = list(_open_runs(config))
    if run is not None:
        chosen = [one for one in found if one[1].run == run]
        if not chosen:
            _known(config, run)
    else:
        chosen = found[-1:]
    if not chosen:
        return _nothing_open(session, config)
    name, record = chosen[0]
    manner = _manner(session, config, wait, until)
    return _ended(session, config, name, lambda: go_on(config, record, name, manner))


def _manner(
    session: Session, config: Config, wait: str | None, until: str | None
) -> Manner:
    return Manner(
        show=session.console,
        wait=duration(wait, "--wait"),
        deadline=deadline(until, config),
        on_wire=session.on_wire,
    )


def _ended(
    session: Session,
    config: Config,
    name: str | None,
    work: Callable[[], Awaitable[Result]],
) -> ExitCode:
    """Run to the end, and tell everybody of it; ``name`` of the target, if known."""
    try:
        result = session.run(work)
    except RosterSyncError as error:
        target = name or error.target
        if target is not None:
            told_error(session, config, target, error)
        raise
    result = told(session, config, result)
    session.console.document(document(result.account))
    session.console.result(*summary(result.account))
    session.ended(result.folder)
    if result.error is not None:
        session.console.fail(result.error)
    return result.exit_code


def _states(config: Config) -> Iterator[tuple[str, TargetState]]:
    folder = StateFolder(config.state_dir)
    for name in config.targets:
        with TargetState.open(folder, name) as state:
            yield name, state


def _open_runs(config: Config) -> Iterator[tuple[str, RunRecord]]:
    """Runs whose process died, and the one of a target that wrote last if it was
    stopped and no good one has come after it."""
    found = []
    for name, state in _states(config):
        found += [(name, record) for record in state.open_runs()]
        last = state.stopped()
        if last is not None:
            found.append((name, last))
    yield from sorted(found, key=lambda one: one[1].started)


def _unfinished(state: TargetState) -> bool:
    """Whether a run that failed or was stopped has had no good one after it."""
    for exit_code, good in state.runs().select("exit_code", "good").iter_rows():
        if good:
            return False
        if exit_code in UNFINISHED:
            return True
    return False


def _known(config: Config, run: str) -> None:
    """Raises ``UsageError`` for a run that no target has."""
    for _, state in _states(config):
        if state.find_run(run) is not None:
            return
    message = f"there is no run {run}"
    raise UsageError(message, do="roster-sync runs names them")


def _nothing_open(session: Session, config: Config) -> ExitCode:
    for name, state in _states(config):
        if _unfinished(state):
            message = f"nothing is open, but the last night of {name} did not finish"
            session.console.fail(TargetError(message, do="run again"))
            return ExitCode.TARGET_FAILED
    session.console.message("nothing is open: there is no interrupted run to finish")
    return ExitCode.DONE
