"""The readers against Python's csv module, cell by cell and line by line."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.model.roster import ROW
from sync.read import careful, lines, quick
from sync.read.body import Body
from sync.read.header import Sheet, read_header
from sync.read.table import read_table

LINE_ENDS = ["\n", "\r\n", "\r"]
CELLS = st.text(alphabet='ab ,;\t|"\né', max_size=6)


def sheet_of(text: str) -> Sheet:
    sheet, _ = read_header("x.csv", text.encode())
    assert sheet is not None
    return sheet


def assert_same(one: Body, other: Body) -> None:
    assert one.refusal == other.refusal
    if one.refusal is None:
        assert_frame_equal(one.frame, other.frame)
    assert_frame_equal(one.odd, other.odd)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str, str, bool]:
    width = draw(st.integers(1, 4))
    row = st.lists(CELLS, min_size=width, max_size=width)
    rows = draw(st.lists(row, max_size=8))
    delimiter = draw(st.sampled_from(",;\t|"))
    end = draw(st.sampled_from(LINE_ENDS))
    return rows, delimiter, end, draw(st.booleans())


def written(rows: list[list[str]], delimiter: str, end: str, everything: bool) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL,
    )
    width = len(rows[0]) if rows else 1
    writer.writerow([f"h{place}" for place in range(width)])
    writer.writerows(rows)
    return f"sep={delimiter}\n{text.getvalue()}".replace("\n", end)


@settings(max_examples=400, deadline=None)
@given(table=tables(), mark=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_cells_and_lines_are_those_of_the_csv_module(
    table: tuple[list[list[str]], str, str, bool], mark: str
) -> None:
    rows, delimiter, end, everything = table
    text = written(rows, delimiter, end, everything)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(plain, newline="\n"), delimiter=delimiter)
    expected = []
    before = 0
    for cells in reader:
        if before > 1 and "".join(cells).strip(" \t"):
            expected.append((*cells, before + 1))
        before = reader.line_num

    raw, _ = read_table("x.csv", text.encode(mark))

    assert raw is not None
    assert raw.frame.rows() == expected
    assert raw.unreadable.is_empty()


@pytest.mark.parametrize("way", [quick, lines])
@settings(max_examples=600, deadline=None)
@given(
    header=st.sampled_from(["a", "a,b", "a,b,c"]),
    body=st.text(alphabet='xé ,"\n', max_size=30),
)
@example(header="a,b", body='1,x"y"z\n')
@example(header="a,b,c", body='"y"yy",,"\n')
@example(header="a,b", body="1,2\n3\n4,,")
@example(header="a", body='""x"')
@example(header="a", body='""""\n')
@example(header="a,b", body='1,5" pipe\n2,"b"\n')
@example(header="a,b", body='1,"x"y"\n2,x\n')
@example(header="a,b", body='1,"x""y"\n2,"a\n\nb"\n\n')
@example(header="a,b", body='1,"a\n2,b"\n3')
@example(header="a,b", body="\n\n1,2\n,\n\n \n3,4\n\n")
@example(header="a,b", body="1,2,,,\n3,, ,\n4,5,6\n")
@example(header="a", body='x\n\n""\n"\n"\n')
def test_a_faster_way_gives_up_or_reads_the_same(
    way: object, header: str, body: str
) -> None:
    sheet = sheet_of(f"{header}\n{body}")
    fast = way.read(sheet)  # type: ignore[attr-defined]
    if fast is not None:
        assert_same(fast, careful.read(sheet))


@settings(max_examples=500, deadline=None)
@given(body=st.text(alphabet='xy ,"\n', max_size=30))
def test_every_row_is_good_odd_or_refused_with_the_file(body: str) -> None:
    sheet = sheet_of(f"a,b\n{body}")
    result = careful.read(sheet)
    if result.refusal is not None:
        return
    reader = csv.reader(io.StringIO(body, newline="\n"))
    expected = [row for row in reader if "".join(row).strip(" \t")]
    assert result.frame.height + result.odd.height == len(expected)


@pytest.mark.parametrize(
    ("body", "way"),
    [
        ("1,2\n3,4\n", quick),
        ('1,"2\n\n"\n3,"x"\n', lines),
        ('1,"2"\n3,x"y\n', careful),
        ("1,2\n\n3,4\n", lines),
        ('1,"a ""b"""\n', quick),
        ("1,2\n3,4,5\n", lines),
    ],
)
def test_files_take_the_fastest_way_that_can_read_them(body: str, way: object) -> None:
    sheet = sheet_of(f"a,b\n{body}")
    ways = (quick, lines, careful)
    first = next(one for one in ways if one.read(sheet) is not None)
    assert first is way


def test_rows_that_no_chunk_shows_keep_their_lines() -> None:
    count = 300_000
    body = "".join(
        f'{n},"x\n{n}"\n' if n % 1000 == 0 else f"{n},y\n" for n in range(count)
    )
    raw, _ = read_table("x.csv", f"a,b\n{body}".encode())
    assert raw is not None
    above = pl.Series(
        [2 + n + (n + 999) // 1000 for n in range(count)], dtype=pl.UInt32
    )
    assert raw.frame.get_column(ROW).equals(above)
