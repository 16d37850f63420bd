"""The raw cells at given places, for findings: only the rows that are asked for."""

from __future__ import annotations

import polars as pl

from sync.model.roster import ROW, Drop, RawTable

_PLACE = "_place"


def cells(drop: Drop, places: pl.DataFrame) -> pl.DataFrame:
    """``places`` with ``value``, the cell as it was read.

    ``places`` has ``file``, ``line`` and ``column`` (the header as it is written), and
    any other columns; its order stays. ``value`` is null where there is no such cell.
    """
    marked = places.with_row_index(_PLACE)
    values = [
        _of_column(table, column, asked)
        for (file, column), asked in marked.group_by("file", "column")
        if (table := drop.tables.get(str(file))) is not None
    ]
    schema = pl.Schema({_PLACE: pl.UInt32(), "value": pl.String()})
    known = pl.concat([schema.to_frame(), *values])
    joined = marked.drop("value", strict=False).join(
        known, on=_PLACE, how="left", maintain_order="left"
    )
    return joined.drop(_PLACE)


def _of_column(table: RawTable, column: object, asked: pl.DataFrame) -> pl.DataFrame:
    if column not in table.headers:
        return asked.select(_PLACE, pl.lit(None, pl.String()).alias("value"))
    rows = asked.select(_PLACE, pl.col("line").cast(pl.UInt32).alias(ROW))
    raw = table.frame.select(ROW, pl.col(str(column)).alias("value"))
    return rows.join(raw, on=ROW, how="inner").select(_PLACE, "value")
