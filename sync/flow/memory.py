"""What the memory of a target says of a drop: the same again, or an older one.

In: the drop that was taken in and the good drops of its source. Out: findings; one of
them refuses a drop whose name bears an earlier date than the last good one's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import polars as pl

from sync.flow.context import Context
from sync.flow.cutoff import Ends, cut_off, cut_off_findings, ends, lost_line_ends
from sync.flow.intake import Intake
from sync.flow.known import KnownIntake
from sync.model.entities import Mode
from sync.model.finding import Finding, Findings, Severity
from sync.model.roster import Drop, DropKind
from sync.state import GoodDrop, write_atomic

_DATE = re.compile(
    r"(?<!\d)(\d{4})(-?)(\d{2})\2(\d{2})(?=(?:\d{4}|\d{6})?(?!\d))", re.ASCII
)
"""A day, also where a time of four or six digits follows at once."""
_YEARS = range(1990, 2100)
"""Of dates in names: other runs of eight digits are numbers of something else."""

MODIFIED = "datelastmodified"
_INSTANT = (
    r"^\s*(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2})(?::(\d{2}(?:[.,]\d{1,9})?))?\s*(Z|z|[+-]\d{2}:?\d{2})?)?\s*$"
)


def judge_age(context: Context, intake: Intake, *, again: bool) -> Findings:
    """The findings on a drop that came before, in part or altogether.

    ``again``: whoever runs it knows that it is older.
    """
    keep_columns(context, intake)
    last = context.state.last_good(context.source)
    if last is None or intake.refused:
        return Findings.none()
    found = [*_findings(context, intake.drop, last, again=again)]
    if not isinstance(intake, KnownIntake):  # which has all that the last one had
        found += _vanished(context, intake, last, again=again)
    return Findings.of(found)


COLUMNS = "columns.json"
"""In the folder of each run: the layout of its drop, the headers that decide, and what
its files end with."""


def keep_columns(context: Context, intake: Intake) -> None:
    """Write them for later runs."""
    path = context.folder.run_folder(context.run) / COLUMNS
    if isinstance(intake, KnownIntake):
        with suppress(OSError):
            write_atomic(
                path, (context.folder.runs / intake.run / COLUMNS).read_bytes()
            )
        return
    layout = intake.mapped.layout if intake.mapped is not None else None
    facts = {"layout": layout, "columns": dict(intake.columns), "ends": ends(intake)}
    said = json.dumps(facts)
    write_atomic(path, said.encode())


def _vanished(
    context: Context, intake: Intake, last: GoodDrop, *, again: bool
) -> Iterator[Finding]:
    """Files and columns that the last good drop had, which change what is read."""
    try:
        kept = json.loads((context.folder.runs / last.run / COLUMNS).read_bytes())
    except (OSError, ValueError):  # a run that is forgotten, or of an older program
        return
    if intake.mapped is None or kept["layout"] != intake.mapped.layout:
        return
    whole = {table.mode for table in intake.mapped.tables.values()} == {Mode.BULK}
    for files, headers in kept["columns"].items():
        if files not in intake.columns:
            if whole and intake.drop.kind is not DropKind.CSV:
                yield from _missing_files(context, files, intake)
            continue
        for header in sorted({*headers} - {*intake.columns[files]}):
            yield _lost(files, header, again=again)
    yield from _shortened(context, intake, kept.get("ends", {}), again=again)


def _shortened(
    context: Context, intake: Intake, before: Ends, *, again: bool
) -> Iterator[Finding]:
    """Files that may have lost their end."""
    yield from lost_line_ends(intake, before, again=again)
    policies = context.rules().policies
    found = cut_off(intake, before)
    context.story.cut_off = frozenset(e for e in found if policies[e] != "keep")
    yield from cut_off_findings(context.story.cut_off)


def _missing_files(context: Context, files: str, intake: Intake) -> Iterator[Finding]:
    """One of several files of an entity; one that is all of it is said by entity."""
    if intake.mapped is None:
        return
    partial = [e.value for e, table in intake.mapped.tables.items() if table.partial]
    if partial:
        context.story.missing_files = (*context.story.missing_files, files)
        yield Finding(
            "RS402",
            Severity.WARNING,
            f"the drop has no {files}; the last good drop had",
            hint=f"nothing of {', '.join(partial)} was removed; deliver the file again",
        )


def _lost(files: str, header: str, *, again: bool) -> Finding:
    what = f'{files} had a column "{header}" in the last good drop, and has none now'
    if again:
        return Finding("RS411", Severity.WARNING, f"{what}; --again let it through")
    return Finding(
        "RS411",
        Severity.REFUSED,
        f"{what}: without it other cells would be read otherwise",
        hint="deliver it with the column, or let it through with --again",
    )


def _findings(
    context: Context, drop: Drop, last: GoodDrop, *, again: bool
) -> Iterator[Finding]:
    dated, before = date_in(drop.name), date_in(last.name)
    if dated is not None and before is not None and dated < before:
        yield _older(dated, last, again=again)
    if drop.sha256 == last.sha256:
        yield Finding(
            "RS406",
            Severity.NOTE,
            "this drop is byte for byte the last good one",
            hint="nothing, if nothing has changed; otherwise see whether the export "
            "has run",
        )
        return
    earlier = context.state.good_before(drop.sha256, context.source)
    if earlier is not None:
        yield Finding(
            "RS407",
            Severity.WARNING,
            f"this drop is byte for byte that of {_day(context, earlier)} "
            f"({earlier.name}); a newer one was carried out since",
            hint="see whether an old delivery was sent again",
        )
    now = newest(drop)
    if now is not None and last.newest is not None and now < last.newest:
        yield Finding(
            "RS408",
            Severity.WARNING,
            f"the newest dateLastModified of this drop is {now}, that of the last "
            f"good one was {last.newest}",
            hint="see whether an old export was sent",
        )


def _older(dated: date, last: GoodDrop, *, again: bool) -> Finding:
    what = f"the drop is of {dated}, the last good one ({last.name}) was newer"
    if again:
        return Finding("RS405", Severity.WARNING, f"{what}; --again let it through")
    return Finding(
        "RS405",
        Severity.REFUSED,
        f"{what}: carrying it out would take back what has changed since",
        hint="deliver the newest drop, or let this one through with --again",
    )


def _day(context: Context, good: GoodDrop) -> str:
    if good.finished is None:
        return "an earlier night"
    return good.finished.astimezone(context.config.timezone).date().isoformat()


def date_in(name: str) -> date | None:
    """The last date (``YYYY-MM-DD`` or ``YYYYMMDD``) that a name carries."""
    found = None
    for year, _, month, day in _DATE.findall(name):
        if int(year) in _YEARS:
            try:
                found = date(int(year), int(month), int(day))
            except ValueError:  # digits that are no day of any calendar
                continue
    return found


def newest(drop: Drop) -> str | None:
    """The newest dateLastModified of all files, in UTC, such as
    ``2026-09-14T02:00:00.000``; null where no file says any."""
    said = [
        table.frame.select(_instant(pl.col(name)).max()).item()
        for table in drop.tables.values()
        for name in table.headers
        if name.casefold() == MODIFIED and not table.frame.is_empty()
    ]
    return max((one for one in said if one is not None), default=None)


def _instant(column: pl.Expr) -> pl.Expr:
    """An ISO date, with or without a time, as text that sorts by time; else null."""
    parts = column.str.extract_groups(_INSTANT)
    part = parts.struct.field
    seconds = part("3").fill_null("00").str.replace(",", ".", literal=True)
    text = pl.concat_str(
        part("1"), pl.lit("T"), part("2").fill_null("00:00"), pl.lit(":"), seconds
    )
    local = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    zone = part("4").str.replace(":", "", literal=True)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    hours = zone.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = zone.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    ahead = pl.duration(minutes=sign * (hours * 60 + minutes))
    return (local - ahead).dt.strftime("%Y-%m-%dT%H:%M:%S%.3f")
