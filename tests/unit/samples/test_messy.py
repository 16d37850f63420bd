from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from sync.samples import Tables, generate, messy_night, next_night


class Mistake(NamedTuple):
    """One line of the README: the place, the kind, and the text that stands there."""

    file: str
    line: int
    kind: str
    column: str
    text: str
    effect: str


class Row(NamedTuple):
    """A record as the csv module reads it, with the line on which it starts."""

    line: int
    cells: list[str]


_ENCODINGS = {"courses.csv": "cp1252", "students.csv": "utf-8-sig"}
_DELIMITERS = {"agents.csv": ";"}


@pytest.fixture(scope="module")
def night() -> Tables:
    return next_night(generate(200, 1), 2, 0.1)


@pytest.fixture(scope="module")
def files(night: Tables) -> dict[str, bytes]:
    return messy_night(night, 1)


def _text(files: dict[str, bytes], name: str) -> str:
    return files[name].decode(_ENCODINGS.get(name, "utf-8"))


def _mistakes(files: dict[str, bytes]) -> list[Mistake]:
    found = []
    for line in files["README.md"].decode().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[1].isdigit():
            text = line.strip("|").split("|")[4][1:-1].strip("`")
            place = (cells[0], int(cells[1]), cells[2], cells[3])
            found.append(Mistake(*place, text, cells[5]))
    return found


def _rows(files: dict[str, bytes], name: str) -> Iterator[Row]:
    text = io.StringIO(_text(files, name), newline="")
    reader = csv.reader(text, delimiter=_DELIMITERS.get(name, ","), strict=True)
    line = 1
    for cells in reader:
        yield Row(line, cells)
        line = reader.line_num + 1


def _table(files: dict[str, bytes], name: str) -> dict[int, dict[str, str]]:
    """Rows by line; a row of the wrong width has only what the header names."""
    header, *rows = _rows(files, name)
    columns = [cell.strip().lower() for cell in header.cells]
    return {row.line: dict(zip(columns, row.cells, strict=False)) for row in rows}


def test_every_mistake_of_the_readme_stands_on_its_line(
    files: dict[str, bytes],
) -> None:
    for mistake in _mistakes(files):
        lines = re.split("\r\n|\n", _text(files, mistake.file))
        assert mistake.text in lines[mistake.line - 1], mistake


def test_every_mistake_stands_in_the_column_that_is_named(
    files: dict[str, bytes],
) -> None:
    exact = [m for m in _mistakes(files) if m.line > 1 and m.column]
    for mistake in exact:
        row = _table(files, mistake.file)[mistake.line]
        cell = row[mistake.column.lower()]
        if mistake.kind == "missing-required-value":
            assert cell == ""
        elif mistake.kind not in ("too-many-cells", "quoted-line-break"):
            assert cell == mistake.text


def _has_other_width(files: dict[str, bytes], mistake: Mistake, by: int) -> bool:
    header, *rows = _rows(files, mistake.file)
    row = next(row for row in rows if row.line == mistake.line)
    return len(row.cells) == len(header.cells) + by


def _twins(files: dict[str, bytes], mistake: Mistake) -> list[dict[str, str]]:
    rows = _table(files, mistake.file).values()
    return [row for row in rows if row.get("sourcedid") == mistake.text]


def _is_unknown(*tables: str) -> Callable[[dict[str, bytes], Mistake], bool]:
    def unknown(files: dict[str, bytes], mistake: Mistake) -> bool:
        rows = [row for name in tables for row in _table(files, name).values()]
        return all(row.get("sourcedid") != mistake.text for row in rows)

    return unknown


def _end_is_early(files: dict[str, bytes], mistake: Mistake) -> bool:
    row = _table(files, mistake.file)[mistake.line]
    return row["enddate"] < row["begindate"]


def _is_own_guardian(files: dict[str, bytes], mistake: Mistake) -> bool:
    row = _table(files, mistake.file)[mistake.line]
    return row["studentsourcedid"] == row["agentsourcedid"]


def _is_shared(files: dict[str, bytes], mistake: Mistake) -> bool:
    rows = _table(files, "users.csv").values()
    names = [(row.get("username", "").lower(), row.get("sourcedid")) for row in rows]
    return len({who for name, who in names if name == mistake.text.lower()}) == 2


def _is_repaired(_: dict[str, bytes], mistake: Mistake) -> bool:
    return mistake.text.encode("cp1252").decode() != mistake.text


def _goes_on(files: dict[str, bytes], mistake: Mistake) -> bool:
    cell = _table(files, mistake.file)[mistake.line][mistake.column.lower()]
    return "\n" in cell and '"' in cell


