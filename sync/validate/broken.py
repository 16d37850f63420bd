"""Rows of the wrong width, as far as it can be told whose they are.

Their cells are in no table; but where the cell at the place of the key is what another
row names, that row is the cause, and not a person who is missing.
"""

from __future__ import annotations

import polars as pl

from sync.model.entities import ENTITIES, SATELLITES, Entity
from sync.model.finding import Findings, Severity
from sync.model.roster import KEY, ROW, Mapped
from sync.validate.causes import causes

_FILE, _LINE, _CODE = causes()

BROKEN = pl.Schema(
    {KEY: pl.String(), _FILE: pl.String(), _LINE: pl.UInt32(), _CODE: pl.String()}
)
"""What stands at the place of the key, and the finding that rejects the row."""


def broken_keys(mapped: Mapped, earlier: Findings) -> dict[Entity, pl.DataFrame]:
    """By entity, the keys of its rows of the wrong width."""
    said = earlier.of_severity(Severity.REJECTED).filter(
        pl.col("column").is_null(), pl.col("line").is_not_null()
    )
    found: dict[Entity, pl.DataFrame] = {}
    for entity, table in mapped.tables.items():
        if entity in SATELLITES:
            continue
        parts = [_of_file(mapped, entity, file, said) for file in table.headers]
        found[entity] = pl.concat([BROKEN.to_frame(), *parts])
    return found


def links_of_broken(mapped: Mapped) -> pl.Series:
    """All cells of the rows of links that have the wrong width."""
    table = mapped.tables.get(Entity.AGENTS)
    cells = [
        mapped.drop.tables[file].unreadable["cells"].explode()
        for file in (table.headers if table else ())
    ]
    return pl.concat([pl.Series(KEY, [], pl.String), *cells]).str.strip_chars()


def _of_file(
    mapped: Mapped, entity: Entity, file: str, said: pl.DataFrame
) -> pl.DataFrame:
    raw = mapped.drop.tables[file]
    header = mapped.tables[entity].headers[file].get(ENTITIES[entity].key[0])
    if raw.unreadable.is_empty() or header not in raw.headers:
        return BROKEN.to_frame()
    place = raw.headers.index(header)
    cells = pl.col("cells").list.get(place, null_on_oob=True).str.strip_chars()
    codes = said.filter(file=file).select(pl.col("line").alias(ROW), "code")
    return (
        raw.unreadable.with_columns(cells.replace("", None).alias(KEY))
        .join(codes, on=ROW)
        .filter(pl.col(KEY).is_not_null())
        .select(
            KEY,
            pl.lit(file).alias(_FILE),
            pl.col(ROW).cast(pl.UInt32).alias(_LINE),
            pl.col("code").alias(_CODE),
        )
    )
