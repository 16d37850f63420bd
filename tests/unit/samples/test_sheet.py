from __future__ import annotations

import polars as pl

from sync.samples.chance import Chance
from sync.samples.sheet import Sheet, Style


def _sheet(style: Style | None = None) -> Sheet:
    frame = pl.DataFrame({"id": ["a", "b", "c"], "name": ["x,y", "", "é"]})
    return Sheet("s.csv", frame, style or Style())


def test_an_untouched_sheet_is_the_frame() -> None:
    assert _sheet().content() == 'id,name\na,"x,y"\nb,\nc,é\n'.encode()


def test_style_decides_on_bytes() -> None:
    style = Style(";", "\r\n", "cp1252", b"")
    assert _sheet(style).content() == b"id;name\r\na;x,y\r\nb;\r\nc;\xe9\r\n"


def test_lines_count_breaks_within_cells_and_rows_between() -> None:
    sheet = _sheet()
    sheet.replace(0, name="two\nlines")
    assert sheet.follow(0, "b,again") == 1
    assert sheet.content().decode().splitlines()[4] == "b,"
    places = sheet.physical_lines()
    assert places == {(-1, 0): 1, (0, 0): 2, (0, 1): 4, (1, 0): 5, (2, 0): 6}


def test_a_row_is_taken_once_and_the_last_never() -> None:
    sheet, anybody = _sheet(), pl.lit(value=True)
    taken = [sheet.take(anybody, Chance(1), f"{n}") for n in range(3)]
    assert sorted(taken, key=str) == [0, 1, None]
