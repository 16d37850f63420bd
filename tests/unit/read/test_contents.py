from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.model.roster import Wanted
from sync.read import contents, read_drop
from tests.support.districts import district, drop

Change = Callable[[Path], object]


def digest(path: Path) -> str:
    found = contents(path)
    assert found is not None
    return found.digest()


CHANGES: dict[str, Change] = {
    "a byte": lambda path: (path / "orgs.csv").write_bytes(b"x"),
    "another file": lambda path: (path / "notes.txt").write_bytes(b""),
    "one file less": lambda path: (path / "orgs.csv").unlink(),
    "another name": lambda path: (path / "orgs.csv").rename(path / "Orgs.csv"),
    "a folder": lambda path: (path / "more").mkdir(),
    "a link": lambda path: (path / "more").symlink_to(path.parent),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_difference_is_another_digest(tmp_path: Path, change: Change) -> None:
    path = drop(district(), tmp_path / "drop")
    before = digest(path)
    change(path)
    assert digest(path) != before


def test_neither_name_nor_times_nor_hidden_files_matter(tmp_path: Path) -> None:
    path = drop(district(), tmp_path / "drop")
    again = tmp_path / "2026-09-07"
    shutil.copytree(path, again)
    os.utime(again / "orgs.csv", (1, 1))
    (again / ".DS_Store").write_bytes(b"x")
    assert digest(again) == digest(path)


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
        for file in sorted(path.iterdir()):
            archive.write(file, file.name)
    return path.with_suffix(".zip")


@pytest.mark.parametrize("packed", [lambda path: path, zipped], ids=["folder", "zip"])
def test_it_knows_the_digest_of_a_drop_that_was_read(
    tmp_path: Path, packed: Callable[[Path], Path]
) -> None:
    path = packed(drop(district(), tmp_path / "drop"))
    read, _ = read_drop(path, Wanted(("students.csv", "users.csv")))
    found = contents(path)
    assert found is not None
    assert found.of(read.tables) == read.sha256
    assert found.of(["orgs.csv"]) != read.sha256
    assert found.of(["none.csv"]) is None


def test_a_single_file_has_one(tmp_path: Path) -> None:
    path = drop(district(), tmp_path / "drop") / "students.csv"
    found = contents(path)
    assert found is not None
    assert list(found.files) == ["students.csv"]


def pipe(path: Path) -> None:
    path.mkdir()
    os.mkfifo(path / "students.csv")


def dead_link(path: Path) -> None:
    path.mkdir()
    (path / "a.csv").symlink_to("none")


ODD: dict[str, Change] = {
    "nothing": lambda _: None,
    "a pipe": pipe,
    "a dead link": dead_link,
}


@pytest.mark.parametrize("made", ODD.values(), ids=ODD)
def test_of_what_is_odd_nothing_is_told(tmp_path: Path, made: Change) -> None:
    made(tmp_path / "drop")
    assert contents(tmp_path / "drop") is None


def test_a_zip_that_is_none_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "drop.zip").write_bytes(b"PK")
    assert contents(tmp_path / "drop.zip") is None
