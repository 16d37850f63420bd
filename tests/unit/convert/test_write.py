"""A package on disk: whole or not at all, the same bytes each time."""

from __future__ import annotations

import errno
import os
import stat
import zipfile
from pathlib import Path

import polars as pl
import pytest

from sync.convert import OutFile, Package, prepare, write
from sync.convert.write import csv_bytes
from sync.errors import LocalError, UsageError
from sync.model.entities import Mode

TABLE = OutFile(
    "orgs.csv",
    Mode.BULK,
    pl.DataFrame({"sourcedId": ["o1", "o2"], "name": ['The "A", B', None]}),
)
PACKAGE = Package("oneroster-1.2", (TABLE,))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_cells_are_quoted_only_where_they_must_be_and_blank_is_nothing() -> None:
    assert csv_bytes(TABLE) == b'sourcedId,name\no1,"The ""A"", B"\no2,\n'


@pytest.mark.parametrize("there", [True, False])
def test_a_new_or_empty_folder_is_filled_for_its_owner_only(
    tmp_path: Path, *, there: bool
) -> None:
    out = tmp_path / "a" / "b"
    if there:
        out.mkdir(parents=True)
    assert write(PACKAGE, prepare(out, tmp_path / "drop"), zipped=False) == [
        out / "orgs.csv"
    ]
    assert (mode(out), mode(out / "orgs.csv")) == (0o700, 0o600)
    assert [one.name for one in out.parent.iterdir()] == ["b"]


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.csv").touch()
    with pytest.raises(UsageError, match="is not empty"):
        prepare(tmp_path, tmp_path / "drop")


def test_a_file_in_the_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="is no folder"):
        prepare(tmp_path / "out", tmp_path / "drop")


def test_a_place_within_the_drop_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lies in the drop"):
        prepare(tmp_path / "drop" / "out", tmp_path / "drop")


def test_two_zips_of_one_package_are_the_same_bytes(tmp_path: Path) -> None:
    (first,) = write(PACKAGE, tmp_path / "one", zipped=True)
    os.utime(first)
    (second,) = write(PACKAGE, tmp_path / "two", zipped=True)
    assert first.name == "oneroster-1.2.zip"
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["orgs.csv"]
        assert archive.read("orgs.csv") == csv_bytes(TABLE)


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / "out"
    if there:
        out.mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LocalError, match="No space left"):
        write(PACKAGE, out, zipped=False)
    assert [one.name for one in tmp_path.rglob("*")] == (["out"] if there else [])


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalError, match="cannot be written"):
        write(PACKAGE, tmp_path / "file" / "out", zipped=False)
