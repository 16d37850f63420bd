"""Bad files: each mistake ends with its code, names its place, and loses nothing."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.support.districts import edit
from tests.support.remote import lost
from tests.support.workspace import Workspace

Break = Callable[[Path], Path]


@dataclass(frozen=True, slots=True)
class Case:
    """One mistake: how it is made, how ``check`` and ``run`` end, what is found."""

    name: str
    make: Break
    check: int
    run: int
    code: str | None = None
    place: tuple[str | None, int | None] = (None, None)


def in_file(name: str, change: Callable[[list[str]], list[str]]) -> Break:
    """Change the lines of a file; each keeps its line end."""

    def make(drop: Path) -> Path:
        path = drop / name
        lines = path.read_bytes().decode().splitlines(keepends=True)
        path.write_bytes("".join(change(lines)).encode())
        return drop

    return make


def cell(name: str, line: int, column: str, text: str) -> Break:
    """Put another text into one cell, at the line as an editor counts."""

    def make(drop: Path) -> Path:
        path = drop / name
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
        rows[line - 1][rows[0].index(column)] = text
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        return drop

    return make


def gone(name: str) -> Break:
    def make(drop: Path) -> Path:
        (drop / name).unlink()
        return drop

    return make


def no_drop(drop: Path) -> Path:
    return drop.with_name("nowhere")


def not_a_zip(drop: Path) -> Path:
    path = drop.with_name("drop.zip")
    path.write_bytes(b"this is no zip" * 50)
    return path


def cut_zip(drop: Path) -> Path:
    path = drop.with_name("drop.zip")
    with ZipFile(path, "w") as archive:
        for one in sorted(drop.iterdir()):
            archive.write(one, one.name)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def without_column(drop: Path) -> Path:
    path = drop / "students.csv"
    edit(path, "familyName", "surname")
    return drop


def every_role_wrong(drop: Path) -> Path:
    edit(drop / "users.csv", "parent", "wizard")
    return drop


def again(line: int, **cells: str) -> Callable[[list[str]], list[str]]:
    """The row of this line once more at the end, with other text in it."""

    def change(lines: list[str]) -> list[str]:
        row = lines[line - 1]
        for old, new in cells.items():
            assert old in row
            row = row.replace(old, new)
        return [*lines, row]

    return change


def students_twice(drop: Path) -> Path:
    (drop / "STUDENTS.CSV").write_bytes((drop / "students.csv").read_bytes())
    return drop


CASES = [
    Case("missing path", no_drop, 2, 2),
    Case("missing file", gone("students.csv"), 0, 1),
    Case("an empty folder", lambda drop: drop.with_name("empty"), 3, 3, "RS001"),
    Case("missing column", without_column, 3, 3, "RS050", ("students.csv", None)),
    Case(
        "empty file",
        in_file("students.csv", lambda _: []),
        *(3, 3, "RS030", ("students.csv", None)),
    ),
    Case(
        "blank lines only",
        in_file("students.csv", lambda _: ["\n", "\n"]),
        *(3, 3, "RS030", ("students.csv", None)),
    ),
    Case(
        "header only",
        in_file("agents.csv", lambda lines: lines[:1]),
        *(0, 4, "RS031", ("agents.csv", None)),
    ),
    Case(
        "a word for a boolean",
        cell("students.csv", 3, "enabledUser", "perhaps"),
        *(1, 1, "RS111", ("students.csv", 3)),
    ),
    Case(
        "a word for a date",
        cell("students.csv", 4, "birthDate", "yesterday"),
        *(1, 1, "RS116", ("students.csv", 4)),
    ),
    Case(
        "a grade that is none",
        cell("students.csv", 5, "grades", "14th"),
        *(1, 1, "RS112", ("students.csv", 5)),
    ),
    Case(
        "a status that is none",
        cell("students.csv", 2, "status", "gone"),
        *(1, 1, "RS110", ("students.csv", 2)),
    ),
    Case(
        "a malformed e-mail",
        cell("students.csv", 2, "email", "not an address"),
        *(0, 0, "RS117", ("students.csv", 2)),
    ),
    Case(
        "a malformed phone",
        cell("students.csv", 2, "phone", "call me"),
        *(0, 0, "RS118", ("students.csv", 2)),
    ),
    Case(
        "unknown role",
        cell("users.csv", 2, "role", "wizard"),
        *(1, 1, "RS113", ("users.csv", 2)),
    ),
    Case(
        "unknown role of an enrollment",
        cell("enrollments.csv", 2, "role", "guest"),
        *(1, 1, "RS114", ("enrollments.csv", 2)),
    ),
    Case(
        "a required cell is blank",
        cell("students.csv", 6, "familyName", ""),
        *(1, 1, "RS101", ("students.csv", 6)),
    ),
    Case(
        "a key is blank",
        cell("students.csv", 6, "sourcedId", ""),
        *(1, 1, "RS101", ("students.csv", 6)),
    ),
    Case(
        "the same row twice",
        in_file("students.csv", again(3)),
        *(0, 0, "RS201", ("students.csv", 10)),
    ),
    Case(
        "one key, two rows that differ",
        in_file("students.csv", again(3, active="tobedeleted")),
        *(1, 1, "RS202", ("students.csv", 3)),
    ),
    Case(
        "one username for two",
        cell("students.csv", 3, "username", "agupta1"),
        *(1, 1, "RS203", ("students.csv", 2)),
    ),
    Case(
        "an unknown school",
        cell("students.csv", 4, "primaryOrgSourcedId", "sch-999999"),
        *(1, 1, "RS250", ("students.csv", 4)),
    ),
    Case(
        "an unknown class",
        cell("enrollments.csv", 7, "classSourcedId", "cls-999999"),
        *(1, 1, "RS253", ("enrollments.csv", 7)),
    ),
    Case(
        "an unknown person in an enrollment",
        cell("enrollments.csv", 7, "userSourcedId", "stu-999999"),
        *(1, 1, "RS254", ("enrollments.csv", 7)),
    ),
    Case(
        "an unknown guardian",
        cell("agents.csv", 3, "agentSourcedId", "gdn-999999"),
        *(1, 1, "RS254", ("agents.csv", 3)),
    ),
    Case(
        "a guardian of an unknown student",
        cell("agents.csv", 3, "studentSourcedId", "stu-999999"),
        *(1, 1, "RS255", ("agents.csv", 3)),
    ),
    Case(
        "a student as own guardian",
        cell("agents.csv", 2, "agentSourcedId", "stu-000001"),
        *(1, 1, "RS262", ("agents.csv", 2)),
    ),
    Case(
        "over the limit",
        every_role_wrong,
        *(3, 3, "RS403"),
    ),
    Case("not a zip", not_a_zip, 3, 3, "RS006"),
    Case("a zip that is cut off", cut_zip, 3, 3, "RS006"),
    Case(
        "truncated last row",
        in_file("students.csv", lambda lines: [*lines[:-1], lines[-1][:30]]),
        *(3, 3, "RS036", ("students.csv", 9)),
    ),
    Case(
        "a NUL",
        cell("students.csv", 4, "givenName", "A\0B"),
        *(3, 3, "RS023", ("students.csv", 4)),
    ),
    Case(
        "a quote that never closes",
        in_file("students.csv", lambda lines: [*lines, '"never,closed\n']),
        *(3, 3, "RS037", ("students.csv", 10)),
    ),
    Case(
        "a row of the wrong width",
        in_file("students.csv", lambda lines: [*lines, "a,b,c\n"]),
        *(1, 1, "RS035", ("students.csv", 10)),
    ),
    Case(
        "a header in capitals",
        in_file("students.csv", lambda lines: [lines[0].upper(), *lines[1:]]),
        *(0, 0),
    ),
    Case(
        "two columns of one name",
        in_file(
            "students.csv",
            lambda lines: [lines[0].replace("phone", "EMAIL"), *lines[1:]],
        ),
        *(3, 3, "RS032", ("students.csv", 1)),
    ),
    Case(
        "two files of one name",
        students_twice,
        *(3, 3, "RS003"),
    ),
]


@pytest.fixture
def broken(slim_synced: Workspace, case: Case) -> Path:
    (slim_synced.folder / "empty").mkdir()
    return case.make(slim_synced.folder / "drop")


WITHOUT_EFFECT = {3: "refused", 4: "held"}


def places(findings: list[dict[str, Any]], code: str) -> list[tuple[Any, Any]]:
    return [(one["file"], one["line"]) for one in findings if one["code"] == code]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_named_at_its_place_and_nothing_is_lost(
    slim_synced: Workspace, case: Case, broken: Path
) -> None:
    checked = slim_synced.run("check", broken, "--json")
    assert checked.code == case.check
    if case.code is not None:
        found = places(checked.document["findings"], case.code)
        assert found
        if case.place != (None, None):
            assert case.place in found
    before = slim_synced.sandbox.dump()
    ended = slim_synced.sync(broken)
    assert ended.code == case.run
    after = slim_synced.sandbox.dump()
    assert lost(before, after) == {}
    if case.run in WITHOUT_EFFECT:
        assert after == before
        report = slim_synced.report(ended.document["run"])
        assert report["outcome"] == WITHOUT_EFFECT[case.run]
        assert report["balanced"] is True


PERSON = "stu-000002"


def test_a_rejected_parent_names_its_consequences_and_keeps_them_all(
    slim_synced: Workspace,
) -> None:
    drop = cell("students.csv", 3, "grades", "99")(slim_synced.folder / "drop")
    before = slim_synced.sandbox.dump()
    checked = slim_synced.run("check", drop, "--json")
    causes = {
        one["file"]: one["cause"]
        for one in checked.document["findings"]
        if one["code"] == "RS260"
    }
    cause = {"file": "students.csv", "line": 3, "code": "RS112"}
    assert causes == {"agents.csv": cause, "enrollments.csv": cause}
    ended = slim_synced.sync(drop)
    assert ended.code == 1
    assert slim_synced.sandbox.dump() == before
    entities = ended.document["entities"]
    frozen = {
        name: one["remote"]["frozen"]
        for name, one in entities.items()
        if "remote" in one
    }
    assert frozen == {"students": 1, "users": 0, "agents": 2, "enrollments": 1}


def test_a_rejected_row_is_frozen_while_the_others_are_carried_out(
    slim_synced: Workspace,
) -> None:
    drop = cell("students.csv", 3, "grades", "99")(slim_synced.folder / "drop")
    cell("students.csv", 4, "phone", "+1-617-555-0199")(drop)
    ended = slim_synced.sync(drop)
    assert ended.code == 1
    students = ended.document["entities"]["students"]
    assert students["rows"]["rejected"] == 1
    assert students["operations"]["done"] == 1


def test_an_unreadable_key_means_that_nothing_of_the_file_is_removed(
    slim_synced: Workspace,
) -> None:
    drop = in_file("students.csv", lambda lines: [*lines[:2], *lines[3:]])(
        slim_synced.folder / "drop"
    )
    cell("students.csv", 4, "sourcedId", "")(drop)
    for name in ("agents.csv", "enrollments.csv"):
        (drop / name).unlink()
    before = slim_synced.sandbox.dump()
    ended = slim_synced.sync(drop)
    assert ended.code == 1
    assert lost(before, slim_synced.sandbox.dump()) == {}
    assert ended.document["entities"]["students"]["remote"]["kept"] == 2
