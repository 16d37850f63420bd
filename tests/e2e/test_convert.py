"""``convert`` as a person or a script calls it: files, exit codes, what it tells."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sync.samples import generate, write
from tests.support.commands import call_cli
from tests.support.districts import district, edit, slim
from tests.support.ended import Ended

ONEROSTER = ["oneroster-1.1", "oneroster-1.2"]
LAYOUTS = ["four-files", *ONEROSTER]
ROOT = Path(__file__).resolve().parents[2]
FIRST = slim().students["sourcedId"][0]
every = pytest.mark.parametrize("layout", LAYOUTS)
both = pytest.mark.parametrize("layout", ONEROSTER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a drop named ``drop``."""
    write(district(), tmp_path / "drop")
    return tmp_path


@pytest.fixture
def flawed(tmp_path: Path) -> Path:
    """A folder with a drop of which a student, with all that names him, is rejected."""
    write(slim(), tmp_path / "drop")
    edit(tmp_path / "drop" / "students.csv", f"\n{FIRST},active", f"\n{FIRST},gone")
    return tmp_path


def convert(folder: Path, drop: str, layout: str, out: str, *more: str) -> Ended:
    words = ["convert", drop, "--to", layout, "--out", out, *more]
    return call_cli(*words, folder=folder).told_well()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@every
def test_what_convert_writes_is_a_drop_of_its_layout(folder: Path, layout: str) -> None:
    ended = convert(folder, "drop", layout, "out")
    assert ended.code == 0, ended.err
    assert "out/users.csv: " in ended.out
    checked = call_cli("check", "out", "--json", folder=folder).told_well()
    assert checked.code == 0, checked.err
    assert checked.document["drop"]["layout"] == layout
    assert checked.document["drop"]["mode"] == "bulk"
    before = call_cli("check", "drop", "--json", folder=folder).document["entities"]
    after = checked.document["entities"]
    for entity, told in before.items():
        assert after[entity]["rows"]["accepted"] == told["rows"]["accepted"]


@both
def test_there_and_back_is_as_if_it_had_stayed(folder: Path, layout: str) -> None:
    convert(folder, "drop", layout, "package")
    assert convert(folder, "package", "four-files", "back").code == 0
    convert(folder, "drop", "four-files", "stayed")
    back, stayed = contents(folder / "back"), contents(folder / "stayed")
    assert set(back) == set(stayed)
    # OneRoster has columns of users that the drop had not.
    assert [name for name in back if back[name] != stayed[name]] == ["users.csv"]
    convert(folder, "back", layout, "again")
    assert contents(folder / "again") == contents(folder / "package")


@every
def test_two_zips_of_one_drop_are_the_same_bytes(folder: Path, layout: str) -> None:
    for out in ("one", "two"):
        assert convert(folder, "drop", layout, out, "--zip", "--delta").code == 0
    assert contents(folder / "one") == contents(folder / "two")
    path = f"one/{layout}.zip"
    with zipfile.ZipFile(folder / path) as archive:
        names = archive.namelist()
    assert "users.csv" in names
    assert not any("/" in name for name in names)
    more = ["--delta"] if layout == "four-files" else []
    checked = call_cli("check", path, *more, "--json", folder=folder).told_well()
    assert checked.code == 0, checked.err
    assert checked.document["drop"]["mode"] == "delta"


@every
def test_rejected_rows_are_left_out_and_end_with_1(flawed: Path, layout: str) -> None:
    ended = convert(flawed, "drop", layout, "out")
    assert ended.code == 1
    assert "roster-sync check drop" in ended.line
    assert "left out: students: 1 row, because they are rejected" in ended.err
    assert "left out of a bulk file are gone for whoever reads it" in ended.err
    for path in (flawed / "out").iterdir():
        assert f"{FIRST}," not in path.read_text("utf-8"), path.name
    assert call_cli("check", "out", folder=flawed).code == 0


def test_the_document_names_files_and_losses(flawed: Path) -> None:
    said = convert(flawed, "drop", "oneroster-1.2", "out", "--json").document
    assert (said["format"], said["command"], said["exit_code"]) == (1, "convert", 1)
    assert said["out"] == "out"
    modes = {one["file"]: one["mode"] for one in said["files"]}
    assert modes["users.csv"] == modes["roles.csv"] == "bulk"
    assert modes["manifest.csv"] is None
    assert {
        "entity": "students",
        "column": None,
        "count": 1,
        "why": "they are rejected",
    } in said["left_out"]
    assert all(isinstance(note, str) for note in said["notes"])


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_refused_drop_ends_with_3_and_writes_nothing(
    folder: Path, more: list[str]
) -> None:
    edit(folder / "drop" / "students.csv", "givenName", "forename")
    ended = convert(folder, "drop", "oneroster-1.2", "new/out", *more)
    assert ended.code == 3
    assert not (folder / "new").exists()
    if more:
        assert ended.document["exit_code"] == 3
        assert ended.document["files"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "four-files", "--out", "drop"], "not empty"),
        (["--to", "four-files", "--out", "drop/out"], "lies in the drop"),
        (["--to", "four-files", "--out", "out", "--at", "soon"], "no time"),
        (["--to", "ims", "--out", "out"], "ims"),
        (["--to", "four-files"], "--out"),
        (["--to", "four-files", "--out", "out", "--mapping", "nobodys"], "nobodys"),
    ],
)
def test_wrong_usage_ends_with_2_and_writes_nothing(
    folder: Path, arguments: list[str], said: str
) -> None:
    before = contents(folder / "drop")
    ended = call_cli("convert", "drop", *arguments, folder=folder).told_well()
    assert ended.code == 2
    assert said in ended.line
    assert contents(folder / "drop") == before
    assert [one.name for one in folder.iterdir()] == ["drop"]


def test_a_delta_says_the_moment_that_it_was_told(folder: Path) -> None:
    at = ["--delta", "--at", "2026-08-31T02:00:00+02:00"]
    ended = convert(folder, "drop", "oneroster-1.1", "out", *at)
    assert ended.code == 0
    orgs = (folder / "out" / "orgs.csv").read_text("utf-8").splitlines()
    assert all(",active,2026-08-31T00:00:00.000Z," in line for line in orgs[1:])
    assert "2026-08-31T00:00:00.000Z" in ended.err


def test_quiet_says_only_what_was_written(folder: Path) -> None:
    ended = convert(folder, "drop", "oneroster-1.1", "out", "--quiet")
    assert (ended.code, ended.err) == (0, "")


@both
def test_what_is_told_names_nobody(folder: Path, layout: str) -> None:
    ended = convert(folder, "drop", layout, "out")
    for name in district().students["familyName"]:
        assert name not in ended.out + ended.err


@both
def test_the_sample_is_what_convert_writes(tmp_path: Path, layout: str) -> None:
    write(generate(20, 1), tmp_path / "drop")
    assert convert(tmp_path, "drop", layout, "out").code == 0
    assert contents(tmp_path / "out") == contents(ROOT / "samples" / layout)
