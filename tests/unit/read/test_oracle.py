"""The readers against Python's csv module, cell by cell and line by line."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

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
QUOTED_CELL = re.compile(r'"((?:[^"]|"")*+)"')
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
@example(header="a,b", body='1,5" x"\n"2,"\n",3"\n4,"5\n6"x,7\n8,"9')
@example(header="a,b", body='5" ""x,"a""\n""b""\n"\n"" "",x"",\n1')
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
        ('1,"2"\n3,x"y\n', lines),
        ('1,5"\n2,"a\n"\n', lines),
        ('1,"2"x\n3,"4" \n', lines),
        (f'1,"2"x\n3,{"y" * 131_073}\n', careful),
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


Row = tuple[list[str], int]


@dataclass(frozen=True, slots=True)
class Expected:
    """What an editor and the rules of the design make of a text."""

    rows: list[Row]
    found: list[tuple[str, int]]


def physical_lines(text: str) -> list[str]:
    """The lines with their ends: CR, LF and CRLF are one each."""
    parts = re.split(r"(\r\n|\r|\n)", text)
    lines = ["".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]
    return lines if lines[-1] else lines[:-1]


def cells_of(text: str, delimiter: str) -> tuple[list[str], str]:
    """The cells of a row, and its state: whole, open (in a quote) or behind (one)."""
    cells: list[str] = []
    state, place = "whole", 0
    while place <= len(text):
        cell, behind = "", False
        if text.startswith('"', place):
            quoted = QUOTED_CELL.match(text, place)
            if quoted is None:
                return cells, "open"
            cell, place = quoted[1].replace('""', '"'), quoted.end()
            behind = True
        more = text[place:].partition(delimiter)[0]
        if behind and more.strip(" \t"):
            state = "behind"
        cells.append(cell + more)
        place += len(more) + 1
    return cells, state


def expected_of(text: str, delimiter: str, width: int) -> Expected:
    """All rows below the first line, put together line by line."""
    rows: list[Row] = []
    found: list[tuple[str, int]] = []
    lines = physical_lines(text)
    ended = text.endswith(("\r", "\n"))
    start, taken = 2, ""
    for number, line in enumerate(lines[1:], start=2):
        taken += line.rstrip("\r\n")
        cells, state = cells_of(taken, delimiter)
        if state == "open" and number < len(lines):
            taken += "\n"
            continue
        if state == "open" or (state == "behind" and number > start):
            return Expected([], [*found, ("RS037", start)])
        short = len(cells) < width
        if "".join(cells).strip(" \t"):
            if short and number == len(lines) and not ended:
                return Expected([], [*found, ("RS036", start)])
            if state == "behind":
                found.append(("RS038", start))
            elif short or "".join(cells[width:]).strip(" \t"):
                found.append(("RS035", start))
            else:
                rows.append((cells[:width], start))
        start, taken = number + 1, ""
    return Expected(rows, found)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str, int]:
    """Whatever a file may hold: quotes, blank lines, ragged rows, any line end."""
    delimiter = draw(st.sampled_from(",;\t|"))
    width = draw(st.integers(1, 3))
    whole = st.sampled_from(["x", "é", '"y"', '"a\nb"', '"\r\n"', '""', " ", '"z" '])
    row = st.lists(whole, min_size=1, max_size=4).map(delimiter.join)
    odd = st.text(alphabet=f'x"{delimiter} \t\n', max_size=6)
    line = st.one_of(row, row, row, row, odd)
    ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])
    body = draw(st.lists(st.tuples(line, ends), max_size=8))
    header = delimiter.join(f"h{place}" for place in range(width))
    text = header + draw(ends) + "".join(one + end for one, end in body)
    return text + draw(st.one_of(st.just(""), line)), delimiter, width


@settings(max_examples=500, deadline=None)
@given(texts())
@example(('h0,h1\r\r"a\rb",1\n\r\n,\n2\n"c\r\n\r\nd",3', ",", 2))
@example(('h0,h1\n1,"x" \n2,"y"z\n3', ",", 2))
@example(('h0,h1,h2\n1,"x"y', ",", 3))
@example(('h0,h1\n1,"x\n2,"y"\n', ",", 2))
@example(('h0,h1\n1,"x" ,\n"a\n" ,2,,\n', ",", 2))
@example(("h0\th1\n\t\n \t\n1\t\t\t\n", "\t", 2))
def test_rows_cells_and_findings_are_those_of_a_reader_that_looks_at_each_letter(
    case: tuple[str, str, int],
) -> None:
    text, delimiter, width = case
    wanted = expected_of(text, delimiter, width)
    sep = f"sep={delimiter}\n"
    table, findings = read_table("x.csv", (sep + text).encode())
    codes = findings.frame.filter(pl.col("code") != "RS031").select("code", "line")
    assert codes.rows() == [(code, line + 1) for code, line in wanted.found]
    refused = {code for code, _ in wanted.found} & {"RS036", "RS037"}
    assert (table is None) == bool(refused)
    if table is not None:
        assert table.frame.rows() == [(*cells, line + 1) for cells, line in wanted.rows]
        assert table.rows == len(wanted.rows) + len(wanted.found)


@pytest.mark.parametrize("end", LINE_ENDS)
def test_rows_that_no_chunk_shows_keep_their_lines(end: str) -> None:
    count = 300_000
    lines = ["a,b"]
    good: list[int] = []
    ragged: list[int] = []
    for number in range(count):
        if number % 1777 == 0:
            lines.append(",")
        odd = number % 1999 == 0
        (ragged if odd else good).append(len(lines) + 1)
        if odd:
            lines.append(f"{number}")
        elif number % 1000 == 0:
            lines += [f'{number},"x', f'{number}"']
        else:
            lines.append(f"{number},y")
    raw, findings = read_table("x.csv", (end.join(lines) + end).encode())
    assert raw is not None
    assert raw.frame[ROW].to_list() == good
    assert findings.frame["line"].to_list() == ragged
