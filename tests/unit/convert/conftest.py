"""Small drops of four files, taken in, and packages made of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sync.convert import OutFile, Package, as_delivered, convert
from sync.flow import How, take_in
from sync.model.roster import Roster

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]

MOMENT = datetime(2026, 8, 31, 2, 15, 30, 250_000, tzinfo=UTC)

PERSON = {
    "status": "active",
    "enabledUser": "true",
    "givenName": "Ada",
    "familyName": "Byron",
    "primaryOrgSourcedId": "o1",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A package with its files by name."""

    package: Package

    def file(self, name: str) -> OutFile:
        return next(one for one in self.package.files if one.name == f"{name}.csv")

    def names(self) -> list[str]:
        return [one.name for one in self.package.files]

    def row(self, name: str, key: str) -> dict[str, str | None]:
        """The row of that sourcedId, without its blank cells."""
        frame = self.file(name).frame
        (row,) = frame.filter(frame["sourcedId"] == key).to_dicts()
        return {column: cell for column, cell in row.items() if cell is not None}

    def manifest(self) -> dict[str, str]:
        frame = self.file("manifest").frame
        return dict(zip(frame["propertyName"], frame["value"], strict=True))


class Office:
    """Where drops are put together: rows of the four files in, a package out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def student(self, key: str = "s1", **cells: str) -> Row:
        own = {"sourcedId": key, "username": f"{key}.name", "grades": "05"}
        return {**PERSON, **own, **cells}

    def user(self, key: str = "u1", **cells: str) -> Row:
        own = {"sourcedId": key, "role": "guardian", "roleOrgSourcedId": "o1"}
        return {**PERSON, **own, **cells}

    def link(self, student: str = "s1", agent: str = "u1", **cells: str) -> Row:
        own = {"studentSourcedId": student, "agentSourcedId": agent}
        return {**own, "relationshipType": "guardian", **cells}

    def drop(self, tables: Tables) -> Path:
        """A drop of these tables, in a folder of its own."""
        folder = self.folder / f"drop-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        for name, rows in tables.items():
            header = list(dict.fromkeys(column for row in rows for column in row))
            with (folder / f"{name}.csv").open(
                "w", encoding="utf-8", newline=""
            ) as file:
                lines = csv.DictWriter(file, header, restval="", lineterminator="\n")
                lines.writeheader()
                lines.writerows(rows)
        return folder

    def roster(self, tables: Tables, *, delta: bool = False) -> Roster:
        """The roster of a drop, with cells as they were delivered."""
        intake = take_in(self.drop(tables), How(delta=delta), date(2026, 9, 1))
        assert intake.roster is not None
        assert intake.mapped is not None
        return as_delivered(intake.roster, intake.mapped)

    def made(
        self,
        layout: str,
        tables: Tables | None = None,
        *,
        delta: bool = False,
        **more: Sequence[Row],
    ) -> Made:
        """What a drop of these tables becomes in another layout."""
        roster = self.roster({**(tables or {}), **more}, delta=delta)
        return Made(convert(roster, layout, MOMENT))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)
