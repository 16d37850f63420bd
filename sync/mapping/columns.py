"""One file against one table of the mapping: what is there, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync.mapping.codes import (
    IGNORED_COLUMNS,
    MISSING_COLUMN,
    MISSPELT_COLUMN,
    NO_CLASS_OR_COURSE,
)
from sync.mapping.model import Steps, TableModel
from sync.mapping.nearest import nearest
from sync.mapping.steps import needed
from sync.model.entities import ENTITIES, METADATA_PREFIX, Entity
from sync.model.finding import Finding, found

EITHER = ("classSourcedId", "courseSourcedId")
"""An enrollment has one of these two."""


_ONEROSTERS = frozenset({"datelastmodified", "datemodified"})
"""Columns of OneRoster's own: nothing uses them, and nothing need be said of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which canonical columns a file gives, and from which of its headers."""

    columns: dict[str, tuple[Steps, dict[str, str]]]
    """Canonical column -> its steps, and how each header they need is written."""
    where: dict[str, list[str]]
    """Header as it is written -> the values of which one must stand there."""
    misspelt: dict[str, str]
    """Header -> the right name."""
    ignored: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    """(header, canonical column) that are required and not there."""

    @property
    def used(self) -> int:
        """How many of the file's headers something uses."""
        headers = {h for _, names in self.columns.values() for h in names.values()}
        return len(headers | set(self.where))


def plan(headers: Iterable[str], table: TableModel) -> Plan:
    """Match a header with a table, in any case and with spaces around names."""
    known = {header.strip().casefold(): header for header in headers}
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
        elif name in spec.required:
            missing += [(header, name) for header in _lacking(steps, known)]
    where = {
        known.get(_key(name), name): values for name, values in table.where.items()
    }
    missing += [(name, name) for name in where if name not in known.values()]
    columns |= _metadata(known, columns) if table.metadata else {}
    used = {header for _, names in columns.values() for header in names.values()}
    ignored = tuple(h for h in known.values() if h not in used and h not in where)
    return Plan(columns, where, misspelt, ignored, tuple(missing))


def lacks_class_and_course(table: TableModel, plan: Plan) -> bool:
    """Whether enrollments do not say in what."""
    return table.entity is Entity.ENROLLMENTS and not set(EITHER) & set(plan.columns)


def findings(file: str, table: TableModel, plan: Plan) -> list[Finding]:
    """What is to say about a file's header: all missing columns at once."""
    entity = table.entity.value
    listed = [
        _missing(file, entity, header, name, plan) for header, name in plan.missing
    ]
    if lacks_class_and_course(table, plan):
        listed.append(_no_class_or_course(file, entity, plan))
    for header, right in plan.misspelt.items():
        message = f'read as "{right}", of which it is a known misspelling'
        listed.append(
            found(MISSPELT_COLUMN, message, entity=entity, file=file, column=header)
        )
    unused = [one for one in plan.ignored if one.casefold() not in _ONEROSTERS]
    if unused and not plan.missing:  # without a header these would be cells
        message = f"columns that nothing uses: {', '.join(unused)}"
        listed.append(found(IGNORED_COLUMNS, message, entity=entity, file=file))
    return listed


def _key(name: str) -> str:
    return name.strip().casefold()


def _there(steps: Steps, known: dict[str, str]) -> dict[str, str] | None:
    """The headers of a column as they are written; None where it cannot be made."""
    names = needed(steps)
    there = {name: known[_key(name)] for name in names if _key(name) in known}
    if steps.value is not None:
        return {}
    enough = len(there) == len(set(names)) if steps.template else bool(there)
    return there if enough else None


def _alias(steps: Steps, known: dict[str, str]) -> str | None:
    return next((known[_key(a)] for a in steps.aliases if _key(a) in known), None)


def _lacking(steps: Steps, known: dict[str, str]) -> list[str]:
    """The headers to name: all that a template lacks, or the first of ``from``."""
    names = needed(steps)
    if steps.template is None:
        return names[:1]
    return [name for name in names if _key(name) not in known]


def _metadata(
    known: dict[str, str], columns: dict[str, tuple[Steps, dict[str, str]]]
) -> dict[str, tuple[Steps, dict[str, str]]]:
    """``metadata.*`` as it is written, but for the case of ``metadata.`` itself."""
    carried = {}
    for key, header in known.items():
        name = METADATA_PREFIX + header.strip()[len(METADATA_PREFIX) :]
        longer = len(name) > len(METADATA_PREFIX)
        if key.startswith(METADATA_PREFIX) and longer and name not in columns:
            carried[name] = (Steps.model_validate({"from": header}), {header: header})
    return carried


def _missing(file: str, entity: str, header: str, name: str, plan: Plan) -> Finding:
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


def _no_class_or_course(file: str, entity: str, plan: Plan) -> Finding:
    first, second = EITHER
    message = f'the file has neither "{first}" nor "{second}"; one is required'
    hint = f"{first}: {_hint(first, plan)}; {second}: {_hint(second, plan)}"
    return found(
        NO_CLASS_OR_COURSE, message, entity=entity, file=file, column=first, hint=hint
    )
