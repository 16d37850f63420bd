"""``samples``: a believable district and its nights, as CSV files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sync.cli.session import Session
from sync.errors import ExitCode, LocalError
from sync.samples import make_samples


@dataclass(frozen=True, slots=True)
class Wanted:
    """What ``samples`` was asked for."""

    students: int
    seed: int
    nights: int
    messy: bool


def samples(session: Session, out: Path, wanted: Wanted) -> ExitCode:
    """Write them; same arguments, same bytes."""
    count = wanted.students
    with session.console.stage("samples", count, "students") as step:
        try:
            make_samples(out, count, wanted.seed, wanted.nights, wanted.messy)
        except OSError as error:
            message = f"{out} cannot be written: {error.strerror}"
            raise LocalError(message, do="choose another place with --out") from None
        step.advance(count)
    folders = sorted(one.name for one in out.iterdir() if one.is_dir())
    session.console.document({"format": 1, "out": str(out), "folders": folders})
    session.console.result(*(f"{out / name}" for name in folders))
    return ExitCode.DONE
