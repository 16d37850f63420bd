from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sync.samples import Tables, generate, read_tables, write
from sync.samples.tables import COLUMNS


@pytest.fixture
def small() -> Tables:
    return generate(40, 2)


def test_what_is_written_is_read_again(small: Tables, tmp_path: Path) -> None:
    write(small, tmp_path / "a" / "drop")
    again = dict(read_tables(tmp_path / "a" / "drop").items())
    for name, frame in small.items():
        assert frame.equals(again[name])


def test_a_folder_holds_the_eight_files_and_nothing_else(
    small: Tables, tmp_path: Path
) -> None:
    write(small, tmp_path)
    write(small, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(f"{name}.csv" for name in COLUMNS)


def test_files_are_utf_8_with_line_feeds_and_few_quotes(
    small: Tables, tmp_path: Path
) -> None:
    write(small, tmp_path)
    for name in COLUMNS:
        content = (tmp_path / f"{name}.csv").read_bytes()
        assert b"\r" not in content
        assert not content.startswith(b"\xef\xbb\xbf")
        assert content.endswith(b"\n")
        assert b'""' not in content
        assert content.decode().splitlines()[0] == ",".join(COLUMNS[name])


def test_another_reader_of_csv_sees_the_same_cells(
    small: Tables, tmp_path: Path
) -> None:
    write(small, tmp_path)
    with (tmp_path / "classes.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file, strict=True)
    assert [tuple(row) for row in rows] == small.classes.rows()


def test_a_missing_file_is_named(small: Tables, tmp_path: Path) -> None:
    write(small, tmp_path)
    (tmp_path / "agents.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"agents\.csv"):
        read_tables(tmp_path)
