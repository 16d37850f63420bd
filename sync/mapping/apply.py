"""Raw tables -> canonical tables, and what is wrong with their columns.

The second step of the pipeline. Cells stay as they were delivered but for the steps of
the mapping; whether they are right is for validation to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from sync.mapping.choose import by_name, choose
from sync.mapping.codes import (
    IGNORED_COLUMNS,
    NO_JOINED_FILE,
)
from sync.mapping.columns import counted, findings
from sync.mapping.joining import aliases_of, lacking
from sync.mapping.links import with_links_turned
from sync.mapping.match import Match, given_up, match, missing_beside
from sync.mapping.model import MappingFile, TableModel
from sync.mapping.recognise import Layout
from sync.mapping.rows import Part, part
from sync.mapping.table import table, uneven
from sync.model.entities import SATELLITES, Entity, Mode
from sync.model.finding import Finding, Findings, found
from sync.model.roster import MANIFEST, Drop, Mapped, Table, Wanted


def wanted(layout: Layout) -> Wanted:
    """Which files of a drop a layout reads, sets aside or leaves alone."""
    mapping = layout.mapping
    return Wanted(patterns(mapping), mapping.aside, layout.absent)


def patterns(mapping: MappingFile) -> list[str]:
    """The file names that a mapping reads, in its order."""
    names = [
        pattern
        for table in mapping.tables
        for pattern in (
            *table.files,
            *(f for j in table.join.values() for f in j.files),
        )
    ]
    manifest = [MANIFEST] if mapping.oneroster else []
    return list(dict.fromkeys([*manifest, *names]))


def apply(
    drop: Drop, layout: Layout, *, delta: bool = False
) -> tuple[Mapped, Findings]:
    """The canonical tables of a drop.

    A file that lacks a required column gives a finding for each and no table. Rows
    with a rejected finding stay in their table: validation rejects them.
    """
    mapping = layout.mapping
    modes, silent = layout.modes(drop)
    assigned, unassigned = choose(drop, mapping)
    aliases = aliases_of(mapping)
    matched = {
        file: [match(drop.tables[file], one, drop, aliases) for one in tables]
        for file, tables in assigned.items()
    }
    told = [*silent, *unassigned, *_of_headers(matched.values(), drop)]
    said = [Findings.of(told)]
    parts: dict[Entity, list[Part]] = {}
    for several in matched.values():
        read, more = _of_file(drop, several)
        said.append(more)
        for one in read:
            parts.setdefault(one.match.table.entity, []).append(one)
    absent = _absent(drop, mapping, assigned, parts)
    made: dict[Entity, Table] = {}
    for entity in dict.fromkeys(one.entity for one in mapping.tables):
        if entity in parts:
            mode = _mode(mapping, parts[entity], modes, delta=delta)
            partial = entity in absent
            made[entity] = table(entity, mode, parts[entity], partial=partial)
            said.append(Findings.of(uneven(entity, parts[entity])))
        said.append(Findings.of(absent.get(entity, ())))
    if mapping.oneroster:
        made, turned = with_links_turned(made)
        said.append(Findings.of(turned))
    return Mapped(drop, mapping.name, made), sum(said, Findings.none())


def name_entities(
    found_so_far: Findings, mapping: MappingFile, mapped: Mapped
) -> Findings:
    """Findings of reading with the entity of their file filled in."""
    entities: dict[str, str] = {}
    for file in found_so_far.frame.get_column("file").drop_nulls().unique():
        fed = [e for e, table in mapped.tables.items() if file in table.headers]
        entity = counted(fed or [table.entity for table in by_name(file, mapping)])
        if entity is not None and entity not in SATELLITES:
            entities[file] = entity.value
    known = pl.col("file").replace_strict(
        list(entities), list(entities.values()), default=None, return_dtype=pl.String
    )
    named = found_so_far.frame.with_columns(pl.coalesce("entity", known))
    return Findings.from_frames([named])


def _of_headers(files: Iterable[Sequence[Match]], drop: Drop) -> Iterator[Finding]:
    """What is to say of the columns of each file, and of those that it joins.

    A column that a file's own tables miss is not said again for those that join it.
    """
    own: list[Finding] = []
    beside: list[Finding] = []
    for matched in files:
        asked = [one for one in matched if not given_up(one, matched)]
        if not asked:
            message = "the file lacks what all of its tables need; it was not used"
            own.append(found(IGNORED_COLUMNS, message, file=matched[0].raw.file))
            continue
        entity = counted([one.table.entity for one in asked])
        named = None if entity is None or entity in SATELLITES else entity.value
        whole = [one for one in asked if not one.waits(drop)]
        own += findings(matched[0].raw.file, [(one.table, one.plan) for one in whole])
        beside += [more for one in whole for more in missing_beside(one, named, drop)]
    yield from own
    said = {(one.file, one.column) for one in own}
    first = {(one.file, one.column): one for one in reversed(beside)}
    yield from (one for place, one in first.items() if place not in said)


def _of_file(drop: Drop, matched: Sequence[Match]) -> tuple[list[Part], Findings]:
    """The parts that one file gives, and the rows of it that are rejected."""
    asked = [one for one in matched if not given_up(one, matched)]
    whole = [one for one in asked if not one.waits(drop)]
    if any(one.wanting for one in whole):
        return [], Findings.none()
    made = [part(one, whole) for one in whole if not one.lists_nothing]
    rejecting = Findings.from_frames([more.frame for _, more in made])
    return [one for one, _ in made], rejecting


def _mode(
    mapping: MappingFile,
    parts: Sequence[Part],
    modes: Mapping[str, Mode],
    *,
    delta: bool,
) -> Mode:
    """Bulk only where every file of the table is."""
    if delta:
        return Mode.DELTA
    found_modes = {modes.get(part.file, mapping.mode) for part in parts}
    return Mode.DELTA if Mode.DELTA in found_modes else Mode.BULK


def _absent(
    drop: Drop,
    mapping: MappingFile,
    assigned: Mapping[str, Sequence[TableModel]],
    parts: Mapping[Entity, Sequence[Part]],
) -> dict[Entity, list[Finding]]:
    """Entity -> the files that it also comes from and that the drop lacks.

    Only of entities of which the drop has a file at all.
    """
    read = [table for tables in assigned.values() for table in tables]
    missing: dict[Entity, dict[str, Finding]] = {}
    needed = {tuple(one.files) for one in mapping.tables if not one.optional}
    for one in mapping.tables:
        optional = one.optional and (one in read or tuple(one.files) not in needed)
        if optional or not any(one.entity is other.entity for other in read):
            continue
        there = one in read
        for files in lacking(one, drop) if there else [", ".join(one.files)]:
            entity = one.entity
            finding = _says_absent(entity, files, some=entity in parts)
            missing.setdefault(entity, {})[files] = finding
    return {entity: list(one.values()) for entity, one in missing.items()}


def _says_absent(entity: Entity, files: str, *, some: bool) -> Finding:
    message = f"{entity} also come from {files}, which is not in the drop"
    hint = "what is there was read, but nothing is removed"
    if not some:
        message = f"{entity} cannot be read without {files}, which is not in the drop"
        hint = f"deliver {files} too; until then nothing is done about {entity}"
    named = None if entity in SATELLITES else entity.value
    return found(NO_JOINED_FILE, message, entity=named, hint=hint)
