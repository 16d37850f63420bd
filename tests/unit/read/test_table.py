"""One file: encodings, headers, rows, and the finding for each thing that is wrong."""

from __future__ import annotations

import pytest

from sync.model.roster import ROW
from sync.read.table import read_table

Row = tuple[object, ...]


def rows(raw: bytes) -> list[Row]:
    table, _ = read_table("x.csv", raw)
    assert table is not None
    return table.frame.rows()


def found(raw: bytes) -> list[tuple[str, int | None]]:
    _, findings = read_table("x.csv", raw)
    return findings.frame.select("code", "line").rows()


@pytest.mark.parametrize(
    ("raw", "encoding", "newline"),
    [
        ("a,é\n1,ü\n".encode(), "utf-8", "lf"),
        ("a,é\r\n1,ü\r\n".encode("utf-8-sig"), "utf-8", "crlf"),
        (b"\xef\xbb\xbf" + "a,é\n1,ü\n".encode("utf-8-sig"), "utf-8", "lf"),
        ("a,é\r1,ü\r".encode("utf-16"), "utf-16", "cr"),
        ("a,é\r\n1,ü\n".encode("utf-16-le"), "utf-16", "mixed"),
        ("a,é\r1,ü\n".encode("utf-16-be"), "utf-16", "mixed"),
        ("a,é\n1,ü\n".encode("cp1252"), "windows-1252", "lf"),
        ("a,é\n1,ü\n\x1a".encode(), "utf-8", "lf"),
    ],
)
def test_every_encoding_and_line_end_gives_the_same_rows(
    raw: bytes, encoding: str, newline: str
) -> None:
    table, _ = read_table("x.csv", raw)
    assert table is not None
    assert (table.encoding, table.newline) == (encoding, newline)
    assert table.headers == ("a", "é")
    assert table.frame.rows() == [("1", "ü", 2)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"a\nx\x81\n", [("RS020", 2)], id="unassigned in 1252"),
        pytest.param(b"a\n\xe9\n\xc3\xa9\n", [("RS020", 2)], id="mixed"),
        pytest.param(b"\xef\xbb\xbfa\n1\n\xe9\n", [("RS020", 3)], id="bom, no utf-8"),
        pytest.param(b"\xff\xfea\0\n\0b", [("RS020", 2)], id="half a character"),
        pytest.param(b"a\n\xe9\n", [("RS021", None)], id="windows-1252"),
        pytest.param("ab\n1\n".encode("utf-16-le"), [("RS022", None)], id="utf-16"),
        pytest.param(b"a\r\n1\r\n\0\0\0", [("RS023", 3)], id="filled with NULs"),
        pytest.param(b"a\n1\r\0", [("RS023", 3)], id="NUL behind a CR"),
        pytest.param(b"a;b\n1;2\n", [("RS024", None)], id="semicolons"),
        pytest.param(b"sep=;\na;b\n1;2\n", [], id="semicolons declared"),
        pytest.param(b"", [("RS030", None)], id="empty"),
        pytest.param(b"\n,,\n", [("RS030", None)], id="only blank lines"),
        pytest.param(b"a,b\n,\n\n", [("RS031", None)], id="no rows"),
        pytest.param(b"a,b, A \n1,2,3\n", [("RS032", 1)], id="same header"),
        pytest.param(b"\na,,_row\n1,2,3\n", [("RS033", 2)], id="nameless"),
        pytest.param(b"a,PassWord\n1,x\n", [("RS034", None)], id="password"),
        pytest.param(b"a,b\n1\n1,2,3\n1,2\n", [("RS035", 2), ("RS035", 3)], id="width"),
        pytest.param(b"a,b\n1,2\n3", [("RS036", 3)], id="truncated"),
        pytest.param(b'a,b\n1,"2"\n"\n3"', [("RS036", 3)], id="truncated, two lines"),
        pytest.param(b'a,b\n1,5"\n3', [("RS036", 3)], id="truncated, stray quote"),
        pytest.param(b"a,b\n1,2\n3,", [], id="last cell empty"),
        pytest.param(b'a,b\n1,2\n3,"4\n5,6\n', [("RS037", 3)], id="open quote"),
        pytest.param(
            b'a,b\n"1\n2","4\n5\n', [("RS037", 3)], id="open in line 2 of row"
        ),
        pytest.param(b'a,b\n3,"4\n5,"6"\n', [("RS037", 2)], id="closed far below"),
        pytest.param(b'a,"b\n1,2\n', [("RS037", 1)], id="open quote in header"),
        pytest.param(b'a,b\n1,"2"x\n3,4\n', [("RS038", 2)], id="behind a quote"),
        pytest.param(b"a\n" + b"x" * 131_073 + b"\n", [("RS039", 2)], id="long cell"),
        pytest.param(
            b'a\n"' + b"x\n" * 70_000, [("RS039", 2)], id="quote open for too long"
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_found_at_its_line(
    raw: bytes, expected: list[tuple[str, int | None]]
) -> None:
    assert found(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"a,b\n1,2,,\n", [("1", "2", 2)], id="surplus"),
        pytest.param(b'a,b\n1,2, ,""\n', [("1", "2", 2)], id="surplus with spaces"),
        pytest.param(b"a,b,,\n1,2\n", [("1", "2", 2)], id="surplus in the header"),
        pytest.param(b"a,b\n1, ,, \n", [("1", " ", 2)], id="cells stay as read"),
        pytest.param(b"a,b\n\n,\n , \n1,2\n\n", [("1", "2", 5)], id="blank lines"),
        pytest.param(b"a\n\n1\n\n2\n\n", [("1", 3), ("2", 5)], id="one column"),
        pytest.param(b"\n\nsep=|\n\na|b\n1|2\n", [("1", "2", 6)], id="sep= counts"),
        pytest.param(b"SEP=\t\r\na\tb\r\n1\t2", [("1", "2", 3)], id="SEP= of a tab"),
        pytest.param(b'a,b\r1,"x\r\ny\r"\r2,z', [("1", "x\ny\n", 2), ("2", "z", 5)]),
        pytest.param(b'a,b\n1,5" pipe\n', [("1", '5" pipe', 2)], id="stray quote"),
        pytest.param(b'a,b\n1, "x"\n', [("1", ' "x"', 2)], id="space before a quote"),
        pytest.param(b'"a\nb",c\n1,2\n', [("1", "2", 3)], id="header on two lines"),
        pytest.param(b"a,b\n007,1E5\n", [("007", "1E5", 2)], id="nothing is inferred"),
    ],
)
def test_cells_and_lines_are_as_an_editor_shows_them(
    raw: bytes, expected: list[Row]
) -> None:
    assert rows(raw) == expected


