"""A comparison as it is shown: lines for people, a document for programs, a sheet.

In: a ``Comparison``. Out: text and document, of which personal cells are masked unless
somebody asks to see them, with the first few rows of each kind; and the frame of the
sheet, which has all of them as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from sync.compare.changes import ADDED, CHANGED, REMOVED
from sync.compare.found import Columns, Comparison, FileChanges
from sync.model.counted import number
from sync.model.plain import plain
from sync.report.changes import field_change
from sync.report.mask import HIDDEN, header_is_open, is_open

FORMAT = 1
SHEET = ("file", "entity", "change", "key", "column", "before", "after", "repeated")
"""The columns of the sheet."""
_KINDS = (ADDED, REMOVED, CHANGED)


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a comparison is shown."""

    limit: int = 10
    """Rows of each kind and file."""
    reveal: bool = False


def document(found: Comparison, shown: Shown, exit_code: int) -> dict[str, Any]:
    """The document of ``compare --json``, ready for ``json.dumps``."""
    return {
        "format": FORMAT,
        "command": "compare",
        "exit_code": int(exit_code),
        "before": str(found.before),
        "after": str(found.after),
        "layout": found.layout,
        "differs": any(one.differs for one in found.files),
        "files": [_file(one, shown) for one in found.files],
        "refused": found.refused.frame.filter(severity="refused")
        .select("file", "line", "code", "message", "hint")
        .to_dicts(),
    }


def _file(one: FileChanges, shown: Shown) -> dict[str, Any]:
    before, after = one.only
    return {
        "file": one.file,
        "entity": one.columns.entity,
        "key": list(one.columns.key),
        "in": {"before": one.there[0], "after": one.there[1]},
        "rows": {"before": one.rows.before, "after": one.rows.after},
        "added": one.added,
        "removed": one.removed,
        "changed": one.changed,
        "repeated_keys": one.repeated,
        "unreadable": {
            "before": one.unreadable.before,
            "after": one.unreadable.after,
        },
        "columns": one.cells,
        "only_before": list(before),
        "only_after": list(after),
        "examples": [
            {
                "change": example.change,
                "key": example.key,
                "cells": {
                    name: {"before": old, "after": new}
                    for name, old, new in example.cells
                },
            }
            for example in _examples(one, shown)
        ],
    }


@dataclass(frozen=True, slots=True)
class _Example:
    """One row as it may be shown."""

    change: str
    key: str | None
    cells: tuple[tuple[str, str, str], ...]


def _examples(one: FileChanges, shown: Shown) -> Iterator[_Example]:
    """The first rows of each kind that have a key."""
    for kind in _KINDS:
        mine = one.changes.filter(pl.col("key").is_not_null(), change=kind)
        first = mine["key"].unique(maintain_order=True).head(shown.limit)
        few = mine.filter(pl.col("key").is_in(first.implode()))
        for (key,), rows in few.group_by(["key"], maintain_order=True):
            cells = (
                _cell(one.columns, row, shown) for row in rows.iter_rows(named=True)
            )
            said = tuple(cells) if kind == CHANGED else ()
            yield _Example(kind, _key(one.columns, str(key), shown), said)


def _key(columns: Columns, key: str, shown: Shown) -> str:
    is_shown = shown.reveal or all(_is_open(columns, name) for name in columns.key)
    return key if is_shown else HIDDEN


def _is_open(columns: Columns, header: str) -> bool:
    """Whether cells under a header may be shown: the mapping knows, or its words."""
    name = columns.canonical.get(header)
    return header_is_open(header) if name is None else is_open(name)


def _cell(
    columns: Columns, row: Mapping[str, str], shown: Shown
) -> tuple[str, str, str]:
    header = row["column"]
    name = columns.canonical.get(header or "", "")
    reveal = shown.reveal or (header is not None and _is_open(columns, header))
    change = field_change(name, row["before"], row["after"], reveal=reveal)
    return header or "", change.before, change.after


def lines(found: Comparison, shown: Shown) -> Iterator[str]:
    """The comparison for people; every line is harmless on a terminal."""
    yield f"compared as {found.layout}"
    for one in found.files:
        yield from map(plain, _lines(one, shown))
    if not any(one.differs for one in found.files):
        yield "nothing changed"


def _lines(one: FileChanges, shown: Shown) -> Iterator[str]:
    yield f"{one.file}: {_counts(one)}"
    for side, names in zip(("before", "after"), one.only, strict=True):
        if names and all(one.there):
            yield f"  columns only {side}: {', '.join(names)}"
    if one.cells:
        listed = ", ".join(f"{name} {count:,}" for name, count in one.cells.items())
        yield f"  cells changed: {listed}"
    if not one.columns.key and not one.changes.is_empty():
        yield "  no key is known, so that whole rows were compared"
    if one.repeated:
        yield (
            f"  {number(one.repeated, 'key')} with several rows: each of these rows "
            "that differs counts as added or removed"
        )
    unreadable = one.unreadable.before + one.unreadable.after
    if unreadable:
        yield (
            f"  {number(unreadable, 'row')} with too few or too many cells, not "
            "compared: roster-sync check names them"
        )
    yield from _example_lines(one, shown)


def _counts(one: FileChanges) -> str:
    if not all(one.there):
        side, count = ("after", one.added) if one.there[1] else ("before", one.removed)
        return f"only in the drop {side}, {number(count, 'row')}"
    rows = number(one.rows.after, "row")
    if not one.differs:
        return f"{rows}, nothing changed"
    if one.rows.before != one.rows.after:
        rows = f"{one.rows.before:,} -> {rows}"
    counts = [(one.added, ADDED), (one.removed, REMOVED), (one.changed, CHANGED)]
    return f"{rows}, {', '.join(f'{count:,} {word}' for count, word in counts)}"


def _example_lines(one: FileChanges, shown: Shown) -> Iterator[str]:
    totals = {ADDED: one.added, REMOVED: one.removed, CHANGED: one.changed}
    told = dict.fromkeys(_KINDS, 0)
    for example in _examples(one, shown):
        told[example.change] += 1
        cells = "; ".join(f"{name} {old} -> {new}" for name, old, new in example.cells)
        yield f"  {example.change} {example.key}{': ' if cells else ''}{cells}"
    more = [
        f"{totals[kind] - count:,} {kind}"
        for kind, count in told.items()
        if all(one.there) and one.columns.key and totals[kind] > count
    ]
    if more:
        yield f"  and {', '.join(more)}: --out FILE writes all of them"


def sheet(found: Comparison) -> pl.DataFrame:
    """All changes of all files; columns ``SHEET``."""
    parts = [
        one.changes.with_columns(
            pl.lit(one.file).alias("file"),
            pl.lit(one.columns.entity, pl.String).alias("entity"),
        ).select(SHEET)
        for one in found.files
    ]
    schema = dict.fromkeys(SHEET[:-1], pl.String()) | {"repeated": pl.Boolean()}
    return pl.concat([pl.DataFrame(schema=schema), *parts])
