"""``compare`` as a person or a script calls it: what it tells, writes and ends with."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from pathlib import Path

import pytest

from sync.samples import write
from tests.support.commands import call_cli
from tests.support.districts import edit, slim
from tests.support.ended import Ended

TABLES = slim()
FIRST = TABLES.students["sourcedId"][0]
NAME = TABLES.students["givenName"][0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a drop named ``before`` and the same once more as ``after``."""
    write(slim(), tmp_path / "before")
    shutil.copytree(tmp_path / "before", tmp_path / "after")
    return tmp_path


@pytest.fixture
def changed(folder: Path) -> Path:
    """The same, with another given name of the first student."""
    edit(folder / "after" / "students.csv", f",{NAME},", ",Xenia,")
    return folder


def compare(folder: Path, *more: str, drops: str = "before after") -> Ended:
    return call_cli("compare", *drops.split(), *more, folder=folder).told_well()


def test_drops_that_are_the_same_differ_in_nothing(folder: Path) -> None:
    ended = compare(folder, "--exit-code")
    assert ended.code == 0
    assert ended.out.endswith("nothing changed\n")


def test_names_are_masked_unless_somebody_asks_for_them(changed: Path) -> None:
    masked, revealed = compare(changed), compare(changed, "--reveal")
    assert masked.code == revealed.code == 0
    assert "students.csv: " in masked.out
    assert f"changed {FIRST}: givenName" in masked.out
    assert NAME not in masked.out
    assert "Xenia" not in masked.out
    assert f"givenName {NAME} -> Xenia" in revealed.out


def test_the_document_counts_what_the_lines_count(changed: Path) -> None:
    ended = compare(changed, "--json")
    told = ended.document
    assert (told["command"], told["exit_code"], told["differs"]) == ("compare", 0, True)
    files = {one["file"]: one for one in told["files"]}
    students = files["students.csv"]
    assert students["key"] == ["sourcedId"]
    assert (students["added"], students["removed"]) == (0, 0)
    assert students["changed"] == sum(students["columns"].values())
    assert "Xenia" not in json.dumps(told)
    assert not any(one["changed"] for one in told["files"] if one is not students)


def test_a_script_can_ask_whether_there_are_changes(changed: Path) -> None:
    assert compare(changed, "--exit-code").code == 10


def test_all_changes_are_written_for_their_owner_only(changed: Path) -> None:
    ended = compare(changed, "--out", "changes.csv", "--limit", "1")
    assert ended.code == 0
    path = changed / "changes.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"file": "students.csv", "key": FIRST, "after": "Xenia"}.items() <= (
        next(one for one in rows if one["key"] == FIRST).items()
    )


def test_a_cell_that_a_spreadsheet_would_run_is_defused(folder: Path) -> None:
    edit(folder / "after" / "students.csv", f",{NAME},", ",=1+1,")
    compare(folder, "--out", "changes.csv")
    assert '"\'=1+1"' in (folder / "changes.csv").read_text("utf-8")


def test_a_zip_is_compared_with_a_folder(changed: Path) -> None:
    shutil.make_archive(str(changed / "packed"), "zip", changed / "after")
    ended = compare(changed, drops="before packed.zip")
    assert ended.out == compare(changed).out


def test_two_single_files_are_compared_whatever_their_names(changed: Path) -> None:
    for name in ("before", "after"):
        shutil.copy(changed / name / "students.csv", changed / f"{name}-1.csv")
    ended = compare(changed, "--json", drops="before-1.csv after-1.csv")
    (one,) = ended.document["files"]
    assert (one["file"], one["entity"]) == ("after-1.csv", "students")
    assert one["changed"]


def test_a_file_of_one_drop_only_is_named(folder: Path) -> None:
    (folder / "after" / "agents.csv").unlink()
    ended = compare(folder, "--exit-code")
    assert ended.code == 10
    assert "agents.csv: only in the drop before, " in ended.out


def test_a_file_that_cannot_be_read_is_told_and_the_others_compared(
    changed: Path,
) -> None:
    (changed / "after" / "agents.csv").write_bytes(b"a,b\n\0\n")
    ended = compare(changed)
    assert ended.code == 3
    assert "not compared: agents.csv" in ended.err
    assert f"changed {FIRST}" in ended.out


@pytest.mark.parametrize(
    ("drops", "code"),
    [("before nowhere", 2), ("nowhere after", 2), ("before broken.zip", 3)],
)
def test_what_is_no_drop_ends_with_its_code(
    folder: Path, drops: str, code: int
) -> None:
    (folder / "broken.zip").write_bytes(b"no zip")
    assert compare(folder, drops=drops).code == code


def test_a_sheet_that_cannot_be_written_ends_with_8(changed: Path) -> None:
    ended = compare(changed, "--out", "nowhere/changes.csv")
    assert ended.code == 8
    assert "choose another place with --out" in ended.err
