"""Which columns a drop has, to be kept for the next one to be held against.

A header that a condition asks, an optional table needs, or that is one of several
sources of a value changes what other cells mean when it is no longer there: without it
somebody may look as if they had left, or get a value that nobody said.
"""

from __future__ import annotations

from collections.abc import Iterator

from sync.mapping.model import MappingFile, Steps, TableModel
from sync.mapping.steps import needed
from sync.model.roster import Drop, matches

_ROLES = frozenset({"role", "roleType", "roleOrgSourcedId"})
_OURS = "metadata.rostersync."


def columns_read(drop: Drop, mapping: MappingFile) -> dict[str, list[str]]:
    """Patterns of a file -> the headers that its files have, in lower case, sorted;
    only those that decide on more than their own field."""
    wanted = {}
    for table in mapping.tables:
        wanted[", ".join(table.files)] = table.files
        wanted |= {", ".join(one.files): one.files for one in table.join.values()}
    deciding = set(_deciding(mapping))
    found = {}
    for name, patterns in wanted.items():
        raws = [raw for file, raw in drop.tables.items() if matches(file, patterns)]
        if raws:
            headers = {h.casefold() for raw in raws for h in raw.headers}
            found[name] = sorted(headers & deciding)
    return found


def _deciding(mapping: MappingFile) -> Iterator[str]:
    for table in mapping.tables:
        joins = tuple(f"{name}." for name in table.join)
        for header in _of_table(table):
            own = header
            for start in joins:
                own = own.removeprefix(start)
            if not own.casefold().startswith(_OURS):
                yield own.casefold()


def _of_table(table: TableModel) -> Iterator[str]:
    yield from (*table.where, *table.unless, *table.filled)
    for name, steps in table.columns.items():
        if table.optional or name in _ROLES or _is_one_of_several(steps):
            yield from needed(steps)


def _is_one_of_several(steps: Steps) -> bool:
    return steps.default is not None or len(needed(steps)) > 1
