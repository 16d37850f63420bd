"""``convert``: one layout into another, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from sync import mapping as mappings
from sync.cli.session import Session
from sync.convert import (
    LeftOut,
    OutFile,
    Package,
    as_delivered,
    newest,
    parse_moment,
    prepare,
    sentences,
    unread,
    write,
)
from sync.convert import convert as converted
from sync.convert.unread import NOBODY
from sync.errors import ExitCode, RosterSyncError, UsageError
from sync.flow import How, Intake, refusal, take_in
from sync.model.entities import Mode
from sync.read.codes import SET_ASIDE, UNKNOWN_FILE

REJECTED = "they are rejected"
GONE = "rows that are left out of a bulk file are gone for whoever reads it"
NOT_READ = (SET_ASIDE, UNKNOWN_FILE)
"""Findings on files of the drop that nothing reads."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``convert`` was asked for."""

    drop: Path
    to: str
    out: Path
    mapping: str | None = None
    at: str | None = None
    delta: bool = False
    zipped: bool = False


def convert(session: Session, asked: Asked) -> ExitCode:
    """Take the drop in and write its good rows in the other layout."""
    moment = _moment(asked.at)
    out = prepare(asked.out, asked.drop)
    today = datetime.now().astimezone().date()
    with session.console.stage("convert"):
        intake = take_in(asked.drop, How(asked.mapping, asked.delta), today)
        if intake.roster is None or intake.mapped is None or intake.refused:
            return _refused(session, intake)
        package = converted(
            as_delivered(intake.roster, intake.mapped),
            asked.to,
            moment or newest(intake.drop),
        )
        written = write(package, out, zipped=asked.zipped)
    place = asked.out / written[0].name if asked.zipped else asked.out
    partial = intake.rejected or package.lacks_rows
    code = ExitCode.PARTIAL if partial else ExitCode.DONE
    package = _completed(package, intake, asked.mapping)
    _tell(session, package, place, code)
    if code is ExitCode.PARTIAL:
        _advise(session, asked.drop, package)
    return code


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError:
        message = f'--at "{text}" is no time'
        raise UsageError(message, do="write it as 2026-08-31T02:00:00Z") from None


def _refused(session: Session, intake: Intake) -> ExitCode:
    session.console.document(_document(ExitCode.REFUSED))
    session.console.fail(refusal(intake, "mend it and convert again"))
    return ExitCode.REFUSED


def _completed(package: Package, intake: Intake, mapping: str | None) -> Package:
    """The package with what was left out before there was a roster."""
    if intake.mapped is None:
        return package
    layout = mappings.load(mapping or intake.mapped.layout)
    unused = {name.lower() for table in layout.tables for name in table.unused}
    files = [
        f"{row['file']} is not in it: {row['message']}"
        for row in intake.findings.frame.filter(
            pl.col("code").is_in([one.code for one in NOT_READ])
        ).iter_rows(named=True)
    ]
    rejected = list(_rejected(intake))
    left = (*rejected, *unread(intake.mapped, unused), *package.left_out)
    is_bulk = any(one.mode is Mode.BULK for one in package.files)
    gone = [GONE] if is_bulk and (rejected or package.lacks_rows) else []
    return replace(package, left_out=left, notes=(*gone, *files, *package.notes))


def _rejected(intake: Intake) -> Iterator[LeftOut]:
    """The rejected rows of each entity, as validation counts them."""
    for entity, rows in intake.roster.counts.items() if intake.roster else ():
        if rows.rejected:
            yield LeftOut(entity.value, None, rows.rejected, REJECTED)


def _tell(
    session: Session,
    package: Package,
    place: Path,
    code: ExitCode,
) -> None:
    """What was written where, and, beside it, what was not."""
    console = session.console
    console.document(_document(code, package, place))
    zipped = place.suffix == ".zip"
    if zipped:
        console.result(str(place))
    for one in package.files:
        path = f"  {one.name}" if zipped else str(place / one.name)
        mode = "" if one.mode is None else f": {_rows(one)} ({one.mode.value})"
        console.result(f"{path}{mode}")
    for lost in sentences(package.left_out):
        console.message(f"left out: {lost}")
    for said in package.notes:
        console.message(f"note: {said}")


def _rows(one: OutFile) -> str:
    count = one.frame.height
    return f"{count:,} row{'' if count == 1 else 's'}"


def _document(
    code: ExitCode,
    package: Package | None = None,
    place: Path | None = None,
) -> dict[str, object]:
    """The document of ``convert --json``; without a package the drop was refused."""
    files = package.files if package else ()
    return {
        "format": 1,
        "command": "convert",
        "exit_code": int(code),
        "out": None if place is None else str(place),
        "files": [
            {
                "file": one.name,
                "mode": None if one.mode is None else one.mode.value,
                "rows": one.frame.height,
            }
            for one in files
        ],
        "left_out": [asdict(one) for one in package.left_out] if package else [],
        "notes": list(package.notes) if package else [],
    }


def _advise(session: Session, drop: Path, package: Package) -> None:
    """The one line of a non-zero end."""
    left = [one for one in package.left_out if one.column is None and one.why != NOBODY]
    lost = sum(one.count for one in left)
    what = (
        f"{lost:,} rows are left out"
        if lost
        else "rows that were rejected are left out"
    )
    only_rejected = all(one.why == REJECTED for one in left)
    do = f"roster-sync check {drop} names each and what to mend"
    if not only_rejected:
        do = (
            f"the lines above say why; roster-sync check {drop} names the rejected ones"
        )
    session.console.fail(RosterSyncError(f"converted, but {what}", do=do))
