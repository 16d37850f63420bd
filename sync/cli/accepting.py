"""``accept-findings``: rows that somebody knows to be bad, until a date."""

from __future__ import annotations

from datetime import date, datetime

from sync.cli.session import Session
from sync.config import Config
from sync.errors import ExitCode, UsageError
from sync.flow import accept, find_run
from sync.model.counted import number
from sync.report import finding_lines

SHOWN = 10
"""Kinds of findings that are named."""


def accept_findings(session: Session, run: str, until: str) -> ExitCode:
    """Accept what rejected rows in that run, and say which."""
    config = session.config()
    found = find_run(config, run)
    day = _day(until, config)
    accepted = accept(config, found.target, found.record.run, day)
    count, console = len(accepted.findings), session.console
    console.document(
        {
            "format": 1,
            "run": run,
            "target": found.target,
            "until": day.isoformat(),
            "accepted": count,
            "not_accepted": accepted.others,
        }
    )
    which = "finding is known" if count == 1 else "findings are known"
    console.result(f"{count:,} {which} until {day}:")
    console.result(*finding_lines(accepted.findings, SHOWN, reveal=False))
    if accepted.others:
        others = number(accepted.others, "finding names", "findings name")
        console.result(f"{others} no record that could be known again: not accepted")
    console.result(
        "Their rows stay rejected and their records as they are. Where nothing else is"
        " wrong, a run ends with 0."
    )
    return ExitCode.DONE


def _day(text: str, config: Config) -> date:
    """Raises ``UsageError`` for what is no day, or is over."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        message = f'--until "{text}" is not a day'
        raise UsageError(message, do="write it as 2026-12-31") from None
    if day < datetime.now(config.timezone).date():
        message = f"--until {day} is over"
        raise UsageError(message, do="name a day to come, or today to take it back")
    return day
