"""Findings on their way out and in: canonical columns here, headers and cells outside.

In: the pile of rough findings. Out: findings that name the header as it is written in
the file and the cell as it was read; and the other way round for the findings of
earlier stages, whose rows are rejected already.
"""

from __future__ import annotations

import polars as pl

from sync.model.entities import ENTITIES, PEOPLE, SATELLITES, Entity
from sync.model.finding import Findings, Severity
from sync.model.roster import FILE, ROW, Drop, Mapped, RawTable, Table
from sync.validate.keys import PARTS
from sync.validate.rough import ROUGH, Pile
from sync.validate.sheet import NUMBER, Sheet

CANONICAL = "canonical"


def published(pile: Pile, mapped: Mapped) -> Findings:
    """The findings as people read them: headers and raw cells in their places."""
    frame = _one_for_each_pair(pile.frame, mapped).drop("value")
    named = _with_headers(frame.rename({"column": CANONICAL}), mapped).drop(NUMBER)
    told = _with_cells(named, mapped.drop).with_columns(
        pl.when(~pl.col("entity").is_in(_NO_RECORDS)).then("entity").alias("entity")
    )
    return Findings.from_frames([_once(told)])


_NO_RECORDS = [entity.value for entity in SATELLITES]


def _once(found: pl.DataFrame) -> pl.DataFrame:
    """Of one cell that gives several columns of a person, each mistake once."""
    people = pl.col("entity").is_in([entity.value for entity in PEOPLE])
    cell = ["code", "entity", "file", "line", "column"]
    first = pl.struct(cell).is_first_distinct()
    return found.sort(*cell, "message").filter(~people | first)


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


def _with_headers(found: pl.DataFrame, mapped: Mapped) -> pl.DataFrame:
    """With ``header`` and ``column``: where the cells of a finding's row came from."""
    several = {e.value: t for e, t in mapped.tables.items() if t.part is not None}
    ways = pl.col("entity").is_in(list(several))
    simply = found.filter(~ways).join(
        _headers(mapped), on=["entity", "file", CANONICAL], how="left"
    )
    parts = [simply]
    for entity, table in several.items():
        own = found.filter(entity=entity)
        if table.part is None or own.is_empty():
            continue
        made = [(n, *pair) for n, way in enumerate(table.parts) for pair in way.items()]
        schema = {"part": pl.UInt16(), CANONICAL: pl.String(), "header": pl.String()}
        parts.append(
            own.with_columns(part=table.part.gather(own[NUMBER]))
            .join(
                pl.DataFrame(made, schema, orient="row"),
                on=["part", CANONICAL],
                how="left",
            )
            .drop("part")
        )
    return pl.concat(parts).with_columns(
        pl.coalesce("header", _own_name()).alias("column")
    )


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
    """The rejecting findings of earlier stages on rows of a sheet, made rough again.

    Where one row of a file gives several records, a finding is of those that are made
    of its column. What it leaves blank needs no finding more.
    """
    # A file of people's roles is no entity in what people read.
    entity = None if sheet.entity in SATELLITES else sheet.entity.value
    own = earlier.of_severity(Severity.REJECTED).filter(
        pl.col("entity").eq_missing(pl.lit(entity, pl.String)),
        pl.col("line").is_not_null(),
        pl.col("file").is_in(sheet.frame[FILE].unique().implode()),
    )
    if own.is_empty():
        return ROUGH.to_frame()
    table = mapped.tables[sheet.entity]
    met = _met(own.rename({"column": "header"}), sheet, table)
    told = pl.col(CANONICAL).is_not_null()
    named = _named(met.filter(told), sheet)
    unnamed = met.filter(~told).drop(CANONICAL).join(_blanks(sheet), NUMBER, "left")
    return (
        pl.concat([named, unnamed.rename({CANONICAL: "column"})], how="diagonal")
        .with_columns(pl.lit(sheet.entity.value).alias("entity"))
        .select(ROUGH.names())
        .sort(NUMBER, "code", "column")
    )


def _met(own: pl.DataFrame, sheet: Sheet, table: Table) -> pl.DataFrame:
    """Findings with ``_n`` of the rows they are of, and ``canonical`` where it is told
    by ``header``."""
    if table.part is None:
        way = sheet.frame[FILE]
        ways = list(table.headers.items())
    else:
        way = table.part.cast(pl.String)
        ways = [(str(n), one) for n, one in enumerate(table.parts)]
    places = sheet.frame.select(
        NUMBER,
        pl.col(FILE).alias("file"),
        pl.col(ROW).cast(pl.UInt32).alias("line"),
        way.alias("way"),
    )
    made = [(n, *pair) for n, one in ways for pair in one.items()]
    names = ["way", CANONICAL, "header"]
    known = pl.DataFrame(made, dict.fromkeys(names, pl.String), orient="row")
    met = (
        own.join(places, on=["file", "line"])
        .join(known, on=["way", "header"], how="left")
        .drop("way")
    )
    told = pl.col(CANONICAL).is_not_null()
    some = told.any().over("code", "file", "line", pl.col("header").fill_null(""))
    return met.filter(told | ~some)


def _named(told: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """With ``column``: of a list those rows whose item was left blank; a cell of the
    key that is there can be read."""
    keys = [*ENTITIES[sheet.entity].key, *PARTS]
    blank = _where_null(sheet, told[CANONICAL].unique().to_list())
    blank = blank.with_columns(pl.lit(value=True).alias("blank"))
    cell = ["code", "file", "line", "header", CANONICAL]
    met = told.join(blank, on=[NUMBER, CANONICAL], how="left")
    some = pl.col("blank").any().over(cell)
    readable = pl.col(CANONICAL).is_in(keys) & pl.col("blank").is_null()
    return met.filter(pl.col("blank").fill_null(value=False) | ~some).with_columns(
        pl.when(~readable).then(CANONICAL).alias("column")
    )


def _blanks(sheet: Sheet) -> pl.DataFrame:
    """``_n`` and ``canonical`` of the cells that are required and not there."""
    spec = ENTITIES[sheet.entity]
    return _where_null(sheet, [name for name in spec.required if name in sheet.columns])


def _where_null(sheet: Sheet, names: list[str]) -> pl.DataFrame:
    empty = pl.DataFrame(schema={NUMBER: pl.UInt32, CANONICAL: pl.String})
    parts = [
        sheet.frame.filter(pl.col(name).is_null()).select(
            NUMBER, pl.lit(name).alias(CANONICAL)
        )
        for name in names
    ]
    return pl.concat([empty, *parts])
