"""What is wrong with a mapping beyond its form: columns, steps that do not fit."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from sync.mapping.model import MappingFile, Steps, TableModel
from sync.mapping.nearest import nearest
from sync.mapping.steps import placeholders
from sync.model.entities import (
    ENTITIES,
    METADATA_PREFIX,
    ROLE_TYPES,
    STATUSES,
    Entity,
    Kind,
)

Fault = tuple[str, str]
"""The key and what is wrong with it."""

_ALLOWED = {Kind.STATUS: STATUSES, Kind.ROLE_TYPE: ROLE_TYPES}


def faults(mapping: MappingFile) -> Iterator[Fault]:
    """Every mistake, in the order of the file."""
    for number, table in enumerate(mapping.tables):
        place = f"tables[{number}] ({table.entity})"
        for key, problem in _of_table(table):
            yield f"{place}{key}", problem


def _of_table(table: TableModel) -> Iterator[Fault]:
    spec = ENTITIES[table.entity]
    for required in spec.required:
        if required not in table.columns:
            yield ".columns", f'the required column "{required}" is missing'
    if table.entity is Entity.ENROLLMENTS and not (
        {"classSourcedId", "courseSourcedId"} & set(table.columns)
    ):
        yield ".columns", "one of classSourcedId and courseSourcedId is required"
    for name, steps in table.columns.items():
        key = f".columns.{name}"
        if name not in spec.names and not _is_metadata(name):
            yield key, f"unknown column{_did_you_mean(name, spec.names)}"
            continue
        yield from ((key, problem) for problem in _of_steps(steps))
        kind = spec.column(name).kind
        yield from ((key, problem) for problem in _of_values(steps, kind))


def _is_metadata(name: str) -> bool:
    return name.startswith(METADATA_PREFIX) and len(name) > len(METADATA_PREFIX)


def _of_steps(steps: Steps) -> Iterator[str]:
    given = [steps.from_, steps.template, steps.value]
    sources = sum(source is not None for source in given)
    if sources != 1:
        yield "exactly one of from, template and value is needed"
    if steps.aliases and steps.from_ is None:
        yield "aliases need from"
    if steps.template is not None and not placeholders(steps.template):
        yield "the template names no header in braces; use value for a constant"
    if sum([steps.lower, steps.upper, steps.title]) > 1:
        yield "only one of lower, upper and title"
    if (steps.as_ == "date") != (steps.format is not None):
        yield 'as = "date" and format go together'
    yield from _of_regex(steps)


def _of_regex(steps: Steps) -> Iterator[str]:
    if (steps.regex is None) != (steps.replace is None):
        yield "regex and replace go together"
    elif steps.regex is not None:
        try:
            pl.select(pl.lit("").str.contains(steps.regex))
        except pl.exceptions.PolarsError:
            yield "the regex cannot be read (Rust syntax: no look-around)"


def _of_values(steps: Steps, kind: Kind) -> Iterator[str]:
    if kind is Kind.STATUS and steps.default not in {None, "active"}:
        yield 'the default of status may only be "active": an unknown code is no leaver'
    lowered = [key.strip().lower() for key in steps.values or {}]
    if len(lowered) != len(set(lowered)):
        yield "two values differ only in case or spaces"
    allowed = _ALLOWED.get(kind)
    for value in (steps.values or {}).values():
        if allowed is not None and value not in allowed:
            yield f'"{value}" is no {kind}{_did_you_mean(value, allowed)}'


def _did_you_mean(name: str, names: tuple[str, ...]) -> str:
    near = nearest(name, names)
    return f'; did you mean "{near}"?' if near else ""
