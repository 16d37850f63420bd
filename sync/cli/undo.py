"""``undo``: the plan that takes a run back."""

from __future__ import annotations

from pathlib import Path

from sync.cli.night import copy_plan, print_result
from sync.cli.session import Session, duration
from sync.errors import ExitCode
from sync.flow import Manner, find_run
from sync.flow import undo as take_back
from sync.report import document


def undo(session: Session, run: str, out: Path | None, wait: str | None) -> ExitCode:
    """Make the plan that takes a run back, and show it."""
    config = session.config()
    found = find_run(config, run)
    changed = found.record.wrote or found.renamed
    if found.record.finished is not None and not changed:
        by = found.applied_by
        other = f"; its plan was carried out by {by}: undo that" if by else ""
        message = f"run {run} changed nothing: there is nothing to take back{other}"
        session.console.document({"format": 1, "exit_code": 0, "message": message})
        session.console.result(message)
        return ExitCode.DONE
    manner = Manner(
        show=session.console,
        wait=duration(wait, "--wait"),
        on_wire=session.on_wire,
    )
    result = session.run(lambda: take_back(config, found, manner))
    if out is not None:
        result = copy_plan(result, out)
    session.console.document(document(result.account))
    print_result(session, result, config.target(found.target), dry=True)
    return result.exit_code
