"""Cells that the ``values`` of a mapping do not know: each rejects its row."""

from __future__ import annotations

import polars as pl

from sync.mapping.codes import UNTRANSLATED
from sync.mapping.joining import roots
from sync.mapping.match import Match
from sync.mapping.model import Steps
from sync.mapping.nearest import nearest
from sync.mapping.steps import filled, untranslated
from sync.model.entities import SATELLITES
from sync.model.finding import Findings
from sync.model.roster import ROW


def untranslated_rows(
    match: Match, rows: pl.DataFrame, cells: pl.DataFrame
) -> Findings:
    """One finding for each such cell, with the nearest value that is known.

    ``rows``: the raw rows; ``cells``: what the steps start from, row by row the same.
    A cell of a joined file is named by the header through which it was joined.
    """
    frames = [
        _of_column(match, steps, headers, rows.with_columns(cells[name].alias(_CELL)))
        for name, (steps, headers) in match.plan.columns.items()
        if headers and untranslated(pl.col(_CELL), steps) is not None
    ]
    if not any(frame.height for frame in frames):
        return Findings.none()
    entity = match.table.entity
    named = None if entity in SATELLITES else entity.value
    return Findings.from_frames(
        [
            frame.with_columns(
                pl.lit(UNTRANSLATED.code).alias("code"),
                pl.lit(UNTRANSLATED.severity.value).alias("severity"),
                pl.lit(named, pl.String).alias("entity"),
                pl.lit(match.raw.file).alias("file"),
            )
            for frame in [pl.concat(frames).unique(maintain_order=True)]
        ]
    )


_CELL = "_cell"


def _of_column(
    match: Match, steps: Steps, headers: dict[str, str], rows: pl.DataFrame
) -> pl.DataFrame:
    unknown = untranslated(pl.col(_CELL), steps)
    if unknown is None:
        return rows.clear()
    written = list(headers.values())
    rows = rows.filter(unknown)
    way = roots(match.joined)
    header, message = (
        pl.coalesce(
            [
                pl.when(filled(name).is_not_null()).then(pl.lit(one))
                for name, one in said
            ]
        )
        for said in (
            [(name, way.get(name, name)) for name in written],
            [(name, _message(name, name in way)) for name in written],
        )
    )
    return rows.select(
        pl.col(ROW).alias("line"),
        header.alias("column"),
        pl.coalesce([filled(name) for name in written]).alias("value"),
        message.alias("message"),
        _hints(rows, steps, written).alias("hint"),
    )


def _message(name: str, joined: bool) -> str:
    if joined:
        return f"the mapping does not say what this value of {name} means"
    return "the mapping does not say what this value means"


def _hints(rows: pl.DataFrame, steps: Steps, written: list[str]) -> pl.Expr:
    """The nearest known value, found once for each different cell."""
    cell = pl.coalesce([filled(name) for name in written])
    known = [value for value in steps.values or {} if value]
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
    if not known:
        return "leave the cell empty, or add the value to the mapping"
    return f"known values are {', '.join(known)}"
