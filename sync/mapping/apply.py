"""Raw tables -> canonical tables, and what is wrong with their columns.

The second step of the pipeline. Cells stay as they were delivered but for the steps of
the mapping; whether they are right is for validation to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from sync.mapping.choose import by_name, choose
from sync.mapping.codes import UNEVEN_COLUMN
from sync.mapping.columns import Plan, findings, lacks_class_and_course, plan
from sync.mapping.model import MappingFile, TableModel
from sync.mapping.steps import chosen, finish, source
from sync.mapping.translate import untranslated_rows
from sync.model.entities import ENTITIES, Entity, Mode
from sync.model.finding import Finding, Findings, found
from sync.model.roster import FILE, ROW, Drop, Mapped, RawTable, Table


@dataclass(frozen=True, slots=True)
class _Part:
    """What one file gives to its table."""

    file: str
    plan: Plan
    frame: pl.DataFrame


def patterns(mapping: MappingFile) -> list[str]:
    """The file names that a mapping reads, in its order."""
    names = [pattern for table in mapping.tables for pattern in table.files]
    return list(dict.fromkeys(names))


def apply(
    drop: Drop, mapping: MappingFile, *, delta: bool = False
) -> tuple[Mapped, Findings]:
    """The canonical tables of a drop.

    A file that lacks a required column gives a finding for each and no table. Rows
    with a rejected finding stay in their table: validation rejects them.
    """
    assigned, unassigned = choose(drop, mapping)
    parts: dict[Entity, list[_Part]] = {}
    all_findings = Findings.of(unassigned)
    for file, table in assigned.items():
        part, more = _part(drop.tables[file], table)
        all_findings += more
        if part is not None:
            parts.setdefault(table.entity, []).append(part)
    mode = Mode.DELTA if delta else mapping.mode
    tables = {}
    for entity in Entity:
        if entity in parts:
            tables[entity], uneven = _table(entity, mode, parts[entity])
            all_findings += Findings.of(uneven)
    return Mapped(drop, mapping.name, tables), all_findings


def name_entities(
    found_so_far: Findings, mapping: MappingFile, mapped: Mapped
) -> Findings:
    """Findings of reading with the entity of their file filled in."""
    entities = {
        file: entity.value
        for entity, table in mapped.tables.items()
        for file in table.headers
    }
    for file in found_so_far.frame.get_column("file").drop_nulls().unique():
        if file not in entities and (table := by_name(file, mapping)) is not None:
            entities[file] = table.entity.value
    known = pl.col("file").replace_strict(
        list(entities), list(entities.values()), default=None, return_dtype=pl.String
    )
    named = found_so_far.frame.with_columns(pl.coalesce("entity", known))
    return Findings.from_frames([named])


def _part(raw: RawTable, table: TableModel) -> tuple[_Part | None, Findings]:
    match = plan(raw.headers, table)
    listed = Findings.of(findings(raw.file, table, match))
    if match.missing or lacks_class_and_course(table, match):
        return None, listed
    rows = _selected(raw.frame, match)
    expressions = [
        finish(source(steps, headers), steps).alias(name)
        for name, (steps, headers) in match.columns.items()
    ]
    frame = rows.select(*expressions, pl.lit(raw.file).alias(FILE), ROW)
    rejected = untranslated_rows(raw.file, table.entity, match, rows)
    return _Part(raw.file, match, frame), listed + rejected


def _selected(frame: pl.DataFrame, match: Plan) -> pl.DataFrame:
    """The rows that every condition of ``where`` lets through."""
    if not match.where:
        return frame
    return frame.filter(*(chosen(v, header) for header, v in match.where.items()))


def _table(
    entity: Entity, mode: Mode, parts: Sequence[_Part]
) -> tuple[Table, list[Finding]]:
    """One table of all its files, with the columns that every file has."""
    spec = ENTITIES[entity]
    seen = dict.fromkeys(name for part in parts for name in part.plan.columns)
    ordered = [
        *(n for n in spec.names if n in seen),
        *(n for n in seen if n not in spec.names),
    ]
    common = [n for n in ordered if all(n in part.plan.columns for part in parts)]
    frame = pl.concat([part.frame.select(*common, FILE, ROW) for part in parts])
    table = Table(
        entity=entity,
        mode=mode,
        frame=frame,
        headers={part.file: _headers(part, common) for part in parts},
        ignored={part.file: part.plan.ignored for part in parts},
    )
    return table, [
        _uneven(entity, part.file, name)
        for part in parts
        for name in ordered
        if name not in common and name not in part.plan.columns
    ]


def _headers(part: _Part, names: Sequence[str]) -> dict[str, str]:
    """Canonical column -> the first header that it came from; none for constants."""
    made_of = {name: part.plan.columns[name][1].values() for name in names}
    return {name: next(iter(headers)) for name, headers in made_of.items() if headers}


def _uneven(entity: Entity, file: str, name: str) -> Finding:
    message = f'other files of {entity} have the column "{name}", this one has not'
    hint = f"{name} is left out for all of them"
    return found(
        UNEVEN_COLUMN, message, entity=entity.value, file=file, column=name, hint=hint
    )
