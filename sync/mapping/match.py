"""One file against one table of the mapping, before its rows are touched.

In: a raw table, a table of the mapping, and the drop. Out: what can be read, or why
not: a column that is missing here or in a joined file, a joined file that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sync.mapping.codes import MISSING_COLUMN
from sync.mapping.columns import EITHER, Plan, lacks_class_and_course, plan
from sync.mapping.joining import (
    Aliases,
    Beside,
    absent,
    beside,
    files_of,
    header_of,
    headers,
    join_of,
)
from sync.mapping.model import TableModel
from sync.mapping.nearest import alike, nearest
from sync.mapping.steps import explodes, needed
from sync.model.finding import Finding, found
from sync.model.roster import Drop, RawTable


@dataclass(frozen=True, slots=True)
class Match:
    """A file and a table that its name or its header chose."""

    raw: RawTable
    table: TableModel
    joined: Sequence[Beside]
    plan: Plan

    @property
    def lists(self) -> list[str]:
        """The columns of which each item gives a row; the first of them leads."""
        return [name for name, steps in self.table.columns.items() if explodes(steps)]

    @property
    def classless(self) -> bool:
        """Whether enrollments do not say in what."""
        return lacks_class_and_course(self.table, self.plan)

    @property
    def wanting(self) -> bool:
        """Whether something is missing without which no row can be read."""
        return bool(self.plan.missing) or self.classless

    @property
    def lists_nothing(self) -> bool:
        """Whether the list that gives the table its rows is no column of the file."""
        return bool(self.lists) and self.lists[0] not in self.plan.columns

    def waits(self, drop: Drop) -> bool:
        """Whether all that is missing stands in joined files that are not there."""
        names = absent(self.table, drop)
        if not names or not self.wanting:
            return False
        if self.classless and not any(one.startswith(names) for one in self._rooms):
            return False
        return all(header.startswith(names) for header, _ in self.plan.missing)

    @property
    def _rooms(self) -> list[str]:
        """The headers that say in what people are enrolled."""
        columns = self.table.columns
        return [h for name in EITHER if name in columns for h in needed(columns[name])]


def match(raw: RawTable, table: TableModel, drop: Drop, aliases: Aliases) -> Match:
    """Lay a table of the mapping, with its joins, against a file."""
    joined = beside(raw, table, drop, aliases)
    found_plan = plan(raw.headers, table, headers(joined), aliases)
    return Match(raw, table, joined, found_plan)


def given_up(one: Match, several: Sequence[Match]) -> bool:
    """Whether an optional table does not find what it needs, and nothing among the
    columns that no table of the file (``several``) uses looks like it misspelt."""
    if not one.table.optional or not one.wanting:
        return False
    unused = [h for h in one.plan.ignored if all(h in o.plan.ignored for o in several)]
    return not any(alike(header, unused) for header, _ in one.plan.missing)


def missing_beside(one: Match, entity: str | None, drop: Drop) -> Iterator[Finding]:
    """Missing columns of joined files, each said of the file that lacks it."""
    names = absent(one.table, drop)
    for header, column in one.plan.missing:
        name = join_of(one.table, header)
        if name is None or header.startswith(names):
            continue
        file, wanted, there = _culprit(one, name, header, drop)
        message = f'the required column "{wanted}" is missing'
        if column != header:
            message += f" (for {column})"
        near = nearest(wanted, there)
        hint = "no other column of the file has a similar name"
        if near is not None:
            hint = f'the nearest column of the file is "{near}"'
        yield found(
            MISSING_COLUMN, message, entity=entity, file=file, column=wanted, hint=hint
        )


def _culprit(
    one: Match, name: str, header: str, drop: Drop
) -> tuple[str, str, tuple[str, ...]]:
    """The file that lacks a column, the column, and those that it has."""
    join = one.table.join[name]
    own = (*one.raw.headers, *headers(one.joined))
    above = join_of(one.table, join.on)
    if header_of(own, join.on) is None:
        if above is None:
            return one.raw.file, join.on, one.raw.headers
        return _culprit(one, above, join.on, drop)
    others = files_of(drop, join)
    key = join.key or join.on
    keyless = [raw for raw in others if header_of(raw.headers, key) is None]
    raw, wanted = (keyless[0], key) if keyless else (others[0], header[len(name) + 1 :])
    return raw.file, wanted, raw.headers
