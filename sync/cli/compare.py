"""``compare``: what changed from one drop to the next, without a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sync.cli.session import Session
from sync.compare import Comparison, Shown, compare, document, lines, sheet
from sync.errors import ExitCode, LocalError, RefusedError, RosterSyncError
from sync.report import write_sheet


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``compare`` was asked for."""

    before: Path
    after: Path
    mapping: str | None = None
    out: Path | None = None
    limit: int = 10
    reveal: bool = False
    changes_code: bool = False


def run(session: Session, asked: Asked) -> ExitCode:
    """Compare the drops, print what differs, and write it where that was asked for."""
    with session.console.stage("compare"):
        found = compare(asked.before, asked.after, asked.mapping)
    if asked.out is not None:
        _write(found, asked.out)
    code = _code(found, changes=asked.changes_code)
    shown = Shown(asked.limit, asked.reveal)
    session.console.document(document(found, shown, code))
    session.console.result(*lines(found, shown))
    if asked.out is not None:
        session.console.message(f"written: {asked.out}")
    if code is ExitCode.REFUSED:
        session.console.fail(_refusal(found))
    return code


def _code(found: Comparison, *, changes: bool) -> ExitCode:
    if found.refused.refuses:
        return ExitCode.REFUSED
    differs = any(one.differs for one in found.files)
    return ExitCode.CHANGES if changes and differs else ExitCode.DONE


def _write(found: Comparison, out: Path) -> None:
    try:
        write_sheet(sheet(found), out)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}"
        raise LocalError(message, do="choose another place with --out") from None


def _refusal(found: Comparison) -> RosterSyncError:
    """The first file that could not be compared, and how many more there are."""
    refusing = found.refused.frame.filter(severity="refused")
    first = refusing.row(0, named=True)
    place = ":".join(str(first[n]) for n in ("file", "line") if first[n] is not None)
    others = refusing["file"].n_unique() - 1
    also = f" (and {others} more files)" if others else ""
    return RefusedError(
        f"not compared: {place}: {first['message']}{also}", do=first["hint"]
    )
