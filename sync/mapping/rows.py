"""What one file gives to one table of the mapping: its rows, with their columns made.

In: a match. Out: a part of a canonical table, and the rows of it that cannot be made:
a cell that is not translated, a joined file that says different things, a slip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from sync.mapping.codes import AMBIGUOUS_JOIN
from sync.mapping.columns import Plan
from sync.mapping.joining import AMBIGUOUS, Beside, only, root, with_joined
from sync.mapping.match import Match
from sync.mapping.slips import Slips, slip_findings, slips, with_slips
from sync.mapping.steps import explodes, filled, finish, source
from sync.mapping.translate import untranslated_rows
from sync.model.entities import SATELLITES
from sync.model.finding import FINDING_SCHEMA, Findings
from sync.model.roster import FILE, ROW

ODD = "_odd"
"""Whether a row is rejected here, so that it is never one with a good one."""

_ORIGIN = "_origin"


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one match: canonical columns, ``_file``, ``_row`` and, in tables
    whose equal rows are one, ``_odd``."""

    match: Match
    frame: pl.DataFrame

    @property
    def file(self) -> str:
        """The file whose rows they are."""
        return self.match.raw.file

    @property
    def files(self) -> frozenset[str]:
        """The other files of which its rows have cells."""
        return frozenset(file for one in self.match.joined for file in one.files)


def part(match: Match, several: Sequence[Match]) -> tuple[Part, Findings]:
    """What the file gives; ``several`` are the matches of all tables of the file."""
    columns = match.plan.columns
    slipped = slips(match, several)
    rows = _selected(match, slipped)
    cells = rows.select(
        *(source(steps, names).alias(name) for name, (steps, names) in columns.items()),
        pl.lit(match.raw.file).alias(FILE),
        ROW,
    )
    if any(explodes(steps) for steps, _ in columns.values()):
        cells = _exploded(cells.with_row_index(_ORIGIN), match.plan)
        rows = rows[cells[_ORIGIN]]
    made = cells.select(
        *(
            finish(pl.col(name), steps).alias(name)
            for name, (steps, _) in columns.items()
        ),
        FILE,
        ROW,
    )
    said = _said(match, rows, cells, slipped)
    if match.table.combine is not None:
        lines = said.frame["line"].unique()
        made = made.with_columns(pl.col(ROW).is_in(lines.implode()).alias(ODD))
    return Part(match, made), said


def _selected(match: Match, slipped: Sequence[Slips]) -> pl.DataFrame:
    """The rows that every condition lets through, with what is joined to them."""
    where = with_slips(match.plan, slipped)
    frame = only(match.raw.frame, match.joined, where, keep=True)
    frame = only(frame, match.joined, match.plan.unless, keep=False)
    wanted = match.plan.headers | set(match.plan.filled)
    frame = with_joined(frame, match.joined, wanted)
    if not match.plan.filled:
        return frame
    return frame.filter(filled(name).is_not_null() for name in match.plan.filled)


def _exploded(cells: pl.DataFrame, match: Plan) -> pl.DataFrame:
    """One row for each item of the split columns, with ``_origin``.

    The first of them says how many there are; the others go side by side with it.
    """
    split = {n: s.split for n, (s, _) in match.columns.items() if explodes(s)}
    driver, *others = split
    listed = cells.filter(pl.col(driver).is_not_null()).with_columns(
        pl.col(name).fill_null("").str.split(separator or "")
        for name, separator in split.items()
    )
    places = pl.int_ranges(pl.col(driver).list.len().cast(pl.Int64))
    listed = listed.with_columns(
        pl.col(name).list.gather(places, null_on_oob=True) for name in others
    )
    items = listed.explode([driver, *others])
    return items.with_columns(
        pl.col(name).str.strip_chars().replace("", None) for name in split
    ).filter(pl.col(driver).is_not_null())


def _said(
    match: Match, rows: pl.DataFrame, cells: pl.DataFrame, slipped: Sequence[Slips]
) -> Findings:
    """What rejects rows: each finding names the file's own header."""
    file, entity = match.raw.file, match.table.entity
    named = None if entity in SATELLITES else entity.value
    slips_said = slip_findings(file, named, rows, slipped)
    untold = untranslated_rows(match, rows, cells).frame.join(
        slips_said.frame, on=["line", "column"], how="anti"
    )
    said = Findings.from_frames([untold]) + _ambiguous(match, named, rows)
    return said + slips_said


def _ambiguous(match: Match, entity: str | None, rows: pl.DataFrame) -> Findings:
    """The rows for which a joined file says different things."""
    bad = rows.filter(pl.col(AMBIGUOUS).is_not_null())
    if bad.is_empty():
        return Findings.none()
    joined = {one.name: one for one in match.joined}
    parts = bad.unique(ROW, keep="first", maintain_order=True).partition_by(
        AMBIGUOUS, as_dict=True
    )
    return Findings.from_frames(
        [
            _several(match, entity, part, joined[str(name)])
            for (name,), part in parts.items()
        ]
    )


def _several(
    match: Match, entity: str | None, rows: pl.DataFrame, one: Beside
) -> pl.DataFrame:
    column = root(one, match.joined)
    message = f"{', '.join(one.files)} has several different rows for this one"
    code = AMBIGUOUS_JOIN
    return rows.select(
        pl.lit(code.code).alias("code"),
        pl.lit(code.severity.value).alias("severity"),
        pl.lit(entity, pl.String).alias("entity"),
        pl.lit(match.raw.file).alias("file"),
        pl.col(ROW).cast(FINDING_SCHEMA["line"]).alias("line"),
        pl.lit(column).alias("column"),
        pl.col(column).alias("value"),
        pl.lit(message).alias("message"),
        pl.lit(code.remedy).alias("hint"),
    )
