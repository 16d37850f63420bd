"""Rows that a condition leaves out for a cell that may be a slip.

A mapping takes students where a cell says "student"; a row that says "studnet" would
be left out without a word, and the child would look like one who left. Such rows are
taken, and rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from sync.mapping.codes import ODD_CONDITION
from sync.mapping.columns import Plan
from sync.mapping.match import Match
from sync.mapping.nearest import nearest
from sync.model.entities import PEOPLE
from sync.model.finding import FINDING_SCHEMA, Findings
from sync.model.roster import ROW

_LONG_ENOUGH = 4
"""Characters; shorter values are codes, in which one letter makes another code."""


@dataclass(frozen=True, slots=True)
class Slips:
    """Values of one header that are nearly one that the table looks for."""

    header: str
    nearly: dict[str, str]
    """Cell as it was read -> the value that it is like."""


def slips(match: Match, several: Sequence[Match]) -> list[Slips]:
    """What the conditions of one table nearly let through and no other table takes.

    ``several`` are all matches of the file; the values that their conditions name are
    known, and no slips.
    """
    frame, found = match.raw.frame, []
    same = [one.plan for one in several if _home(one) == _home(match)]
    for header, values in match.plan.where.items():
        if header not in frame.columns or any(header not in o.where for o in same):
            continue
        wanted = [
            v for one in same for v in one.where[header] if len(v) >= _LONG_ENOUGH
        ]
        known = {v.strip().casefold() for v in _known(header, several)}
        nearly = {
            cell: near
            for cell in frame[header].unique()
            if cell.strip().casefold() not in known
            and len(cell.strip()) >= _LONG_ENOUGH
            and not cell.strip().casefold().endswith(tuple(known))  # as in inactive
            and (near := nearest(cell, wanted)) in values
            and near is not None
        }
        if nearly:
            found.append(Slips(header, nearly))
    return found


def with_slips(plan: Plan, slipped: Sequence[Slips]) -> dict[str, list[str]]:
    """The conditions of a table with the slips let through as well."""
    where = dict(plan.where)
    for one in slipped:
        where[one.header] = [*where[one.header], *one.nearly]
    return where


def slip_findings(
    file: str, entity: str | None, rows: pl.DataFrame, slipped: Iterable[Slips]
) -> Findings:
    """One finding for each row that a slip let through."""
    return Findings.from_frames([_of(file, entity, rows, one) for one in slipped])


def _of(file: str, entity: str | None, rows: pl.DataFrame, one: Slips) -> pl.DataFrame:
    near = pl.col(one.header).replace_strict(one.nearly, return_dtype=pl.String)
    return rows.filter(pl.col(one.header).is_in(list(one.nearly))).select(
        pl.lit(ODD_CONDITION.code).alias("code"),
        pl.lit(ODD_CONDITION.severity.value).alias("severity"),
        pl.lit(entity, pl.String).alias("entity"),
        pl.lit(file).alias("file"),
        pl.col(ROW).cast(FINDING_SCHEMA["line"]).alias("line"),
        pl.lit(one.header).alias("column"),
        pl.col(one.header).alias("value"),
        pl.format(
            '"{}" is none of the values that the mapping takes', one.header
        ).alias("message"),
        pl.format(
            'the nearest is "{}"; correct it, or name it in the mapping', near
        ).alias("hint"),
    )


def _known(header: str, several: Iterable[Match]) -> Iterable[str]:
    for one in several:
        for conditions in (one.plan.where, one.plan.unless):
            yield from conditions.get(header, ())


def _home(match: Match) -> str:
    """People are of one kind, in whichever table they stand."""
    entity = match.table.entity
    return "people" if entity in PEOPLE else entity.value
