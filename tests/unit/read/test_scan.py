"""Looking through a file on the disk, against reading it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sync.model.roster import ROW
from sync.read import WHOLE, scan
from sync.read.scan import Looked, Scan
from sync.read.table import read_table

KEY = pl.col("a")


@pytest.fixture(autouse=True)
def _small_files_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LEAST", 1)


def opened(tmp_path: Path, raw: bytes) -> Scan | None:
    path = tmp_path / "f.csv"
    path.write_bytes(raw)
    return scan.scan("f.csv", path)


def looked(tmp_path: Path, raw: bytes) -> Looked | None:
    one = opened(tmp_path, raw)
    return None if one is None else one.look([KEY])


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (b"a,b\n1,2\n3,4\n", [True, True]),
        (b"a,b\r\n1,2\r\n3,4", [True, True]),
        (b"\xef\xbb\xbfa;b\n1;2\n", [True]),
        (b"sep=|\n\na|b\n1|2\n", [True]),
        (b"a,b\n1,2\n1\n1,2,3\n", [True, False, False]),
        (b'a,b\n"1","2"\n"",2\n"1,2",3\n', [True, True, True]),
        (b'a,b\n1,2\n"x""y",2\n1,x"y"z\n', [True, False, False]),
        (b"a,b\n1,2\n\n , \n3,4\n", [True, False, True, True]),
        ("a,b\né,日本\n".encode(), [True]),
    ],
)
def test_rows_that_polars_read_right_are_known(
    raw: bytes, whole: list[bool], tmp_path: Path
) -> None:
    found = looked(tmp_path, raw)
    assert found is not None
    assert found.frame[WHOLE].to_list() == whole


@pytest.mark.parametrize(
    "raw",
    [
        b"a,b\n1,2\r\n3,4\n",
        b"a,b\n1,2\r3,4\n",
        b'a,b\n"1\n2",3\n',
        b'a,b\n"1,2\n3,4\n',
        b'a,b\n1,2\n"3" x,4\n',
        b'a,b\n1,2\n3,x"y\n',
        b"a,b\n1\n3,4\n",
        b"a,b\n1,\xff\n",
        b"a,b\n1,\0\n",
        b"a,b\n1,2\n\x1a",
        "a,b\n1,2\n".encode("utf-16"),
        b"a,a\n1,2\n",
        b"",
    ],
)
def test_a_file_that_is_not_plain_is_for_others(raw: bytes, tmp_path: Path) -> None:
    assert looked(tmp_path, raw) is None


def test_a_small_file_is_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "LEAST", 100)
    assert opened(tmp_path, b"a,b\n1,2\n") is None


def test_quotes_that_begin_late_are_seen(tmp_path: Path) -> None:
    rows = b"".join(b"%d,x\n" % n for n in range(100_000))
    found = looked(tmp_path, b"a,b\n" + rows + b'"1","2"\n')
    assert found is not None
    assert found.scan.has_quotes
    assert found.frame[WHOLE].all()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_some_rows_are_read_as_all_are(end: str, *, last: bool, tmp_path: Path) -> None:
    rows = ["1,2", '"1""2",é', "1,2,3", "5", " 7 ,8", "", "9,10"]
    text = end.join(["a,b", *rows]) + (end if last else "")
    found = looked(tmp_path, text.encode())
    assert found is not None
    every, said = read_table("f.csv", text.encode())
    some = found.some(pl.Series([True] * len(rows)))
    assert every is not None
    assert some is not None
    table, findings = some
    assert_frame_equal(table.frame, every.frame)
    assert_frame_equal(table.unreadable, every.unreadable)
    assert_frame_equal(findings.frame, said.frame)
    assert (table.ended, table.newline) == (every.ended, every.newline)


def test_the_others_are_counted_and_lines_are_those_of_the_file(tmp_path: Path) -> None:
    found = looked(tmp_path, b"sep=,\na,b\n1,2\n3,4\n5,6\n7\n")
    assert found is not None
    some = found.some(pl.Series([False, True, False, True]))
    assert some is not None
    table, _ = some
    assert table.frame.select("a", ROW).rows() == [("3", 4)]
    assert table.unreadable[ROW].to_list() == [6]
    assert (table.aside, table.rows) == (2, 4)


def test_no_row_at_all_is_no_file_without_rows(tmp_path: Path) -> None:
    found = looked(tmp_path, b"a,b\n1,2\n")
    assert found is not None
    some = found.some(pl.Series([False]))
    assert some is not None
    table, findings = some
    assert (table.frame.columns, table.rows) == (["a", "b", ROW], 1)
    assert len(findings) == 0


def test_rows_that_refuse_the_file_are_for_others(tmp_path: Path) -> None:
    found = looked(tmp_path, b"a,b\n1,2\n3")
    assert found is not None
    assert found.some(~found.frame[WHOLE]) is None
