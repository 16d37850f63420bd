"""``check``: read and validate, no network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sync.cli.session import Session
from sync.errors import ExitCode, RosterSyncError
from sync.flow import How, Intake, refusal, take_in
from sync.report.check import document, lines


def check(
    session: Session, drop: Path, mapping: str | None, *, delta: bool, limit: int
) -> ExitCode:
    """Take the drop in and print what is wrong with it."""
    today = datetime.now().astimezone().date()
    with session.console.stage("check"):
        intake = take_in(drop, How(mapping=mapping, delta=delta), today)
    code = exit_code(intake)
    session.console.document(
        document(intake.mapped, intake.drop, intake.roster, intake.findings, code)
    )
    session.console.result(*lines(intake.findings, limit))
    if intake.roster is not None:
        session.console.result(*_counts(intake))
    if code is ExitCode.REFUSED:
        session.console.fail(refusal(intake, "mend it and check again"))
    elif intake.roster is not None and code is ExitCode.PARTIAL:
        rejected = sum(one.rejected for one in intake.roster.counts.values())
        session.console.fail(
            RosterSyncError(
                f"{rejected:,} rows are rejected and would not be carried out",
                do="mend the lines above and check again",
            )
        )
    return code


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
