"""Small districts for tests, and changes to their files."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl

from sync.samples import Tables, generate, write

STUDENTS = 8
ALWAYS = {"beginDate": "2020-08-17", "endDate": "2090-06-04"}
"""Dates of enrollments around whatever day the tests run on."""


@cache
def district(students: int = STUDENTS, seed: int = 1) -> Tables:
    """A district whose enrollments are in force on every day."""
    tables = generate(students, seed)
    dates = {name: pl.lit(text) for name, text in ALWAYS.items()}
    return replace(tables, enrollments=tables.enrollments.with_columns(**dates))


@cache
def slim() -> Tables:
    """A district with fewer than 20 enrollments, so few that no share is judged."""
    tables = district()
    rows = tables.enrollments.sort("sourcedId")
    pupils = rows.filter(pl.col("role") == "student").unique(
        "userSourcedId", keep="first", maintain_order=True
    )
    others = rows.filter(pl.col("role") != "student").head(8)
    return replace(tables, enrollments=pl.concat([pupils, others]).sort("sourcedId"))


def without_students(tables: Tables, *keys: str) -> Tables:
    """The district after these students left: no row anywhere names them."""
    return replace(
        tables,
        students=tables.students.filter(~pl.col("sourcedId").is_in(keys)),
        agents=tables.agents.filter(~pl.col("studentSourcedId").is_in(keys)),
        enrollments=tables.enrollments.filter(~pl.col("userSourcedId").is_in(keys)),
    )


def with_cell(tables: Tables, name: str, key: str, **cells: str) -> Tables:
    """The district with other cells in the rows of one ``sourcedId``."""
    frame: pl.DataFrame = getattr(tables, name)
    there = pl.col("sourcedId") == key
    changed = [
        pl.when(there).then(pl.lit(text)).otherwise(pl.col(column)).alias(column)
        for column, text in cells.items()
    ]
    return replace(tables, **{name: frame.with_columns(changed)})


def drop(tables: Tables, folder: Path) -> Path:
    """Write a drop and name it."""
    write(tables, folder)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace text in a file of a drop; the text must be there."""
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new), "utf-8")
