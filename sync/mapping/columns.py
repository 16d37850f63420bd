"""One file against one table of the mapping: what is there, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sync.mapping.codes import (
    IGNORED_COLUMNS,
    MISSING_COLUMN,
    MISSPELT_COLUMN,
    NO_CLASS_OR_COURSE,
)
from sync.mapping.joining import Aliases, header_of
from sync.mapping.model import Steps, TableModel
from sync.mapping.nearest import nearest
from sync.mapping.steps import needed, needs_all
from sync.model.entities import ENTITIES, METADATA_PREFIX, SATELLITES, Entity
from sync.model.finding import Finding, found

EITHER = ("classSourcedId", "courseSourcedId")
"""An enrollment has one of these two."""


_UNSAID = frozenset({"datelastmodified", "datemodified"})
"""Columns of OneRoster's own: no record has them, and nothing need be said of it."""

OWN_METADATA = METADATA_PREFIX + "rosterSync."
"""What ``convert`` writes where a layout has no column for it: never carried along."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which canonical columns a file gives, and from which of its headers."""

    columns: dict[str, tuple[Steps, dict[str, str]]]
    """Canonical column -> its steps, and how each header they need is written."""
    where: dict[str, list[str]]
    """Header as it is written -> the values of which one must stand there."""
    unless: dict[str, list[str]]
    """Header as it is written -> values of which none may stand there."""
    filled: list[str]
    """Headers as they are written whose cells must not be blank."""
    misspelt: dict[str, str]
    """Header -> the right name."""
    ignored: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    """(header, canonical column) that are required and not there."""

    @property
    def headers(self) -> set[str]:
        """The headers that the columns are made of."""
        return {h for _, names in self.columns.values() for h in names.values()}

    @property
    def used(self) -> set[str]:
        """The file's headers that something uses."""
        return self.headers | {*self.where, *self.unless, *self.filled}


def plan(
    headers: Iterable[str],
    table: TableModel,
    joined: Iterable[str] = (),
    aliases: Aliases | None = None,
) -> Plan:
    """Match a header with a table, in any case and with spaces around names.

    ``joined``: the names under which cells of other files can be used; ``aliases``:
    known misspellings of headers, for conditions and joins.
    """
    own = tuple(headers)
    known = {header.strip().casefold(): header for header in (*joined, *own)}
    columns: dict[str, tuple[Steps, dict[str, str]]] = {}
    misspelt: dict[str, str] = {}
    missing: list[tuple[str, str]] = []
    spec = ENTITIES[table.entity]
    for name, steps in table.columns.items():
        there = _there(steps, known)
        if there is None and (alias := _alias(steps, known)) is not None:
            there = {alias: alias}
            misspelt[alias] = needed(steps)[0]
        if there is not None:
            columns[name] = (steps, there)
        elif name in spec.required and not steps.optional:
            missing += [(header, name) for header in _lacking(steps, known)]

    def written(name: str) -> str:
        return header_of(known.values(), name, aliases) or name

    where, unless = (
        {written(name): values for name, values in conditions.items()}
        for conditions in (table.where, table.unless)
    )
    filled = [written(name) for name in table.filled]
    asked = [*where, *filled]
    missing += [(name, name) for name in asked if name not in known.values()]
    columns |= _metadata(own, columns) if table.metadata else {}
    on = {written(join.on) for join in table.join.values()}
    found = Plan(columns, where, unless, filled, misspelt, (), tuple(missing))
    used = found.used | on | {known.get(_key(name), name) for name in table.unused}
    return replace(found, ignored=tuple(h for h in own if h not in used))


def lacks_class_and_course(table: TableModel, plan: Plan) -> bool:
    """Whether enrollments do not say in what."""
    return table.entity is Entity.ENROLLMENTS and not set(EITHER) & set(plan.columns)


def findings(file: str, matched: Sequence[tuple[TableModel, Plan]]) -> list[Finding]:
    """What is to say about a file's header: all missing columns at once.

    A file may feed several tables; what is wrong for each of them is said once, of
    the entity under which the file's rows count.
    """
    listed: dict[tuple[str, str | None], Finding] = {}
    entity = counted([table.entity for table, _ in matched])
    named = None if entity is None or entity in SATELLITES else entity.value
    for table, one in matched:
        for finding in _of_table(file, named, table, one):
            listed.setdefault((finding.code, finding.column), finding)
    if unused := _unused(matched):
        message = f"columns that nothing uses: {', '.join(unused)}"
        finding = found(IGNORED_COLUMNS, message, entity=named, file=file)
        listed[(finding.code, None)] = finding
    return list(listed.values())


