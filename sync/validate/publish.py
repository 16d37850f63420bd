"""Findings on their way out and in: canonical columns here, headers and cells outside.

In: the pile of rough findings. Out: findings that name the header as it is written in
the file and the cell as it was read; and the other way round for the findings of
earlier stages, whose rows are rejected already.
"""

from __future__ import annotations

import polars as pl

from sync.model.entities import Entity
from sync.model.finding import Findings, Severity
from sync.model.roster import FILE, ROW, Drop, Mapped, RawTable
from sync.validate.rough import ROUGH, Pile
from sync.validate.sheet import NUMBER, Sheet

CANONICAL = "canonical"


def published(pile: Pile, mapped: Mapped) -> Findings:
    """The findings as people read them: headers and raw cells in their places."""
    frame = _one_for_each_pair(pile.frame, mapped).drop(NUMBER, "value")
    named = (
        frame.rename({"column": CANONICAL})
        .join(_headers(mapped), on=["entity", "file", CANONICAL], how="left")
        .with_columns(pl.coalesce("header", _own_name()).alias("column"))
    )
    return Findings.from_frames([_with_cells(named, mapped.drop)])


def _one_for_each_pair(frame: pl.DataFrame, mapped: Mapped) -> pl.DataFrame:
    """Of the pairs of a OneRoster drop, the first rejecting finding of each.

    They have no lines of their own, so that their findings are counted instead.
    """
    if not mapped.layout.startswith("oneroster"):
        return frame
    pair = (pl.col("entity") == Entity.AGENTS.value) & (
        pl.col("severity") == Severity.REJECTED.value
    )
    ordered = frame.sort(NUMBER, "code", "message")
    first = pl.struct(NUMBER, "entity", "severity").is_first_distinct()
    return ordered.filter(~pair | first)


def _own_name() -> pl.Expr:
    # A constant of the mapping has no header; a sourcedId that was given has no cell.
    return pl.when(pl.col(CANONICAL) != "sourcedId").then(CANONICAL)


def _headers(mapped: Mapped) -> pl.DataFrame:
    found = [
        (entity.value, file, canonical, header)
        for entity, table in mapped.tables.items()
        for file, columns in table.headers.items()
        for canonical, header in columns.items()
    ]
    names = ["entity", "file", CANONICAL, "header"]
    return pl.DataFrame(found, dict.fromkeys(names, pl.String), orient="row")


def _with_cells(named: pl.DataFrame, drop: Drop) -> pl.DataFrame:
    """With ``value``: only cells that a finding names are looked up."""
    wanted = named.select("file", "line", "header").drop_nulls().unique()
    parts = [
        _cells_of(raw, str(header), part)
        for (file, header), part in wanted.partition_by(
            "file", "header", as_dict=True
        ).items()
        if (raw := drop.tables.get(str(file))) is not None and header in raw.headers
    ]
    known = pl.concat([wanted.clear().with_columns(value=pl.lit("")), *parts])
    return named.join(known, on=["file", "line", "header"], how="left")


def _cells_of(raw: RawTable, header: str, wanted: pl.DataFrame) -> pl.DataFrame:
    cells = raw.frame.select(
        pl.col(ROW).cast(pl.UInt32).alias("line"), pl.col(header).alias("value")
    )
    return wanted.join(cells, on="line")


def taken_up(earlier: Findings, sheet: Sheet, mapped: Mapped) -> pl.DataFrame:
    """The rejecting findings of earlier stages on rows of a sheet, made rough again."""
    own = earlier.of_severity(Severity.REJECTED).filter(
        pl.col("entity") == sheet.entity.value, pl.col("line").is_not_null()
    )
    if own.is_empty():
        return ROUGH.to_frame()
    headers = _headers(mapped).rename({"header": "column"})
    places = sheet.frame.select(
        NUMBER, pl.col(FILE).alias("file"), pl.col(ROW).cast(pl.UInt32).alias("line")
    )
    return (
        own.join(headers, on=["entity", "file", "column"], how="left")
        .with_columns(pl.coalesce(CANONICAL, "column").alias("column"))
        .join(places, on=["file", "line"])
        .select(ROUGH.names())
        .sort(NUMBER, "code", "column")
    )
