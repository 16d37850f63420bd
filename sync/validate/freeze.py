"""What rejected rows protect: never removed or overwritten for missing information.

In: sheets with keys and the rejected rows of each. Out: frozen keys, people whose links
and enrollments are protected, and the entities of which nothing may be removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sync.model.entities import PEOPLE, SATELLITES, Entity
from sync.model.roster import FILE, KEY, ROW, Mapped
from sync.validate.satellites import PERSON, of_records
from sync.validate.sheet import Sheet

FROZEN = {"entity": pl.String, KEY: pl.String}


@dataclass(frozen=True, slots=True)
class Frozen:
    """The three parts of a ``Roster`` that protect."""

    keys: pl.DataFrame
    people: pl.Series
    no_removals: frozenset[Entity]


def freeze(
    mapped: Mapped,
    sheets: Mapping[Entity, Sheet],
    fallen: Mapping[Entity, pl.DataFrame],
) -> Frozen:
    """Everything that the rejected rows of a drop (``fallen``) protect."""
    told = {entity: fallen[entity] for entity in SATELLITES if entity in fallen}
    fallen = {entity: f for entity, f in fallen.items() if entity not in told}
    keys = [
        *(_keys(entity, frame) for entity, frame in fallen.items()),
        *(_people(entity, frame) for entity, frame in told.items()),
        *_beside(mapped, of_records(sheets), fallen),
    ]
    whole = pl.concat([pl.DataFrame(schema=FROZEN), *keys])
    names = [entity.value for entity in PEOPLE]
    both = [
        whole.filter(pl.col("entity").is_in(names)).with_columns(entity=pl.lit(name))
        for name in names
    ]
    # A remote person is matched by id over both, so the key is frozen in both.
    whole = pl.concat([whole, *both]).unique().sort("entity", KEY)
    people = whole.filter(pl.col("entity").is_in(names))[KEY].unique().sort()
    return Frozen(whole, people, _no_removals(mapped, fallen, told))


def fed_by(mapped: Mapped, file: str) -> tuple[Entity, ...]:
    """The entities to which a file gives rows, or cells of their rows."""
    found = {
        entity
        for entity, table in mapped.tables.items()
        if file in table.headers or file in table.joined
    }
    if found & set(SATELLITES):
        found |= {entity for entity in PEOPLE if entity in mapped.tables}
    return tuple(e for e in mapped.tables if e in found and e not in SATELLITES)


def _people(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    """The people whom rejected rows of a file that tells more of them name."""
    person = pl.col(PERSON[entity])
    return frame.filter(person.is_not_null()).select(
        pl.lit(Entity.USERS.value).alias("entity"), person.alias(KEY)
    )


def _keys(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col(KEY).is_not_null()).select(
        pl.lit(entity.value).alias("entity"), KEY
    )


def _beside(
    mapped: Mapped,
    sheets: Mapping[Entity, Sheet],
    fallen: Mapping[Entity, pl.DataFrame],
) -> list[pl.DataFrame]:
    """What the rejected rows of a file of several entities name in the others."""
    shared = [file for file in mapped.drop.tables if len(fed_by(mapped, file)) > 1]
    # A pair that dangles is rejected alone: the student at whose row it stands stays.
    places = [
        frame.filter(pl.col(FILE).is_in(shared)).select(FILE, ROW)
        for entity, frame in fallen.items()
        if entity is not Entity.AGENTS
    ]
    if not shared or not places:
        return []
    rows = pl.concat(places).unique()
    return [
        _keys(entity, sheet.frame.join(rows, on=[FILE, ROW], how="semi"))
        for entity, sheet in sheets.items()
    ]


def _no_removals(
    mapped: Mapped,
    fallen: Mapping[Entity, pl.DataFrame],
    told: Mapping[Entity, pl.DataFrame],
) -> frozenset[Entity]:
    files = {file for file, raw in mapped.drop.tables.items() if raw.unreadable.height}
    for frame in fallen.values():
        files |= set(frame.filter(pl.col(KEY).is_null())[FILE].unique())
    for entity, frame in told.items():
        files |= set(frame.filter(pl.col(PERSON[entity]).is_null())[FILE].unique())
    fed = {entity for file in files for entity in fed_by(mapped, file)}
    partial = {entity for entity, table in mapped.tables.items() if table.partial}
    if partial & set(SATELLITES):
        partial |= {entity for entity in PEOPLE if entity in mapped.tables}
    return frozenset((fed | partial) - set(SATELLITES))
