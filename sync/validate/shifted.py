"""Rows whose cells have moved by one column: several findings, one mistake.

In: the findings of a drop as people read them, and the mapped drop. Out: the same
findings; where at least two bad cells of a row are right for the column beside their
own, and on the same side, the hints say so instead of speaking of each cell. Nothing
is read in another way for it: the row stays rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from sync.model.entities import ENTITIES, Entity, Kind
from sync.model.finding import Findings
from sync.model.normalise import NORMALISERS
from sync.model.roster import ROW, Mapped

ENOUGH = 2
"""Bad cells of a row that are right one column further."""
TELLING = frozenset(
    {
        *(Kind.STATUS, Kind.BOOLEAN, Kind.DATE, Kind.GRADES, Kind.EMAIL, Kind.PHONE),
        *(Kind.USER_ROLE, Kind.ENROLLMENT_ROLE, Kind.ROLE_TYPE),
        *(Kind.ORG_TYPE, Kind.CLASS_TYPE, Kind.SESSION_TYPE),
    }
)
"""Kinds of cells that few texts fit."""
OF_A_CELL = r"^RS10[1-7]$|^RS11[0-8]$|^RS12[0-4]$|^RS25[0-5]$"

_ALIEN = "_alien"
_HINTS = {
    1: "the cells of this row stand one column too far right: look for a comma"
    " that is not in quotes before this cell",
    -1: "the cells of this row stand one column too far left: look for a cell"
    " that is missing before this one",
}


def hinted(findings: Findings, mapped: Mapped) -> Findings:
    """The findings, those of rows that have moved with a hint that says so."""
    cells = findings.frame.filter(
        pl.col("code").str.contains(OF_A_CELL),
        pl.col("line").is_not_null(),
        pl.col("column").is_not_null(),
    )
    several = cells.filter(pl.struct("file", "line").is_duplicated())
    if several.is_empty():
        return findings
    moved = [
        found
        for (file,), part in several.partition_by("file", as_dict=True).items()
        for found in _of_file(str(file), part, mapped)
    ]
    if not moved:
        return findings
    hints = pl.concat(moved).unique(["file", "line"], keep="first", maintain_order=True)
    told = findings.frame.join(
        hints, on=["file", "line"], how="left", maintain_order="left"
    )
    is_cell = pl.col("code").str.contains(OF_A_CELL)
    both = pl.concat_str(["moved", "hint"], separator="; or else: ")
    hint = pl.coalesce(pl.when(is_cell).then(both), "hint")
    return Findings(told.with_columns(hint.alias("hint")).drop("moved"))


def _of_file(file: str, part: pl.DataFrame, mapped: Mapped) -> Iterator[pl.DataFrame]:
    """``file``, ``line`` and ``moved`` of the rows of a file that have moved."""
    raw = mapped.drop.tables.get(file)
    if raw is None:
        return
    names = list(raw.headers)
    kinds = _kinds(file, mapped)
    bad = part.group_by("line").agg(pl.col("column").unique().alias(_ALIEN))
    rows = raw.frame.with_columns(pl.col(ROW).cast(pl.UInt32)).join(
        bad, left_on=ROW, right_on="line", how="inner", maintain_order="left"
    )
    for step, hint in _HINTS.items():
        fits = [
            _fits(names[place], kinds[names[place - step]])
            for place in range(len(names))
            if 0 <= place - step < len(names) and names[place - step] in kinds
        ]
        if len(fits) < ENOUGH:
            continue
        yield rows.filter(pl.sum_horizontal(fits) >= ENOUGH).select(
            pl.lit(file).alias("file"),
            pl.col(ROW).alias("line"),
            pl.lit(hint).alias("moved"),
        )


def _kinds(file: str, mapped: Mapped) -> Mapping[str, Kind]:
    """By header: what its cells must be, where few texts are."""
    return {
        header: kind
        for entity, table in mapped.tables.items()
        for canonical, header in table.headers.get(file, {}).items()
        if (kind := _kind(entity, canonical)) in TELLING
    }


def _kind(entity: Entity, canonical: str) -> Kind:
    return ENTITIES[entity].column(canonical).kind


def _fits(header: str, kind: Kind) -> pl.Expr:
    """Whether the cell is bad where it stands, and right for that kind."""
    alien = pl.col(_ALIEN).list.contains(pl.lit(header))
    return (alien & NORMALISERS[kind](pl.col(header)).is_not_null()).cast(pl.UInt32)
