"""What ``check`` says was probably meant, and the cell as it was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.checked import (
    ALONE,
    checked,
)
from tests.support.commands import call_cli
from tests.support.small import (
    Edit,
    cells,
    member,
    person,
    row,
    write,
)


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (person("s3", status="activ"), "RS110", '"active"'),
        (person("s3", status="Inactve"), "RS110", '"inactive"'),
        (person("s3", status="withdrawn"), "RS110", '"inactive"'),
        (person("s3", enabledUser="ture"), "RS111", '"true"'),
        (person("s3", enabledUser="f"), "RS111", '"false"'),
        (person("s3", grades="Grade 5"), "RS112", '"05"'),
        (person("s3", grades="Kindergarten"), "RS112", '"KG"'),
        (person("s3", grades="14"), "RS112", '"13"'),
        (person("s3", grades="5,6x"), "RS112", '"06"'),
        (person("s3", birthDate="2/28/2011"), "RS116", '"%m/%d/%Y"'),
        (person("s3", birthDate="28.2.11"), "RS116", '"%d.%m.%y"'),
        (person("s3", birthDate="40602"), "RS116", "spreadsheet"),
        (person("s3", birthDate="0000-00-00"), "RS116", "empty"),
        (person("s3", primaryOrgSourcedId="O2"), "RS250", '"o2"'),
        (member("u5", role="techer"), "RS113", '"teacher"'),
        (member("u5", role="Mother"), "RS113", '"parent"'),
        (cells("enrollments", 3, role="pupil"), "RS114", '"student"'),
        (cells("enrollments", 3, classSourcedId="C-1"), "RS253", '"c1"'),
        (cells("enrollments", 3, userSourcedId="s02"), "RS254", '"s2"'),
        (cells("orgs", 3, type="shcool"), "RS122", '"school"'),
        (cells("classes", 3, classType="section"), "RS123", '"scheduled"'),
        (cells("academicSessions", 3, type="School Year"), "RS124", '"schoolYear"'),
    ],
)
def test_a_hint_names_what_was_probably_meant(
    edit: Edit, code: str, words: str, tmp_path: Path
) -> None:
    document = checked(tmp_path, edit)
    (found,) = [one for one in document["findings"] if one["code"] == code]
    assert words in found["hint"]


def test_an_identifier_like_many_others_is_not_guessed(tmp_path: Path) -> None:
    many = [row("enrollments", f"e1{n},s2,student,c1,,,,,,") for n in range(3)]
    more = [person(f"s10{n}") for n in range(5)]
    wrong = cells("enrollments", 3, userSourcedId="s109")
    document = checked(tmp_path, *many, *more, wrong)
    (found,) = [one for one in document["findings"] if one["code"] == "RS254"]
    assert "nearest" not in found["hint"]


def test_a_value_is_the_cell_as_it_was_read(tmp_path: Path) -> None:
    document = checked(tmp_path, ALONE, person("s3", grades=' 9"9 ', email=" =1+1 "))
    found = {one["column"]: one["value"] for one in document["findings"]}
    assert found == {"grades": ' 9"9 ', "email": " =1+1 "}


def test_progress_is_said_to_who_asks_and_to_nobody_else(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", ())
    asked = call_cli("--verbose", "check", drop, "--json", folder=tmp_path)
    steps = [line.split(" (")[0] for line in asked.err.splitlines()]
    assert steps[:3] == [
        "check: read 17 rows",
        "check: map 17 rows",
        "check: validate 17 rows",
    ]
    assert len(json.loads(asked.out)["files"]) == 8
    assert "check: read" not in call_cli("check", drop, folder=tmp_path).err


def test_people_read_what_to_mend_in_the_end(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", (cells("students", 2, grades="99"),))
    ended = call_cli("check", drop, folder=tmp_path)
    lines = ended.out.splitlines()
    there = lines.index("To mend first:")
    assert lines[there - 1].startswith("Rejected: 3 of 17 rows; 1 for themselves")
    assert lines[there + 1] == '  1. students.csv:2 grades "99" is not a grade'
    assert lines[-1] == "     brings back 3 rows, 2 of them beneath it"