def _is_windows_1252(files: dict[str, bytes], mistake: Mistake) -> bool:
    with pytest.raises(UnicodeDecodeError):
        files[mistake.file].decode()
    return "Español" in _text(files, mistake.file)


def _refers_to_rejected(files: dict[str, bytes], mistake: Mistake) -> bool:
    return any(
        mistake.text in _table(files, m.file)[m.line].values()
        for m in _mistakes(files)
        if m.file in ("students.csv", "users.csv") and m.line > 1
        if m.kind != "blank-line"
    )


_PEOPLE = ("students.csv", "users.csv")

CHECKS: dict[str, Callable[[dict[str, bytes], Mistake], bool]] = {
    "bad-date": lambda _, m: not re.fullmatch(r"\d{4}-\d\d-\d\d", m.text),
    "bad-grade": lambda _, m: m.text == "4B",
    "blank-line": lambda _, m: m.text.strip(",") == "",
    "byte-order-mark": lambda f, m: f[m.file].startswith(b"\xef\xbb\xbf"),
    "crlf": lambda f, m: f[m.file].count(b"\n") == f[m.file].count(b"\r\n"),
    "end-before-begin": _end_is_early,
    "header-in-capitals-and-spaces": lambda _, m: m.text == " SOURCEDID ",
    "malformed-email": lambda _, m: "@" not in m.text,
    "malformed-phone": lambda _, m: len(re.findall(r"\d", m.text)) < 7,
    "missing-required-value": lambda _, m: bool(m.text),
    "mojibake": _is_repaired,
    "own-guardian": _is_own_guardian,
    "quoted-line-break": _goes_on,
    "rejected-person": _refers_to_rejected,
    "same-key-other-content": lambda f, m: (
        len(_twins(f, m)) == 2 and _twins(f, m)[0] != _twins(f, m)[1]
    ),
    "same-key-same-content": lambda f, m: (
        len(_twins(f, m)) == 2 and _twins(f, m)[0] == _twins(f, m)[1]
    ),
    "semicolon": lambda f, m: b"," not in f[m.file],
    "shared-username": _is_shared,
    "spreadsheet-identifier": lambda _, m: m.text == "1.23E+05",
    "too-few-cells": lambda f, m: _has_other_width(f, m, -2),
    "too-many-cells": lambda f, m: _has_other_width(f, m, 1),
    "unknown-agent": _is_unknown(*_PEOPLE),
    "unknown-class": _is_unknown("classes.csv"),
    "unknown-column": lambda _, m: m.text == "Bus Notes",
    "unknown-org": _is_unknown("orgs.csv"),
    "unknown-role": lambda _, m: m.text in ("pupil", "paraprofessional"),
    "unknown-student": _is_unknown(*_PEOPLE),
    "unknown-user": _is_unknown(*_PEOPLE),
    "windows-1252": _is_windows_1252,
}


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_each_kind_of_mistake_is_planted(files: dict[str, bytes], kind: str) -> None:
    planted = [m for m in _mistakes(files) if m.kind == kind]
    assert planted
    assert all(CHECKS[kind](files, mistake) for mistake in planted)


def test_there_is_no_mistake_of_another_kind(files: dict[str, bytes]) -> None:
    assert {m.kind for m in _mistakes(files)} == set(CHECKS)


def test_rows_without_a_mistake_are_those_of_the_good_night(
    night: Tables, files: dict[str, bytes]
) -> None:
    named = {(m.file, m.line) for m in _mistakes(files)}
    for name, frame in night.items():
        columns = [column.lower() for column in frame.columns]
        good = set(frame.rows())
        for line, row in _table(files, f"{name}.csv").items():
            if row and (f"{name}.csv", line) not in named:
                assert tuple(row[column] for column in columns) in good


def test_fewer_rows_are_rejected_than_refuse_a_drop(
    night: Tables, files: dict[str, bytes]
) -> None:
    for name, frame in night.items():
        lines = {
            m.line
            for m in _mistakes(files)
            if m.file == f"{name}.csv" and "rejected" in m.effect
        }
        assert len(lines) <= frame.height * 0.05


def test_a_note_lies_beside(files: dict[str, bytes]) -> None:
    assert files["note.txt"].endswith(b"\n")


def test_the_same_seed_gives_the_same_mess(
    night: Tables, files: dict[str, bytes]
) -> None:
    assert messy_night(night, 1) == files
    assert messy_night(night, 2) != files


@pytest.mark.parametrize("size", [1, 4, 25])
def test_a_small_district_gets_the_mistakes_that_fit(size: int) -> None:
    files = messy_night(generate(size, 1), 1)
    for mistake in _mistakes(files):
        lines = re.split("\r\n|\n", _text(files, mistake.file))
        assert mistake.text in lines[mistake.line - 1]
