"""What is wrong with a mapping beyond its form: columns, steps that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from sync.mapping.joining import join_of
from sync.mapping.model import Join, MappingFile, Steps, TableModel
from sync.mapping.nearest import nearest
from sync.mapping.steps import needed, placeholders
from sync.model.entities import (
    ENTITIES,
    METADATA_PREFIX,
    ROLE_TYPES,
    STATUSES,
    Entity,
    Kind,
)
from sync.model.normalise import NORMALISERS

Fault = tuple[str, str]
"""The key and what is wrong with it."""

_ALLOWED = {Kind.STATUS: STATUSES, Kind.ROLE_TYPE: ROLE_TYPES}
_FREE = frozenset({Kind.IDENTIFIER, Kind.TEXT, Kind.IDENTIFIERS, Kind.LINKS})


def faults(mapping: MappingFile) -> Iterator[Fault]:
    """Every mistake, in the order of the file."""
    elsewhere = _ROLE if any(t.entity is Entity.ROLES for t in mapping.tables) else ()
    for number, table in enumerate(mapping.tables):
        place = f"tables[{number}] ({table.entity})"
        for key, problem in _of_table(table, elsewhere):
            yield f"{place}{key}", problem


_ROLE = ("role",)
"""What a file of roles says of users, so that theirs need not."""


def _of_table(table: TableModel, elsewhere: tuple[str, ...]) -> Iterator[Fault]:
    spec = ENTITIES[table.entity]
    given = {*table.columns, *(elsewhere if table.entity is Entity.USERS else ())}
    for required in spec.required:
        if required not in given:
            yield ".columns", f'the required column "{required}" is missing'
    if table.entity is Entity.ENROLLMENTS and not (
        {"classSourcedId", "courseSourcedId"} & set(table.columns)
    ):
        yield ".columns", "one of classSourcedId and courseSourcedId is required"
    yield from _of_rows(table)
    for name, steps in table.columns.items():
        key = f".columns.{name}"
        if name not in spec.names and not _is_metadata(name):
            yield key, f"unknown column{_did_you_mean(name, spec.names)}"
            continue
        yield from ((key, problem) for problem in _of_steps(steps))
        kind = spec.column(name).kind
        yield from ((key, problem) for problem in _of_values(steps, kind))


def _of_rows(table: TableModel) -> Iterator[Fault]:
    """Joins and conditions: that they name what there is."""
    joins = {f"{name}." for name in table.join}
    earlier: list[str] = []
    for name, join in table.join.items():
        if "." in name:
            yield f".join.{name}", "the name of a join has no dot in it"
        yield from ((f".join.{name}", p) for p in _of_on(join, table, earlier))
        earlier.append(name)
    for column in table.combine or {}:
        if column not in table.columns:
            problem = "names no column of the table"
            problem += _did_you_mean(column, tuple(table.columns))
            yield f".combine.{column}", problem
    for place, header in _headers(table):
        start = header.partition(".")[0] + "."
        near = nearest(start, [*joins])
        if "." in header and start not in joins and near is not None:
            yield place, f'"{start}" is no join of the table; did you mean "{near}"?'


def _of_on(join: Join, table: TableModel, earlier: list[str]) -> Iterator[str]:
    """Through which header another file is joined."""
    before = join_of(table, join.on)
    if before is None:
        return
    if before not in earlier:
        yield f'"{join.on}" is no header of a join that stands before this one'
    if join.key is None:
        yield f'key is needed: no file has a header "{join.on}"'


def _headers(table: TableModel) -> Iterator[tuple[str, str]]:
    """Every header that a table names, and where."""
    for key, names in (("where", table.where), ("unless", table.unless)):
        yield from ((f".{key}", header) for header in names)
    yield from ((".filled", header) for header in table.filled)
    for name, steps in table.columns.items():
        yield from ((f".columns.{name}", header) for header in needed(steps))


def _is_metadata(name: str) -> bool:
    return name.startswith(METADATA_PREFIX) and len(name) > len(METADATA_PREFIX)


def _of_steps(steps: Steps) -> Iterator[str]:
    given = [steps.from_, steps.template, steps.value, steps.hash]
    sources = sum(source is not None for source in given)
    if sources != 1:
        yield "exactly one of from, template, value and hash is needed"
    if steps.aliases and steps.from_ is None:
        yield "aliases need from"
    if steps.template is not None and not placeholders(steps.template):
        yield "the template names no header in braces; use value for a constant"
    if steps.part is not None and steps.split is None:
        yield "part needs split"
    if steps.part == 0:
        yield "part counts from 1, or from the end with -1"
    if sum([steps.lower, steps.upper, steps.title]) > 1:
        yield "only one of lower, upper and title"
    if (steps.as_ == "date") != (steps.format is not None):
        yield 'as = "date" and format go together'
    elif steps.format is not None and not _is_format(steps.format):
        yield f'"{steps.format}" is no form of a date, such as "%m/%d/%Y"'
    yield from _of_regex(steps)


def _is_format(form: str) -> bool:
    """Whether a day written in this form can be read back."""
    day = pl.lit(date(2011, 12, 31))
    try:
        text = day.dt.strftime(form)
        return bool(pl.select(text.str.to_date(form, strict=False) == day).item())
    except pl.exceptions.PolarsError:
        return False


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
    if steps.prefix or steps.suffix or steps.as_ or kind in _FREE:
        return
    constants = [steps.value] if not steps.values else []
    for text in [*(steps.values or {}).values(), steps.default, *constants]:
        if text and pl.select(NORMALISERS[kind](pl.lit(text))).item() is None:
            near = _did_you_mean(text, _ALLOWED.get(kind, ()))
            yield f'"{text}" is no {kind.replace("_", " ")}{near}'


def _did_you_mean(name: str, names: tuple[str, ...]) -> str:
    near = nearest(name, names)
    return f'; did you mean "{near}"?' if near else ""
