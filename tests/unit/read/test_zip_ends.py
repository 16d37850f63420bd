"""What of a zip cannot be had at all: no file, no permission, no directory in it."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sync.model.finding import Finding
from sync.read import archive
from sync.read.archive import of_zip, zip_names
from sync.read.unpack import beginning, unpacked

TEXT = b"sourcedId,name\n" + b"1,Ada\n" * 200


def packed(path: Path, way: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", way) as made:
        made.writestr("orgs.csv", TEXT)
    return path


def test_the_names_are_those_of_the_directory(tmp_path: Path) -> None:
    assert zip_names(packed(tmp_path / "a.zip")) == ["orgs.csv"]


def test_of_what_is_no_zip_there_are_no_names(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"no zip")
    assert zip_names(tmp_path / "b.zip") is None
    assert zip_names(tmp_path / "c.zip") is None


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.zip", tmp_path):
        members, (finding,) = of_zip(path)
        assert (members, finding.severity) == ([], "refused")


def test_what_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_path: Path, *_: Any, **__: Any) -> io.BytesIO:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    path = packed(tmp_path / "a.zip")
    monkeypatch.setattr(Path, "open", denied)
    members, (finding,) = of_zip(path)
    assert (members, finding.severity) == ([], "refused")


def test_hidden_files_of_a_zip_are_none(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as made:
        made.writestr("__MACOSX/._orgs.csv", b"x")
        made.writestr(".DS_Store", b"x")
    members, findings = of_zip(path)
    assert ([one.file for one in members], findings) == (["orgs.csv"], [])


def test_a_member_is_given_up_where_more_comes_out_than_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory may say less; what comes out is counted besides."""
    (member,), _ = of_zip(packed(tmp_path / "a.zip"))
    monkeypatch.setattr(archive, "RATIO_FREE", 100)
    monkeypatch.setattr(archive, "MOST_RATIO", 2)
    found = member.load()
    assert isinstance(found, Finding)
    assert "grows more than" in found.message


@pytest.mark.parametrize(
    "way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]
)
@pytest.mark.parametrize("size", [1, 100, len(TEXT), len(TEXT) + 1])
def test_the_beginning_is_as_long_as_asked_for_or_all_of_it(
    tmp_path: Path, way: int, size: int
) -> None:
    with zipfile.ZipFile(packed(tmp_path / "a.zip", way)) as made:
        (entry,) = made.infolist()
        assert beginning(made, entry, size) == TEXT[:size]
        assert b"".join(unpacked(made, entry, 7)) == TEXT


def test_a_member_that_is_longer_than_it_says_is_given_up(tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path / "a.zip", zipfile.ZIP_BZIP2)) as made:
        (entry,) = made.infolist()
        entry.file_size = 100
        got = io.BytesIO()
        with pytest.raises(zipfile.BadZipFile, match="not as long as"):
            got.writelines(unpacked(made, entry, 64))
        assert got.getvalue() == TEXT[:64]


def test_a_member_that_is_cut_off_in_its_packed_bytes_is_damaged(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(packed(tmp_path / "a.zip", zipfile.ZIP_BZIP2)) as made:
        (entry,) = made.infolist()
        entry.compress_size //= 2
        with pytest.raises(zipfile.BadZipFile):
            list(unpacked(made, entry))
