"""Cells that the ``values`` of a mapping do not know: each rejects its row."""

from __future__ import annotations

import polars as pl

from sync.mapping.codes import UNTRANSLATED
from sync.mapping.columns import Plan
from sync.mapping.model import Steps
from sync.mapping.nearest import nearest
from sync.mapping.steps import filled, source, untranslated
from sync.model.entities import Entity
from sync.model.finding import FINDING_SCHEMA, Findings
from sync.model.roster import ROW


def untranslated_rows(
    file: str, entity: Entity, match: Plan, rows: pl.DataFrame
) -> Findings:
    """One finding for each such cell, with the nearest value that is known."""
    frames = [
        _of_column(steps, headers, rows)
        for steps, headers in match.columns.values()
        if steps.values is not None
    ]
    if not any(frame.height for frame in frames):
        return Findings.none()
    return Findings.from_frames(
        [
            frame.with_columns(
                pl.lit(UNTRANSLATED.code).alias("code"),
                pl.lit(UNTRANSLATED.severity.value).alias("severity"),
                pl.lit(entity.value).alias("entity"),
                pl.lit(file).alias("file"),
            )
            for frame in frames
        ]
    )


def _of_column(
    steps: Steps, headers: dict[str, str], rows: pl.DataFrame
) -> pl.DataFrame:
    unknown = untranslated(source(steps, headers), steps)
    columns = ("line", "column", "value", "message", "hint")
    if unknown is None:
        return pl.DataFrame(schema={name: FINDING_SCHEMA[name] for name in columns})
    written = list(headers.values())
    header = pl.coalesce(
        [pl.when(filled(name).is_not_null()).then(pl.lit(name)) for name in written]
    )
    return rows.filter(unknown).select(
        pl.col(ROW).alias("line"),
        header.alias("column"),
        pl.coalesce([filled(name) for name in written]).alias("value"),
        pl.lit("the mapping does not say what this value means").alias("message"),
        _hints(rows.filter(unknown), steps, written).alias("hint"),
    )


def _hints(rows: pl.DataFrame, steps: Steps, written: list[str]) -> pl.Expr:
    """The nearest known value, found once for each different cell."""
    cell = pl.coalesce([filled(name) for name in written])
    known = list(steps.values or {})
    hints = {
        value: _hint(value, known) for value in rows.select(cell).to_series().unique()
    }
    return cell.replace_strict(
        list(hints), list(hints.values()), default=None, return_dtype=pl.String
    )


def _hint(value: str, known: list[str]) -> str:
    near = nearest(value, known)
    if near is not None:
        return f'the nearest value is "{near}"'
    return f"known values are {', '.join(known)}"
