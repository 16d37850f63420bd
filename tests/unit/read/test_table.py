"""One file: encodings, headers, rows, and the finding for each thing that is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.finding import Severity
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
    ("raw", "expected"),
    [
        pytest.param(b"a\n\xe9\x81\n", [("RS020", 2)], id="no text"),
        pytest.param(b"", [("RS030", None)], id="empty"),
        pytest.param(b"a,b", [("RS031", None)], id="no rows, no line end"),
        pytest.param(b"a,b\r\n,\r\n\r\n", [("RS031", None)], id="only blank rows"),
        pytest.param(b"a,PassWord\n1,x\n", [("RS034", None)], id="password"),
        pytest.param(b"a,b\n1\n1,2,3\n1,2\n", [("RS035", 2), ("RS035", 3)], id="width"),
        pytest.param(b"a,b\n1,2\n3", [("RS036", 3)], id="truncated"),
        pytest.param(b'a,b\n1,"2"\n"\n3"', [("RS036", 3)], id="truncated, two lines"),
        pytest.param(b'a,b\n1,5"\n3', [("RS036", 3)], id="truncated, stray quote"),
        pytest.param(b"a,b\n1,2\n3,", [], id="last cell empty"),
        pytest.param(b'a,b\n1,2\n3,"4\n5,6\n', [("RS037", 3)], id="open quote"),
        pytest.param(
            b'a,b\n"1\n2","4\n5\n', [("RS037", 2)], id="open in line 2 of row"
        ),
        pytest.param(b'a,b\n3,"4\n5,"6"\n', [("RS037", 2)], id="closed far below"),
        pytest.param(b'a,"b\n1,2\n', [("RS037", 1)], id="open quote in header"),
        pytest.param(b'a,b\n1,"2"x\n3,4\n', [("RS038", 2)], id="behind a quote"),
        pytest.param(b"a,b\n1\n2,3", [("RS035", 2)], id="short above a whole last"),
        pytest.param(b"a,b\n1,2\n3\n", [("RS035", 3)], id="short last with line end"),
        pytest.param(b"a,b\n1,2\n3\n\n", [("RS035", 3)], id="a blank line behind"),
        pytest.param(b"a,b\n1,2\n3\n ", [("RS035", 3)], id="a space behind it"),
        pytest.param(b"a,b\n1,2\n3\r", [("RS035", 3)], id="short last with CR"),
        pytest.param(b"a,b\n1,2\n3,4,5", [("RS035", 3)], id="long last, no line end"),
        pytest.param(b"a,b\n1,2\n3,4,", [], id="surplus in the last row"),
        pytest.param(b"a,b,c\n1,2,3\n,", [], id="a last row of blank cells"),
        pytest.param(b"a,b,c\n1,2,3\n,4", [("RS036", 3)], id="truncated, first blank"),
        pytest.param(b"a,b,c\n1,2,", [], id="the last cell is empty"),
        pytest.param(b"a,b,c\n1,", [("RS036", 2)], id="the only row is cut"),
        pytest.param(b'a,b\n1,"2\n', [("RS037", 2)], id="cut within quotes"),
        pytest.param(b'a,b\n1,"2', [("RS037", 2)], id="cut within quotes, no end"),
        pytest.param(b'a,b\n"1,2\n3,4\n', [("RS037", 2)], id="open first cell"),
        pytest.param(b'a,b\n1,2\n"', [("RS037", 3)], id="nothing but a quote"),
        pytest.param(b'a,b\n1,"""\n', [("RS037", 2)], id="three quotes"),
        pytest.param(
            b'a,b\n\n"x\r\ny",1\r2\r\n,\n"p\n\nq",3,4\n',
            [("RS035", 5), ("RS035", 7)],
            id="ragged behind quoted line ends and blank lines",
        ),
        pytest.param(
            b'a,b\n1,"2"x\n3\n"4"5,6\n7,8,9\n',
            [("RS038", 2), ("RS035", 3), ("RS038", 4), ("RS035", 5)],
            id="each row by itself",
        ),
        pytest.param(b'a,b\n"1"x\n', [("RS038", 2)], id="short too, and one finding"),
        pytest.param(b'a,b\n"1"x', [("RS036", 2)], id="behind a quote and truncated"),
        pytest.param(b"a,b\n1,2\n;;;\n", [("RS035", 3)], id="other delimiters"),
        pytest.param(b"a,b\n1\n", [("RS035", 2)], id="the only row is short"),
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
        pytest.param(b'a,b\n"","" \n" ",\n1,2\n', [("1", "2", 4)], id="quoted blanks"),
        pytest.param(b"a\tb\n\t\t\n \t\n1\t2\t\t\n", [("1", "2", 4)], id="tabs"),
        pytest.param(b"sep=|\na|b\n \n1|2\n", [("1", "2", 4)], id="sep= counts"),
        pytest.param(b"a,b\n#1,2\n", [("#1", "2", 2)], id="there are no comments"),
        pytest.param(b'a,b\n"1" ,"x,y"  \n', [("1 ", "x,y  ", 2)], id="blanks behind"),
        pytest.param(b'a,b\n1"2"3,""""\n', [('1"2"3', '"', 2)], id="quotes as data"),
        pytest.param(b'a,b\n="007",x\n', [('="007"', "x", 2)], id="Excel's text"),
        pytest.param(b"a,b\n45200,1.23E+05\n", [("45200", "1.23E+05", 2)], id="as is"),
        pytest.param(
            "a,b\n1,x\u2028y\x0bz\x85\n2,\x0c\n".encode(),
            [("1", "x\u2028y\x0bz\x85", 2), ("2", "\x0c", 3)],
            id="what ends no line",
        ),
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


def test_line_numbers_are_unsigned_and_cells_are_text() -> None:
    table, _ = read_table("x.csv", b"a,b\n1,\n")
    assert table is not None
    assert [str(kind) for kind in table.frame.dtypes] == ["String", "String", "UInt32"]
    assert table.frame.columns[-1] == ROW
    assert table.frame.null_count().row(0) == (0, 0, 0)


GOOD = 'id,name,"a b"\r\n1,"x, ""y""\r\nz",é\r\n2,5" pipe,ü\r\n'


@settings(max_examples=300, deadline=None)
@given(
    codec=st.sampled_from(["utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    changes=st.lists(
        st.tuples(
            st.integers(0, 200),
            st.integers(0, 3),
            st.binary(max_size=3)
            | st.sampled_from([b'"', b"\0", b"\r", b"\xff", b","]),
        ),
        max_size=3,
    ),
)
def test_whatever_the_bytes_are_a_file_is_read_or_refused_with_a_reason(
    codec: str, changes: list[tuple[int, int, bytes]]
) -> None:
    raw = GOOD.encode(codec)
    for place, length, put in changes:
        raw = raw[:place] + put + raw[place + length :]
    table, findings = read_table("x.csv", raw)
    lines = findings.frame["line"].drop_nulls()
    assert (table is None) == findings.refuses
    assert all(1 <= line <= len(raw) + 1 for line in lines)
    if table is not None:
        rejected = findings.of_severity(Severity.REJECTED).height
        assert table.unreadable.height == rejected
        assert table.frame[ROW].is_sorted()
        assert table.frame.null_count().sum_horizontal().item() == 0
