"""Which file of a drop belongs to which tables of the mapping."""

from __future__ import annotations

from sync.mapping.codes import UNKNOWN_LAYOUT
from sync.mapping.columns import EITHER, lacks_class_and_course, plan
from sync.mapping.joining import header_of, join_of
from sync.mapping.model import MappingFile, TableModel
from sync.mapping.steps import needed
from sync.model.finding import Finding, found
from sync.model.roster import Drop, DropKind, RawTable, matches


def by_name(file: str, mapping: MappingFile) -> list[TableModel]:
    """The tables one of whose patterns matches the name, in any case."""
    return [table for table in mapping.tables if matches(file, table.files)]


def choose(
    drop: Drop, mapping: MappingFile
) -> tuple[dict[str, list[TableModel]], list[Finding]]:
    """File -> tables. A single CSV of another name is told by its header."""
    chosen: dict[str, list[TableModel]] = {}
    findings: list[Finding] = []
    for file, raw in sorted(drop.tables.items()):
        tables = by_name(file, mapping)
        if not tables and drop.kind is DropKind.CSV:
            tables, problem = _by_header(raw, mapping)
            findings += problem
        if tables:
            chosen[file] = tables
    return chosen, findings


def best(headers: tuple[str, ...], mapping: MappingFile) -> list[list[TableModel]]:
    """The groups of tables (those of one file) that have all they need of a header
    and use most of it: none, one, or several that do so equally.

    A users file may well hold everything that students need; but as students its
    roles would be left over.
    """
    groups: dict[tuple[str, ...], list[TableModel]] = {}
    for table in mapping.tables:
        groups.setdefault(tuple(table.files), []).append(table)
    fitting = [
        (used(headers, tables), tables)
        for tables in groups.values()
        if fits(headers, tables)
    ]
    most = max((count for count, _ in fitting), default=0)
    return [tables for count, tables in fitting if count == most]


def fits(headers: tuple[str, ...], tables: list[TableModel]) -> bool:
    """Whether a header has everything that the tables need of it; of what is optional
    only, one table is enough."""
    asked = [table for table in tables if not table.optional]
    if asked:
        return all(_has_all(headers, table) for table in asked)
    return any(_has_all(headers, table) for table in tables)


def _has_all(headers: tuple[str, ...], table: TableModel) -> bool:
    """What joined files must have is not asked here, only how they are joined."""
    one = plan(headers, table)
    joins = {join_of(table, header) for header, _ in one.missing}
    if lacks_class_and_course(table, one):
        joins.add(_join_of_class(table))
    return None not in joins and all(
        join_of(table, table.join[name].on) or header_of(headers, table.join[name].on)
        for name in joins
        if name is not None
    )


def _join_of_class(table: TableModel) -> str | None:
    """The join that says in what people are enrolled, if one does."""
    headers = [
        h for n in EITHER if n in table.columns for h in needed(table.columns[n])
    ]
    return next(filter(None, (join_of(table, header) for header in headers)), None)


def used(headers: tuple[str, ...], tables: list[TableModel]) -> int:
    """How many of the headers the tables use."""
    own = set(headers)
    return len({h for table in tables for h in plan(headers, table).used} & own)


def _by_header(
    raw: RawTable, mapping: MappingFile
) -> tuple[list[TableModel], list[Finding]]:
    found_groups = best(raw.headers, mapping)
    if len(found_groups) == 1:
        return found_groups[0], []
    message = "the header has the required columns of no table of the mapping"
    if found_groups:
        names = ", ".join(tables[0].entity.value for tables in found_groups)
        message = f"the header fits several tables of the mapping equally: {names}"
    files = ", ".join(dict.fromkeys(p for table in mapping.tables for p in table.files))
    hint = f"name the file as what it holds: {files}"
    return [], [found(UNKNOWN_LAYOUT, message, file=raw.file, hint=hint)]
