"""Fifty ways in which a delivery goes wrong as a whole: each one spoils a good drop.

A disaster gets the folder of a copy of the last good drop and answers with the drop as
it arrives: the same folder, or a zip of it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.districts import district, drop

Rows = list[list[str]]
Spoil = Callable[[Path], Path]
MAIN = ("students", "users", "agents", "enrollments")
PEOPLE_KINDS = ("timeback", "oneroster-1.2")
"""Kinds that hold people, for disasters that only a guard on people can see."""

BY_ID = (*PEOPLE_KINDS, "edubridge", "schoology")
"""Kinds that know people by the district's ids; Open edX goes by their addresses."""


@dataclass(frozen=True, slots=True)
class Disaster:
    """What happened, and on which kinds it can do harm."""

    name: str
    spoil: Spoil
    kinds: tuple[str, ...] = ()
    """All, where none are named."""


def read(path: Path) -> Rows:
    """The rows of a file with its header."""
    return list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))


def store(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write them as they were."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode())


def rows(change: Callable[[list[str], Rows], Rows], *names: str) -> Spoil:
    """Other rows in these files, or in the main ones."""

    def spoil(folder: Path) -> Path:
        for name in names or MAIN:
            path = folder / f"{name}.csv"
            header, *body = read(path)
            store(path, [header, *change(header, body)])
        return folder

    return spoil


def content(change: Callable[[bytes], bytes], *names: str) -> Spoil:
    """Other bytes in these files, or in the main ones."""

    def spoil(folder: Path) -> Path:
        for name in names or MAIN:
            path = folder / f"{name}.csv"
            path.write_bytes(change(path.read_bytes()))
        return folder

    return spoil


def column(name: str, value: Callable[[str, int], str], *files: str) -> Spoil:
    """Other cells in one column, given the old one and the number of the row."""

    def change(header: list[str], body: Rows) -> Rows:
        if name in header:
            at = header.index(name)
            for number, row in enumerate(body):
                row[at] = value(row[at], number)
        return body

    return rows(change, *files)


def everywhere(prefix: str, value: Callable[[str], str]) -> Spoil:
    """Other identifiers of one kind in all files, wherever they stand."""

    def change(_: list[str], body: Rows) -> Rows:
        return [
            [value(cell) if _is_id(cell, prefix) else cell for cell in row]
            for row in body
        ]

    return rows(change)


def _is_id(cell: str, prefix: str) -> bool:
    return cell.startswith(prefix) and "@" not in cell


def both(*spoils: Spoil) -> Spoil:
    """One after the other."""

    def spoil(folder: Path) -> Path:
        for one in spoils:
            folder = one(folder)
        return folder

    return spoil


def swapped(one: str, other: str) -> Spoil:
    """Two files under each other's names."""

    def spoil(folder: Path) -> Path:
        first, second = folder / f"{one}.csv", folder / f"{other}.csv"
        kept = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(kept)
        return folder

    return spoil


def without_column(name: str, *files: str) -> Spoil:
    """A column that is not there any more."""

    def spoil(folder: Path) -> Path:
        for file in files:
            path = folder / f"{file}.csv"
            table = read(path)
            at = table[0].index(name)
            store(path, [row[:at] + row[at + 1 :] for row in table])
        return folder

    return spoil


def without_school(folder: Path) -> Path:
    """One school is missing everywhere, as if its server had not answered."""
    students = read(folder / "students.csv")
    at = students[0].index("primaryOrgSourcedId")
    school = students[1][at]
    return _without(folder, lambda row: school in row)


def without_grade(folder: Path) -> Path:
    """The grade with the most students is missing everywhere."""
    header, *students = read(folder / "students.csv")
    key, at = header.index("sourcedId"), header.index("grades")
    grades = [row[at] for row in students]
    most = max(sorted(set(grades)), key=grades.count)
    gone = {row[key] for row in students if row[at] == most}
    return _without(folder, lambda row: bool(gone & set(row)))


def _without(folder: Path, away: Callable[[list[str]], bool]) -> Path:
    def change(_: list[str], body: Rows) -> Rows:
        return [row for row in body if not away(row)]

    return rows(change)(folder)


def first_students(count: int) -> Spoil:
    """Only so many students, with what names them: the drop of a test system."""

    def spoil(folder: Path) -> Path:
        header, *students = read(folder / "students.csv")
        gone = {row[header.index("sourcedId")] for row in students[count:]}
        return _without(folder, lambda row: bool(gone & set(row)))

    return spoil


def of_another_district(prefix: str) -> Spoil:
    """The drop of somebody else, whose people have other identifiers, or the same."""

    def spoil(folder: Path) -> Path:
        for path in folder.iterdir():
            path.unlink()
        drop(district(60, seed=77), folder)
        return (
            everywhere("stu-", lambda key: prefix + key)(folder) if prefix else folder
        )

    return spoil


def half_zip(folder: Path) -> Path:
    """A zip whose copying was interrupted."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def of_last_year(folder: Path) -> Path:
    """An export that somebody found in the archive."""
    return folder.rename(folder.with_name("roster-2025-11-20"))


def as_numbers(key: str) -> str:
    """What a spreadsheet makes of a long number."""
    return f"{int(key[4:]) + 123456:.2E}" if key[4:].isdigit() else key


def shifted(_: list[str], body: Rows) -> Rows:
    """All cells one place to the left."""
    return [[*row[1:], row[0]] for row in body]


def shifted_right(_: list[str], body: Rows) -> Rows:
    """All cells one place to the right, behind a new empty one."""
    return [["", *row[:-1]] for row in body]


def half(_: list[str], body: Rows) -> Rows:
    """The first half."""
    return body[: len(body) // 2]


def twice(header: list[str], body: Rows) -> Rows:
    """Two exports in one file, of which the second says that all have left."""
    at = header.index("status")
    return [*body, *([*row[:at], "inactive", *row[at + 1 :]] for row in body)]


def mojibake(data: bytes) -> bytes:
    """UTF-8 taken for Windows-1252 and written as UTF-8 once more."""
    return data.decode("utf-8").encode("utf-8").decode("cp1252", "replace").encode()


def mixed(data: bytes) -> bytes:
    """The second half in another encoding than the first."""
    at = data.index(b"\n", len(data) // 2)
    return data[:at] + data[at:].decode("utf-8").encode("cp1252", "replace")


def as_text_of_bytes(data: bytes) -> bytes:
    """UTF-16 read as Latin-1 by a program in between."""
    return data.decode("utf-8").encode("utf-16").decode("latin-1").encode("utf-8")


def login_page(_: bytes) -> bytes:
    """What the SIS answers when nobody is signed in."""
    return (
        b"<!DOCTYPE html>\n<html><title>Sign in</title>\n<body>Sign in</body></html>\n"
    )


def from_line(number: int) -> Callable[[bytes], bytes]:
    """The lines from there on: the header was lost."""
    return lambda data: b"\n".join(data.split(b"\n")[number:])


def _sorted_alone(body: Rows, at: int) -> Rows:
    names = sorted(row[at] for row in body)
    return [[*r[:at], n, *r[at + 1 :]] for r, n in zip(body, names, strict=True)]


def _gone(folder: Path, name: str) -> Path:
    (folder / f"{name}.csv").unlink()
    return folder


DISASTERS = (
    Disaster("all files empty", content(lambda _: b"")),
    Disaster("students empty", content(lambda _: b"", "students")),
    Disaster("enrollments empty", content(lambda _: b"", "enrollments")),
    Disaster("all headers only", rows(lambda _, __: [])),
    Disaster("students header only", rows(lambda _, __: [], "students")),
    Disaster("enrollments header only", rows(lambda _, __: [], "enrollments")),
    Disaster("agents header only", rows(lambda _, __: [], "agents"), PEOPLE_KINDS),
    Disaster("half of the students", rows(half, "students")),
    Disaster("half of the enrollments", rows(half, "enrollments")),
    Disaster("half of the agents", rows(half, "agents"), PEOPLE_KINDS),
    Disaster("half of everything", rows(half)),
    Disaster(
        "a quarter of the enrollments missing",
        rows(lambda _, body: body[: len(body) * 3 // 4], "enrollments"),
    ),
    Disaster("cut off in a row", content(lambda d: d[: len(d) // 2 - 3], "students")),
    Disaster("cut off in a quote", content(lambda d: d[:-1] + b'"x', "enrollments")),
    Disaster("one school missing", without_school),
    Disaster("one grade missing", without_grade),
    Disaster("drop of a test system", first_students(5)),
    Disaster("another district, other ids", of_another_district("abc-")),
    Disaster("another district, the same ids", of_another_district(""), PEOPLE_KINDS),
    Disaster(
        "all ids of students changed", everywhere("stu-", lambda k: f"9{k}"), BY_ID
    ),
    Disaster(
        "ids of students changed in one file",
        column("sourcedId", lambda key, _: f"9{key}", "students"),
    ),
    Disaster("ids as 1.23E+05", everywhere("stu-", as_numbers)),
    Disaster(
        "leading zeros lost",
        everywhere("stu-", lambda key: f"stu-{int(key[4:])}"),
        BY_ID,
    ),
    Disaster(
        "ids in capitals", column("sourcedId", lambda key, _: key.upper(), "students")
    ),
    Disaster("ids emptied", column("sourcedId", lambda _, __: "", "students")),
    Disaster(
        "all students inactive",
        column("status", lambda _, __: "inactive", "students"),
        PEOPLE_KINDS,
    ),
    Disaster(
        "all students tobedeleted",
        column("status", lambda _, __: "tobedeleted", "students"),
        PEOPLE_KINDS,
    ),
    Disaster(
        "all enrollments tobedeleted",
        column("status", lambda _, __: "tobedeleted", "enrollments"),
    ),
    Disaster(
        "a third of the enrollments tobedeleted",
        column("status", lambda s, n: s if n % 3 else "tobedeleted", "enrollments"),
    ),
    Disaster(
        "enabledUser all false",
        column("enabledUser", lambda _, __: "false", "students"),
        PEOPLE_KINDS,
    ),
    Disaster(
        "e-mails emptied",
        column("email", lambda _, __: "", "students", "users"),
        PEOPLE_KINDS,
    ),
    Disaster("given names emptied", column("givenName", lambda _, __: "", "students")),
    Disaster("columns of students shifted", rows(shifted, "students")),
    Disaster("columns of enrollments shifted", rows(shifted_right, "enrollments")),
    Disaster(
        "one column sorted by itself",
        rows(
            lambda header, body: _sorted_alone(body, header.index("givenName")),
            "students",
        ),
        PEOPLE_KINDS,
    ),
    Disaster("students and users swapped", swapped("students", "users")),
    Disaster("agents and enrollments swapped", swapped("agents", "enrollments")),
    Disaster(
        "another delimiter below the header",
        content(
            lambda d: d[: d.index(b"\n")] + d[d.index(b"\n") :].replace(b",", b";")
        ),
    ),
    Disaster("two exports in one file", rows(twice, "students")),
    Disaster("half a zip", half_zip),
    Disaster("last year's export", of_last_year),
    Disaster("a login page instead of a file", content(login_page, "students")),
    Disaster("the header lost", content(from_line(1), "enrollments")),
    Disaster("UTF-16 read as Latin-1", content(as_text_of_bytes)),
    Disaster("mojibake", content(mojibake, "students", "users"), PEOPLE_KINDS),
    Disaster(
        "letters replaced by question marks",
        content(lambda d: d.decode().encode("ascii", "replace"), "students", "users"),
        PEOPLE_KINDS,
    ),
    Disaster("two encodings in one file", content(mixed, "students")),
    Disaster("filled up with NULs", content(lambda d: d[:-900] + b"\0" * 900, "users")),
    Disaster("users without roles", without_column("role", "users")),
    Disaster(
        "enrollments without classes and courses",
        both(
            without_column("classSourcedId", "enrollments"),
            without_column("courseSourcedId", "enrollments"),
        ),
    ),
    Disaster(
        "ids of schools changed in one file",
        column("sourcedId", lambda key, _: f"9{key}", "orgs"),
    ),
    Disaster(
        "all in one school",
        column("primaryOrgSourcedId", lambda _, __: "", "students"),
    ),
    Disaster(
        "ids of classes changed in one file",
        column("classSourcedId", lambda key, _: f"9{key}", "enrollments"),
    ),
    Disaster(
        "enrollments of the previous term",
        both(
            column("beginDate", lambda _, __: "2020-01-07", "enrollments"),
            column("endDate", lambda _, __: "2020-06-05", "enrollments"),
        ),
    ),
    Disaster(
        "dates in the form of another country",
        column("beginDate", lambda _, __: "17.08.2026", "enrollments"),
    ),
    Disaster(
        "all roles the same",
        column("role", lambda _, __: "teacher", "enrollments"),
        BY_ID,
    ),
    Disaster(
        "one username for all", column("username", lambda _, __: "student", "students")
    ),
    Disaster("agents gone", lambda folder: _gone(folder, "agents"), PEOPLE_KINDS),
)
"""In the order in which the kinds take their turns."""