def counted(entities: Sequence[Entity]) -> Entity | None:
    """The entity under which rows of a file count that cannot be told apart.

    Of several it is that of users where they are among them (a user without a role
    is rejected under users), else the first that the mapping names.
    """
    if Entity.USERS in entities:
        return Entity.USERS
    return next(iter(entities), None)


def _of_table(
    file: str, entity: str | None, table: TableModel, one: Plan
) -> Iterator[Finding]:
    beside = tuple(f"{name}." for name in table.join)
    for header, name in one.missing:
        if header.startswith(beside):
            continue  # said of the file that lacks it
        yield _missing(file, entity, header, name, one)
    if lacks_class_and_course(table, one):
        yield _no_class_or_course(file, entity, one)
    for header, right in one.misspelt.items():
        message = f'read as "{right}", of which it is a known misspelling'
        yield found(MISSPELT_COLUMN, message, entity=entity, file=file, column=header)


def _unused(matched: Sequence[tuple[TableModel, Plan]]) -> list[str]:
    """The headers that no table of the file uses; none where one is missing: without
    a header line these would be cells."""
    if not matched or any(one.missing for _, one in matched):
        return []
    return [
        header
        for header in matched[0][1].ignored
        if all(header in one.ignored for _, one in matched)
        and header.casefold() not in _UNSAID
        and not is_own(header)
    ]


def _key(name: str) -> str:
    return name.strip().casefold()


def _there(steps: Steps, known: dict[str, str]) -> dict[str, str] | None:
    """The headers of a column as they are written; None where it cannot be made."""
    names = needed(steps)
    there = {name: known[_key(name)] for name in names if _key(name) in known}
    if steps.value is not None:
        return {}
    enough = len(there) == len(set(names)) if needs_all(steps) else bool(there)
    return there if enough else None


def _alias(steps: Steps, known: dict[str, str]) -> str | None:
    return next((known[_key(a)] for a in steps.aliases if _key(a) in known), None)


def _lacking(steps: Steps, known: dict[str, str]) -> list[str]:
    """The headers to name: all that a template lacks, or the first of ``from``."""
    names = needed(steps)
    if not needs_all(steps):
        return names[:1]
    return [name for name in names if _key(name) not in known]


def _metadata(
    own: Iterable[str], columns: dict[str, tuple[Steps, dict[str, str]]]
) -> dict[str, tuple[Steps, dict[str, str]]]:
    """``metadata.*`` as it is written, but for the case of ``metadata.`` itself."""
    carried = {}
    for header in own:
        name = METADATA_PREFIX + header[len(METADATA_PREFIX) :]
        kept = _key(header).startswith(METADATA_PREFIX) and name not in columns
        if kept and len(name) > len(METADATA_PREFIX) and not is_own(header):
            carried[name] = (Steps.of(header), {header: header})
    return carried


def is_own(header: str) -> bool:
    """Whether a column is one that ``convert`` adds."""
    return _key(header).startswith(OWN_METADATA.casefold())


def _missing(
    file: str, entity: str | None, header: str, name: str, plan: Plan
) -> Finding:
    message = f'the required column "{header}" is missing'
    if header != name:
        message += f" (for {name})"
    hint = _hint(header, plan)
    return found(
        MISSING_COLUMN, message, entity=entity, file=file, column=header, hint=hint
    )


def _hint(header: str, plan: Plan) -> str:
    near = nearest(header, plan.ignored)
    if near is None:
        return "no other column of the file has a similar name"
    return f'the nearest column of the file is "{near}"'


def _no_class_or_course(file: str, entity: str | None, plan: Plan) -> Finding:
    first, second = EITHER
    message = f'the file has neither "{first}" nor "{second}"; one is required'
    hint = f"{first}: {_hint(first, plan)}; {second}: {_hint(second, plan)}"
    return found(
        NO_CLASS_OR_COURSE, message, entity=entity, file=file, column=first, hint=hint
    )
