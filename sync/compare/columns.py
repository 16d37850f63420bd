"""What a mapping knows of a file by its name and its header: whose rows, which key.

In: the mapping of a drop, the name of a file and its headers. Out: the headers that
tell a row from all others, and which canonical column each header becomes as it is.
Where the mapping does not know the file, or nothing of it is a key, whole rows are
compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync.compare.found import Columns
from sync.mapping.choose import best, by_name
from sync.mapping.columns import Plan, counted, plan
from sync.mapping.model import MappingFile, TableModel
from sync.mapping.steps import explodes
from sync.model.entities import ENTITIES, Entity

_SEAT = (
    *("userSourcedId", "classSourcedId", "courseSourcedId", "schoolSourcedId"),
    *("role", "beginDate"),
)
"""What tells an enrollment from others where it has no sourcedId of its own."""


def columns(
    mapping: MappingFile, file: str, headers: Sequence[str], *, single: bool
) -> Columns:
    """``single``: the drop is this one file, whose name says nothing."""
    tables = by_name(file, mapping)
    if not tables and single:
        groups = best(tuple(headers), mapping)
        tables = groups[0] if len(groups) == 1 else []
    plans = [(table, plan(headers, table)) for table in tables]
    entity = counted([table.entity for table in tables])
    key = max((_key(*one) for one in plans), key=len, default=())
    return Columns(
        entity=None if entity is None else entity.value,
        key=tuple(name for name in headers if name in key),
        canonical=dict(_canonical([one for _, one in plans])),
    )


def _key(table: TableModel, one: Plan) -> tuple[str, ...]:
    """The headers of which the key of a table's rows is made; of a file that feeds
    several tables, that with the most of them tells a row of the file."""
    wanted = ENTITIES[table.entity].key
    if table.entity is Entity.ENROLLMENTS and not set(wanted) & set(one.columns):
        wanted = _SEAT
    made = [one.columns[name] for name in wanted if name in one.columns]
    if any(explodes(steps) for steps, _ in made):
        return ()
    return tuple(dict.fromkeys(h for _, names in made for h in names.values()))


def _canonical(plans: Sequence[Plan]) -> Iterator[tuple[str, str]]:
    for one in plans:
        for name, (steps, headers) in one.columns.items():
            if steps.template is None and steps.hash is None:
                yield from ((header, name) for header in headers.values())
