"""Which file of a drop belongs to which table of the mapping."""

from __future__ import annotations

from fnmatch import fnmatchcase

from sync.mapping.codes import UNKNOWN_LAYOUT
from sync.mapping.columns import lacks_class_and_course, plan
from sync.mapping.model import MappingFile, TableModel
from sync.model.finding import Finding, found
from sync.model.roster import Drop, DropKind, RawTable


def by_name(file: str, mapping: MappingFile) -> TableModel | None:
    """The first table one of whose patterns matches the name, in any case."""
    base = file.rpartition("/")[2].casefold()
    for table in mapping.tables:
        if any(fnmatchcase(base, pattern.casefold()) for pattern in table.files):
            return table
    return None


def choose(
    drop: Drop, mapping: MappingFile
) -> tuple[dict[str, TableModel], list[Finding]]:
    """File -> table. A single CSV of another name is told by its header."""
    chosen: dict[str, TableModel] = {}
    findings: list[Finding] = []
    for file, raw in sorted(drop.tables.items()):
        table = by_name(file, mapping)
        if table is None and drop.kind is DropKind.CSV:
            table, problem = _by_header(raw, mapping)
            findings += problem
        if table is not None:
            chosen[file] = table
    return chosen, findings


def _by_header(
    raw: RawTable, mapping: MappingFile
) -> tuple[TableModel | None, list[Finding]]:
    """The table that has all it needs and uses most of the columns.

    A users file may well hold everything that students need; but as students its
    roles would be left over.
    """
    fitting = []
    for table in mapping.tables:
        found_plan = plan(raw.headers, table)
        if not found_plan.missing and not lacks_class_and_course(table, found_plan):
            fitting.append((found_plan.used, table))
    most = max((used for used, _ in fitting), default=0)
    best = [table for used, table in fitting if used == most]
    if len(best) == 1:
        return best[0], []
    message = "the header has the required columns of no table of the mapping"
    if best:
        names = ", ".join(table.entity.value for table in best)
        message = f"the header fits several tables of the mapping equally: {names}"
    files = ", ".join(pattern for table in mapping.tables for pattern in table.files)
    hint = f"name the file as what it holds: {files}"
    return None, [found(UNKNOWN_LAYOUT, message, file=raw.file, hint=hint)]
