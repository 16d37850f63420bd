"""The eight tables of a drop, on disk and in memory.

Every column is text and a blank cell is "", as the reader of a drop hands it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import polars as pl

_REFERENCE = ("sourcedId", "status", "dateLastModified")

COLUMNS: dict[str, tuple[str, ...]] = {
    "students": (
        *("sourcedId", "status", "username", "enabledUser", "givenName", "familyName"),
        *("middleName", "email", "phone", "identifier", "birthDate", "grades"),
        "primaryOrgSourcedId",
    ),
    "users": (
        *("sourcedId", "status", "username", "enabledUser", "givenName", "familyName"),
        *("email", "phone", "identifier", "primaryOrgSourcedId", "role", "roleType"),
        "roleOrgSourcedId",
    ),
    "agents": ("studentSourcedId", "agentSourcedId", "relationshipType"),
    "enrollments": (
        *("sourcedId", "status", "userSourcedId", "role", "classSourcedId"),
        *("courseSourcedId", "schoolSourcedId", "primary", "beginDate", "endDate"),
    ),
    "orgs": (*_REFERENCE, "name", "type", "identifier", "parentSourcedId"),
    "academicSessions": (
        *(*_REFERENCE, "title", "type", "startDate", "endDate"),
        *("parentSourcedId", "schoolYear"),
    ),
    "courses": (
        *(*_REFERENCE, "schoolYearSourcedId", "title", "courseCode", "grades"),
        *("orgSourcedId", "subjects", "subjectCodes"),
    ),
    "classes": (
        *(*_REFERENCE, "title", "grades", "courseSourcedId", "classCode", "classType"),
        *("location", "schoolSourcedId", "termSourcedIds", "subjects"),
        *("subjectCodes", "periods"),
    ),
}
"""Columns of each file: the four files' own, and OneRoster 1.2 CSV for the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """One drop: a frame for each of the eight files, with the columns of `COLUMNS`."""

    students: pl.DataFrame = field(repr=False)
    users: pl.DataFrame = field(repr=False)
    agents: pl.DataFrame = field(repr=False)
    enrollments: pl.DataFrame = field(repr=False)
    orgs: pl.DataFrame = field(repr=False)
    academicSessions: pl.DataFrame = field(repr=False)
    courses: pl.DataFrame = field(repr=False)
    classes: pl.DataFrame = field(repr=False)

    def items(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield the name and the frame of each table."""
        for one in fields(self):
            yield one.name, getattr(self, one.name)


def shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with the columns of the file, in order, blanks as ""."""
    columns = [pl.col(c).cast(pl.String).fill_null("") for c in COLUMNS[name]]
    return frame.select(columns)


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """Return the frame as CSV: UTF-8, LF, quotes only where they are needed."""
    # An empty text is written as two quotes, a null as nothing at all.
    cells = pl.all().replace("", None)
    return frame.select(cells).write_csv(quote_style="necessary").encode()


def write(tables: Tables, folder: Path) -> None:
    """Write the eight files into the folder, each complete or not at all."""
    contents = {f"{name}.csv": csv_bytes(frame) for name, frame in tables.items()}
    write_files(contents, folder)


def write_files(contents: dict[str, bytes], folder: Path) -> None:
    """Write each named content; a file takes its name only when it is complete.

    As with a real roster, only their user may read them.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, content in contents.items():
        unfinished = folder / f".{name}.part"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(content)
        unfinished.replace(folder / name)


def read_tables(folder: Path) -> Tables:
    """Read files that `write` wrote.

    Raises FileNotFoundError where one of the eight is not there.
    """
    frames = {
        name: pl.read_csv(folder / f"{name}.csv", infer_schema=False).fill_null("")
        for name in COLUMNS
    }
    return Tables(**frames)