def test_a_row_of_the_wrong_width_is_kept_with_its_cells() -> None:
    table, _ = read_table("x.csv", b"a,b\n1\n1,2,3\n1,2\n")
    assert table is not None
    assert table.unreadable.rows() == [(2, ["1"]), (3, ["1", "2", "3"])]
    assert table.rows == 3


@pytest.mark.parametrize("body", [b"1,S,3\n", b"1,S\n", b"S,3\n", b"1,x,S,3\n"])
def test_passwords_are_in_no_frame(body: bytes) -> None:
    table, findings = read_table("x.csv", b"a,password,c\n" + body)
    assert table is not None
    assert table.headers == ("a", "c")
    for frame in (table.frame, table.unreadable, findings.frame):
        assert "S" not in str(frame.to_dicts()).replace("RS", "")


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b", ","), ("a;b;c,d", ";"), ("a\tb", "\t"), ("a|b", "|"), ("a", ",")],
)
def test_the_delimiter_is_the_commonest_of_the_header(
    header: str, delimiter: str
) -> None:
    table, _ = read_table("x.csv", f"{header}\n".encode())
    assert table is not None
    assert table.delimiter == delimiter


def test_line_numbers_are_unsigned_and_cells_are_text() -> None:
    table, _ = read_table("x.csv", b"a,b\n1,\n")
    assert table is not None
    assert [str(kind) for kind in table.frame.dtypes] == ["String", "String", "UInt32"]
    assert table.frame.columns[-1] == ROW
    assert table.frame.null_count().row(0) == (0, 0, 0)
