"""Files whose cells become those of one table as they stand.

In: the headers of a drop and its layout. Out: for each file the table it gives and the
header of each column; None where rows are joined, chosen, folded or made in any way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync.mapping.choose import choose
from sync.mapping.joining import aliases_of
from sync.mapping.match import Match, match
from sync.mapping.model import Steps
from sync.mapping.recognise import Layout
from sync.mapping.steps import is_plain
from sync.model.entities import Entity
from sync.model.roster import Drop


@dataclass(frozen=True, slots=True)
class Plain:
    """One file: canonical column -> header, and those that it may leave blank."""

    entity: Entity
    headers: Mapping[str, str]
    optional: frozenset[str]


def plain(drop: Drop, layout: Layout) -> dict[str, Plain] | None:
    """File -> what it gives, for all files that a table reads; of ``drop`` only the
    headers are asked."""
    if layout.mapping.oneroster is not None:
        return None
    assigned, _ = choose(drop, layout.mapping)
    known = aliases_of(layout.mapping)
    found = {}
    for file, tables in assigned.items():
        matched = [match(drop.tables[file], one, drop, known) for one in tables]
        one = _plain(matched[0]) if len(matched) == 1 else None
        if one is None:
            return None
        found[file] = one
    return found


def _plain(one: Match) -> Plain | None:
    table, columns = one.table, one.plan.columns
    made = table.join or table.where or table.unless or table.filled
    if made or table.combine is not None or one.wanting:
        return None
    if not all(_as_it_stands(*one) for one in columns.values()):
        return None
    headers = {name: next(iter(h.values())) for name, (_, h) in columns.items()}
    optional = {name for name, steps in table.columns.items() if steps.optional}
    return Plain(table.entity, headers, frozenset(optional))


def _as_it_stands(steps: Steps, headers: Mapping[str, str]) -> bool:
    return steps.from_ is not None and is_plain(steps) and len(headers) == 1
