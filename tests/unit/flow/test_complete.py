from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from sync.flow import incomplete


def placed(folder: Path, kind: str, name: str | None) -> Path:
    """A drop ``tonight`` with an empty file of that name where ``kind`` says."""
    inside = [name] if name and "inside" in kind else []
    if kind.startswith("zip"):
        path = folder / "tonight.zip"
        with ZipFile(path, "w") as archive:
            for one in ("top/students.csv", *(f"top/{one}" for one in inside)):
                archive.writestr(one, b"")
    elif kind.startswith("csv"):
        path = folder / "tonight.csv"
        path.touch()
    else:
        path = folder / "tonight"
        place = path / "top" if kind.startswith("nested") else path
        place.mkdir(parents=True)
        for one in ("students.csv", *inside):
            (place / one).touch()
    if name and not inside:
        (folder / name).touch()
    return path


@pytest.mark.parametrize(
    ("kind", "name", "complete"),
    [
        ("folder, inside", "upload.done", True),
        ("folder, inside", "UPLOAD.DONE", True),
        ("folder, inside", ".done", True),
        ("nested folder, inside", "upload.done", True),
        ("folder, beside", "tonight.done", True),
        ("folder, beside", "upload.done", True),
        ("folder, beside", "other.done", False),
        ("zip, inside", "upload.done", True),
        ("zip, beside", "tonight.done", True),
        ("zip, beside", "tonight.zip.done", True),
        ("zip, beside", "other.zip.done", False),
        ("csv, beside", "tonight.done", True),
        ("csv, beside", "tonight.csv.done", True),
        ("folder, inside", None, False),
        ("folder, inside", "upload.don", False),
        ("zip, inside", None, False),
        ("zip, inside", "done", False),
        ("csv, beside", None, False),
    ],
)
def test_a_sentinel_lies_in_the_drop_or_beside_it(
    tmp_path: Path, kind: str, name: str | None, complete: bool
) -> None:
    (tmp_path / "other").mkdir()
    path = placed(tmp_path, kind, name)
    found = incomplete(path, "*.done")
    assert (found is None) == complete
    if found is not None:
        assert found.refused
        assert found.findings.by_code() == {"RS409": 1}
        assert "*.done" in found.findings.frame["message"][0]
        assert (found.drop.name, found.drop.tables) == (path.name, {})


def test_a_drop_is_not_its_own_sentinel(tmp_path: Path) -> None:
    (tmp_path / "tonight.csv").touch()
    assert incomplete(tmp_path / "tonight.csv", "*.csv") is not None


def test_a_folder_is_no_sentinel(tmp_path: Path) -> None:
    (tmp_path / "tonight" / "upload.done").mkdir(parents=True)
    assert incomplete(tmp_path / "tonight", "*.done") is not None


@pytest.mark.parametrize("name", ["nowhere", "cut.zip"])
def test_what_cannot_be_read_is_left_to_the_reader(tmp_path: Path, name: str) -> None:
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    assert incomplete(tmp_path / name, "*.done") is None


def test_without_a_sentinel_every_drop_is_complete(tmp_path: Path) -> None:
    (tmp_path / "tonight").mkdir()
    assert incomplete(tmp_path / "tonight", "") is None
