"""``mappings``: the shipped ones shown, one's own checked, new ones proposed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from sync.mapping import data_folder, names
from tests.support.commands import call_cli, run_cli
from tests.support.ended import Ended

SHEET = (
    "Pupil No;Forename;Surname;DOB;Year Group;Building;Status\r\n"
    "1001;Ada;Ames;30.9.2014;5;10;A\r\n"
    "1002;Ben;Béll;1.2.2015;4;10;A\r\n"
    "1003;Cy;Cole;3.4.2016;K;20;W\r\n"
)
GOOD = """
name = "mine"
title = "Ours"

[[tables]]
entity = "agents"
files = ["links.csv"]

[tables.columns]
studentSourcedId = "Pupil"
agentSourcedId = { from = "Carer", prefix = "c-" }
relationshipType = { value = "guardian" }
"""


def suggest(folder: Path, *words: object) -> Ended:
    return call_cli("mappings", "suggest", *words, folder=folder)


def document(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


def sheet(folder: Path) -> Path:
    path = folder / "pupils.csv"
    path.write_bytes(SHEET.encode("cp1252"))
    return path


def test_every_shipped_mapping_is_listed(tmp_path: Path) -> None:
    ended = call_cli("mappings", "list", "--json", folder=tmp_path)
    assert ended.code == 0
    listed = {one["name"]: one for one in document(ended)["mappings"]}
    assert list(listed) == names()
    assert "students.csv" in listed["four-files"]["files"]
    assert listed["four-files"]["guessed"] is False
    plain = call_cli("mappings", "list", folder=tmp_path)
    assert all(name in plain.out for name in names())


@pytest.mark.parametrize("name", names())
def test_a_shipped_mapping_is_shown_as_it_is_and_checks_well(
    tmp_path: Path, name: str
) -> None:
    text = (data_folder("mappings") / f"{name}.toml").read_text("utf-8")
    shown = call_cli("mappings", "show", name, folder=tmp_path)
    assert (shown.code, shown.out) == (0, text)
    (tmp_path / "copy.toml").write_text(shown.out, "utf-8")
    assert call_cli("mappings", "check", "copy.toml", folder=tmp_path).code == 0


@pytest.mark.parametrize("verb", ["show", "check"])
def test_an_unknown_mapping_ends_with_2_and_the_nearest_name(
    tmp_path: Path, verb: str
) -> None:
    ended = call_cli("mappings", verb, "four-fils", folder=tmp_path)
    assert ended.code == 2
    assert 'did you mean "four-files"?' in ended.err


def test_a_good_mapping_says_what_it_reads(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, "utf-8")
    ended = call_cli("mappings", "check", "mine.toml", folder=tmp_path)
    assert ended.code == 0
    assert "agents from links.csv" in ended.out
    assert "agentSourcedId: Carer" in ended.out
    assert 'relationshipType: always "guardian"' in ended.out
    as_json = call_cli("mappings", "check", "mine.toml", "--json", folder=tmp_path)
    (table,) = document(as_json)["tables"]
    assert table["columns"]["studentSourcedId"] == "Pupil"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("prefix", "prefx", 'agentSourcedId.prefx: unknown key; did you mean "prefix"'),
        ("files =", "fils =", '(agents).fils: unknown key; did you mean "files"?'),
        ("title =", "titel =", 'titel: unknown key; did you mean "title"?'),
        ("studentSourcedId", "studentSourceId", 'did you mean "studentSourcedId"?'),
        ('"agents"', '"agent"', "tables[0] (agent).entity"),
        ("[[tables]]", "[[tables", "is no TOML"),
        (', prefix = "c-"', ', as = "date"', 'as = "date" and format go together'),
    ],
)
def test_a_mistake_ends_with_2_and_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace(old, new), "utf-8")
    ended = call_cli("mappings", "check", "mine.toml", folder=tmp_path)
    assert ended.code == 2
    assert told in ended.out + ended.err
    assert "mine.toml" in ended.err


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("prefix", "prefx").replace("value =", "vlue =")
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    ended = call_cli("mappings", "check", "mine.toml", folder=tmp_path)
    assert ended.code == 2
    assert "agentSourcedId.prefx" in ended.out
    assert "relationshipType.vlue" in ended.out
    assert ended.err.count("roster-sync:") == 1
    as_json = call_cli("mappings", "check", "mine.toml", "--json", folder=tmp_path)
    assert len(document(as_json)["mistakes"]) >= 2


def test_a_mapping_is_tried_on_a_drop(tmp_path: Path) -> None:
    drop = data_folder("samples") / "four-files" / "night-1"
    words = ("mappings", "check", "four-files", "--drop", drop)
    ended = call_cli(*words, folder=tmp_path)
    assert ended.code == 0
    assert "200 accepted" in ended.out
    assert document(call_cli(*words, "--json", folder=tmp_path))["command"] == "check"


def test_a_proposal_for_a_spreadsheet_reads_that_spreadsheet(tmp_path: Path) -> None:
    ended = suggest(tmp_path, sheet(tmp_path), "--out", "mine.toml")
    assert ended.code == 0, ended.err
    assert "written: mine.toml" in ended.out
    checked = call_cli(
        "check", "pupils.csv", "--mapping", "mine.toml", "--json", folder=tmp_path
    )
    rows = document(checked)["entities"]["students"]["rows"]
    assert (rows["read"], rows["accepted"]) == (3, 3)


def test_a_proposal_goes_to_standard_output_as_toml(tmp_path: Path) -> None:
    sheet(tmp_path)
    ended = run_cli("mappings", "suggest", "pupils.csv", folder=tmp_path)
    assert tomllib.loads(ended.out)["tables"][0]["entity"] == "students"
    assert ended.code == 0


def test_a_proposal_is_named_as_asked(tmp_path: Path) -> None:
    ended = suggest(tmp_path, sheet(tmp_path), "--name", "Bell's", "--json")
    told = document(ended)
    assert tomllib.loads(told["toml"])["name"] == "Bell's"
    assert (told["exit_code"], told["left_to_do"]) == (0, [])


def test_what_is_left_to_do_ends_with_1_and_is_said(tmp_path: Path) -> None:
    (tmp_path / "pupils.csv").write_text("Pupil ID,Surname\n1,Ames\n2,Bell\n", "utf-8")
    ended = suggest(tmp_path, "pupils.csv", "--out", "mine.toml")
    assert ended.code == 1
    assert "givenName was not found" in ended.err
    assert call_cli("mappings", "check", "mine.toml", folder=tmp_path).code == 0


def test_a_folder_and_a_zip_with_one_wide_sheet_are_read(tmp_path: Path) -> None:
    drop = data_folder("samples") / "one-sheet"
    with ZipFile(tmp_path / "drop.zip", "w") as archive:
        for file in drop.iterdir():
            archive.write(file, file.name)
    ended = suggest(tmp_path, "drop.zip")
    found = {one["entity"] for one in tomllib.loads(ended.out)["tables"]}
    assert found >= {"orgs", "students", "users", "agents", "enrollments"}
    assert tomllib.loads(suggest(tmp_path, drop).out) == tomllib.loads(ended.out)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "NUL"),
        (b'ID,"Name\n1,Ada\n', "quote"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_3_and_says_why(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "some.csv").write_bytes(content)
    ended = suggest(tmp_path, "some.csv", "--out", "mine.toml")
    assert ended.code == 3
    assert told in ended.err
    assert not (tmp_path / "mine.toml").exists()


def test_files_of_something_else_give_no_proposal(tmp_path: Path) -> None:
    (tmp_path / "menu.csv").write_text("Day,Dish\nMonday,Soup\n", "utf-8")
    ended = suggest(tmp_path, "menu.csv")
    assert ended.code == 3
    assert ended.out == ""


def test_a_path_without_anything_ends_with_2(tmp_path: Path) -> None:
    assert suggest(tmp_path, "nothing.csv").code == 2


def test_a_mapping_that_was_worked_on_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, "utf-8")
    ended = suggest(tmp_path, sheet(tmp_path), "--out", "mine.toml")
    assert ended.code == 2
    assert (tmp_path / "mine.toml").read_text("utf-8") == GOOD


def test_no_cell_of_a_person_reaches_the_terminal(tmp_path: Path) -> None:
    ended = suggest(tmp_path, sheet(tmp_path), "--verbose")
    for cell in ("Ada", "Béll", "1001", "30.9.2014"):
        assert cell not in ended.out + ended.err
