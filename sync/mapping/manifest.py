"""``manifest.csv`` of a OneRoster package: which file is bulk, delta or absent.

In: the manifest as a raw table, and the names of the files of the drop. Out: what it
says of each, and where it contradicts itself or the files (OneRoster CSV binding 1.1
and 1.2, section 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from sync.mapping.codes import (
    DECLARED_MISSING,
    MANIFEST_INCOMPLETE,
    MANIFEST_MODE,
    MANIFEST_PROPERTY,
    MANIFEST_TWICE,
    MANIFEST_VERSION,
    MISSING_COLUMN,
    PRESENT_ABSENT,
)
from sync.mapping.nearest import nearest
from sync.model.entities import Mode
from sync.model.finding import Code, Finding, found
from sync.model.roster import ROW, RawTable

VERSIONS = ("1.1", "1.2")
ABSENT = "absent"
MODES = (*(mode.value for mode in Mode), ABSENT)

_FILE = "file."
_VERSION, _FORM = "oneroster.version", "manifest.version"
_KNOWN_FORM = "1.0"
_OTHERS = (_FORM, _VERSION, "source.systemName", "source.systemCode")
_FILES = (
    *("academicSessions", "categories", "classes", "classResources", "courses"),
    *("courseResources", "demographics", "enrollments", "lineItems", "orgs"),
    *("lineItemLearningObjectiveIds", "lineItemScoreScales", "resources", "results"),
    *("resultLearningObjectiveIds", "resultScoreScales", "roles", "scoreScales"),
    *("userProfiles", "userResources", "users"),
)
_DECLARES = frozenset(f"{_FILE}{name}".casefold() for name in _FILES)
_COLUMNS = ("propertyName", "value")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest says; names of files are in lower case, without folders."""

    version: str | None = None
    modes: Mapping[str, str] = field(default_factory=dict)
    """``users.csv`` -> ``bulk``, ``delta`` or ``absent``."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One property, where it stands."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell of the manifest."""

    file: str
    line: int
    column: str
    value: str


def read_manifest(raw: RawTable, files: Iterable[str]) -> Manifest:
    """What it says, judged against the files (paths inside the drop) that are there."""
    headers = {header.casefold(): header for header in raw.headers}
    absent = [name for name in _COLUMNS if name.casefold() not in headers]
    if absent:
        return Manifest(findings=tuple(_no_column(raw.file, name) for name in absent))
    name, value = (headers[one.casefold()] for one in _COLUMNS)
    rows = raw.frame.select(
        pl.col(name).str.strip_chars(), pl.col(value).alias("value"), ROW
    )
    lines = [_Line(*row) for row in rows.rows() if row[0]]
    said: dict[str, _Line] = {}
    findings = list(_contradictions(raw.file, name, lines, said))
    findings += [
        found(MANIFEST_MODE, "this line cannot be read", file=raw.file, line=line)
        for line in raw.unreadable[ROW]
    ]
    findings += _unknown(raw.file, name, lines)
    findings += _versions(raw.file, value, said)
    there = {file.rpartition("/")[2].casefold(): file for file in files}
    modes = {}
    for key, line in said.items():
        if key in _DECLARES:
            base = f"{key.removeprefix(_FILE)}.csv"
            modes[base] = line.value.strip().casefold()
            findings += _judge(raw.file, value, line, there.get(base))
    version = said.get(_VERSION)
    return Manifest(
        None if version is None else version.value.strip(), modes, tuple(findings)
    )


def _no_column(file: str, name: str) -> Finding:
    message = f'the required column "{name}" is missing'
    hint = f"the header of a manifest is {','.join(_COLUMNS)}"
    return found(MISSING_COLUMN, message, file=file, column=name, hint=hint)


def _contradictions(
    file: str, column: str, lines: Iterable[_Line], said: dict[str, _Line]
) -> Iterator[Finding]:
    """Fill ``said``; a property that stands there twice must say the same."""
    for line in lines:
        first = said.setdefault(line.name.casefold(), line)
        if first.value.strip().casefold() != line.value.strip().casefold():
            message = f'"{line.name}" stands on line {first.line} with another value'
            yield _at(
                MANIFEST_TWICE, message, _Place(file, line.line, column, line.name)
            )


def _unknown(file: str, column: str, lines: Iterable[_Line]) -> Iterator[Finding]:
    known = (*_OTHERS, *(f"{_FILE}{name}" for name in _FILES))
    lowered = {name.casefold() for name in known}
    for line in lines:
        if line.name.casefold() not in lowered:
            near = nearest(line.name, known)
            hint = f'the nearest property is "{near}"' if near else None
            message = f'"{line.name}" is no property of a OneRoster manifest'
            place = _Place(file, line.line, column, line.name)
            yield _at(MANIFEST_PROPERTY, message, place, hint)


def _versions(file: str, column: str, said: Mapping[str, _Line]) -> Iterator[Finding]:
    for name, allowed in ((_FORM, (_KNOWN_FORM,)), (_VERSION, VERSIONS)):
        line = said.get(name)
        hint = f"known are {', '.join(allowed)}"
        if line is None:
            message = f'the manifest has no "{name}"'
            yield found(MANIFEST_INCOMPLETE, message, file=file, hint=hint)
        elif line.value.strip() not in allowed:
            code = MANIFEST_VERSION if name == _VERSION else MANIFEST_INCOMPLETE
            message = f'{name} "{line.value.strip()}" is not known'
            yield _at(code, message, _Place(file, line.line, column, line.value), hint)


def _judge(file: str, column: str, line: _Line, there: str | None) -> Iterator[Finding]:
    mode = line.value.strip().casefold()
    place = _Place(file, line.line, column, line.value)
    name = f"{line.name[len(_FILE) :]}.csv"
    if mode not in MODES:
        near = nearest(mode, MODES)
        hint = f'the nearest is "{near}"' if near else f"known are {', '.join(MODES)}"
        message = f'"{line.value.strip()}" is no mode of a file'
        yield _at(MANIFEST_MODE, message, place, hint)
    elif mode == ABSENT and there is not None:
        message = f"{file}:{line.line} declares the file absent; it was left alone"
        yield found(PRESENT_ABSENT, message, file=there)
    elif mode != ABSENT and there is None:
        message = f"{name} is declared {mode}, but it is not in the drop"
        yield _at(DECLARED_MISSING, message, place)


def _at(code: Code, message: str, place: _Place, hint: str | None = None) -> Finding:
    return found(
        code,
        message,
        file=place.file,
        line=place.line,
        column=place.column,
        value=place.value,
        hint=hint or code.remedy,
    )
