"""``check``: read and validate, no network."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from sync.cli.session import Session
from sync.errors import ExitCode, RosterSyncError
from sync.flow import How, Intake, refusal, take_in
from sync.model.finding import Severity
from sync.report import Stage
from sync.report.check import document, lines, summary


def check(
    session: Session, drop: Path, mapping: str | None, *, delta: bool, limit: int
) -> ExitCode:
    """Take the drop in and print what is wrong with it."""
    today = datetime.now().astimezone().date()
    with session.console.stage("check"):
        intake = take_in(
            drop,
            How(mapping=mapping, delta=delta, whole=False),
            today,
            partial(_progress, session),
        )
    code = exit_code(intake)
    session.console.document(
        document(intake.mapped, intake.drop, intake.roster, intake.findings, code)
    )
    rows = {file: table.rows for file, table in intake.drop.tables.items()}
    session.console.result(
        *_layout(intake),
        *_hanging(lines(intake.findings, limit)),
        *_counts(intake),
        *_hanging(summary(intake.findings, rows)),
    )
    if code is ExitCode.REFUSED:
        session.console.fail(refusal(intake, "mend it and check again"))
    elif intake.roster is not None and code is ExitCode.PARTIAL:
        rejected = _rejected(intake)
        are = "row is" if rejected == 1 else "rows are"
        session.console.fail(
            RosterSyncError(
                f"{rejected:,} {are} rejected and would not be carried out",
                do="mend the lines above and check again",
            )
        )
    return code


def _layout(intake: Intake) -> Iterator[str]:
    """As what the drop was read."""
    if intake.mapped is not None:
        modes = {table.mode.value for table in intake.mapped.tables.values()}
        how = f", {' and '.join(sorted(modes))}" if modes else ""
        yield f"read as {intake.mapped.layout}{how}"


def _rejected(intake: Intake) -> int:
    """How many rows: those of files that count in no entity too."""
    found = intake.findings.of_severity(Severity.REJECTED)
    return found.select("file", "line").n_unique()


def _progress(session: Session, done: Stage) -> None:
    """One line for each step, where somebody watches or asked for it."""
    console = session.console
    say = console.message if sys.stderr.isatty() else console.detail
    say(f"check: {done.name} {done.count or 0:,} {done.unit} ({done.seconds:.1f} s)")


def _hanging(texts: Iterable[str]) -> Iterator[str]:
    """On a terminal, what does not fit goes on beneath its own beginning."""
    if not sys.stdout.isatty():
        yield from texts
        return
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    for text in texts:
        indent = " " * (len(text) - len(text.lstrip()) + _STEP)
        yield from textwrap.wrap(text, width, subsequent_indent=indent)


_NARROWEST, _STEP = 40, 2


def exit_code(intake: Intake) -> ExitCode:
    """3 for a refused drop, 1 where rows were rejected, else 0."""
    if intake.refused:
        return ExitCode.REFUSED
    return ExitCode.PARTIAL if intake.rejected else ExitCode.DONE


def _counts(intake: Intake) -> list[str]:
    roster = intake.roster
    if roster is None:
        return []
    return [
        f"{entity.value}: {rows.read:,} rows read, {rows.accepted:,} accepted, "
        f"{rows.merged:,} merged, {rows.rejected:,} rejected"
        for entity, rows in roster.counts.items()
    ]
