"""Drops made by hand: canonical tables with the raw files that they came from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity, Mode
from sync.model.finding import Findings
from sync.model.roster import FILE, ROW, Drop, DropKind, Mapped, RawTable, Table
from sync.validate import validate

Row = Mapping[str, str]
Tables = Mapping[str, list[Row]]
TODAY = date(2026, 9, 1)

PERSON = {
    "status": "active",
    "enabledUser": "true",
    "givenName": "Ada",
    "familyName": "Byron",
    "primaryOrgSourcedId": "o1",
}


def student(key: str = "s1", **cells: str) -> Row:
    """A row of students that nothing is wrong with."""
    own = {"sourcedId": key, "username": f"{key}.name", "grades": "05"}
    return {**PERSON, **own, **cells}


def user(key: str = "u1", **cells: str) -> Row:
    """A row of users that nothing is wrong with."""
    return {**PERSON, "sourcedId": key, "role": "teacher", **cells}


def agent(student_key: str = "s1", agent_key: str = "u1", **cells: str) -> Row:
    """A link between a student and a guardian."""
    own = {"studentSourcedId": student_key, "agentSourcedId": agent_key}
    return {**own, "relationshipType": "mother", **cells}


def enrollment(key: str = "e1", user_key: str = "s1", **cells: str) -> Row:
    """An enrollment of s1 in class c1."""
    own = {"sourcedId": key, "userSourcedId": user_key, "classSourcedId": "c1"}
    return {**own, "role": "student", **cells}


def raw_table(file: str, rows: list[Row], ragged: int = 0) -> RawTable:
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame(
        [{name: row.get(name, "") for name in names} for row in rows],
        schema=dict.fromkeys(names, pl.String),
    ).with_row_index(ROW, offset=2)
    lines = range(len(rows) + 2, len(rows) + 2 + ragged)
    unreadable = pl.DataFrame(
        {ROW: list(lines), "cells": [["x"]] * ragged},
        schema={ROW: pl.UInt32, "cells": pl.List(pl.String)},
    )
    return RawTable(file, frame, "utf-8", ",", "lf", unreadable)


def mapped(
    tables: Tables,
    *,
    delta: tuple[str, ...] = (),
    ragged: Mapping[str, int] | None = None,
    files: Mapping[str, str] | None = None,
    layout: str = "four-files",
) -> Mapped:
    """A mapped drop; ``files`` gives a table another file than its own name."""
    named = {name: (files or {}).get(name, f"{name}.csv") for name in tables}
    raw = {
        named[name]: raw_table(named[name], rows, (ragged or {}).get(name, 0))
        for name, rows in tables.items()
    }
    drop = Drop(Path("drop"), "drop", DropKind.FOLDER, "0" * 64, raw)
    return Mapped(
        drop,
        layout,
        {
            Entity(name): _table(name, raw_table(file, rows), name in delta)
            for (name, rows), file in zip(tables.items(), named.values(), strict=True)
        },
    )


def _table(name: str, raw: RawTable, delta: bool) -> Table:
    columns = [pl.col(one).replace("", None) for one in raw.headers]
    frame = raw.frame.select(*columns, pl.lit(raw.file).alias(FILE), ROW)
    headers = {raw.file: {one: one for one in raw.headers}}
    mode = Mode.DELTA if delta else Mode.BULK
    return Table(Entity(name), mode, frame, headers, {raw.file: ()})


class Judged:
    """What came of a drop: the roster, its findings, and the findings in short."""

    def __init__(
        self, drop: Mapped, same_username: str, earlier: Findings | None = None
    ) -> None:
        self.mapped = drop
        self.roster, self.findings = validate(
            drop, same_username=same_username, today=TODAY, earlier=earlier
        )

    @property
    def short(self) -> list[tuple[str, str, int, str | None]]:
        """Code, file without its ending, line and column of every finding."""
        columns = self.findings.frame.select("code", "file", "line", "column")
        return [
            (code, f[:-4], line, column) for code, f, line, column in columns.rows()
        ]

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, sorted."""
        return sorted(self.findings.frame["code"].to_list())

    def counts(self, name: str) -> tuple[int, int, int, int]:
        """Rows read, accepted, merged and rejected."""
        rows = self.roster.counts[Entity(name)]
        return (rows.read, rows.accepted, rows.merged, rows.rejected)

    def keys(self, name: str) -> list[str]:
        """The keys of the accepted records."""
        return self.roster.frames[Entity(name)]["_key"].to_list()

    def one(self, code: str) -> dict[str, Any]:
        """The only finding of a code."""
        (found,) = self.findings.frame.filter(code=code).to_dicts()
        return found


class School:
    """Builds and judges drops; every row made here is right unless told otherwise."""

    student = staticmethod(student)
    user = staticmethod(user)
    agent = staticmethod(agent)
    enrollment = staticmethod(enrollment)
    mapped = staticmethod(mapped)

    def judge(
        self,
        tables: Tables,
        *,
        same_username: str = "reject",
        earlier: Findings | None = None,
        **how: Any,
    ) -> Judged:
        """Validate tables given by hand."""
        return Judged(mapped(tables, **how), same_username, earlier)


@pytest.fixture(scope="session")
def school() -> School:
    """Builds and judges drops."""
    return School()
