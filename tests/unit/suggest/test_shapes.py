"""Columns look like what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.model.roster import Wanted
from sync.read import read_drop
from sync.suggest.shapes import ISO, Profile, profiles


def profile(folder: Path, *cells: str) -> Profile:
    path = folder / "some.csv"
    rows = "".join(f'"{cell}",x\n' for cell in cells)
    path.write_text(f"column,other\n{rows}", "utf-8")
    drop, _ = read_drop(path, Wanted(("*",)))
    return profiles(drop.tables["some.csv"])["column"]


@pytest.mark.parametrize(
    ("cells", "form", "ambiguous"),
    [
        (("2014-09-30", "2015-01-02"), ISO, False),
        (("2014-09-30T00:00:00Z", "2015-01-02T00:00:00Z"), ISO, False),
        (("9/30/2014", "1/2/2015"), "%m/%d/%Y", False),
        (("30/9/2014", "1/2/2015"), "%d/%m/%Y", False),
        (("9/3/2014", "1/2/2015"), "%m/%d/%Y", True),
        (("20140930", "20150102"), "%Y%m%d", False),
        (("30.09.2014", "02.01.2015"), "%d.%m.%Y", False),
        (("30-Sep-2014", "02-Jan-2015"), "%d-%b-%Y", False),
        (("Sep 30, 2014", "Jan 2, 2015"), "%b %d, %Y", False),
        (("09/30/2014 00:00", "01/02/2015 00:00"), "%m/%d/%Y %H:%M", False),
        (("Ada", "Ben"), None, False),
        (("10000001", "10000002"), None, False),
    ],
)
def test_the_format_of_dates_is_told(
    tmp_path: Path, cells: tuple[str, ...], form: str | None, ambiguous: bool
) -> None:
    seen = profile(tmp_path, *cells)
    assert (seen.date_format, seen.ambiguous_date) == (form, ambiguous)


@pytest.mark.parametrize(
    ("cells", "shape"),
    [
        (("a@x.example", "b@y.example"), "email"),
        (("(555) 555-0101", "+1-555-555-0102"), "phone"),
        (("K", "5", "11"), "grade"),
        (("Y", "N", "Y"), "boolean"),
        (("Active", "Withdrawn"), "status"),
        (("Teacher", "Student"), "role"),
        (("Mother", "Father"), "relation"),
        (("Ada", "Marie-José", "O'Neil"), "name"),
        (("Doe, Jane", "Roe, Rick"), "comma_name"),
    ],
)
def test_cells_have_their_shape(
    tmp_path: Path, cells: tuple[str, ...], shape: str
) -> None:
    assert profile(tmp_path, *cells).share(shape) == 1.0


@pytest.mark.parametrize("cell", ["9/30/2014", "2014-09-30", "12345", "123456789"])
def test_dates_and_numbers_are_no_telephone_numbers(tmp_path: Path, cell: str) -> None:
    assert profile(tmp_path, cell).share("phone") == 0.0


def test_a_key_is_filled_and_different_in_every_row(tmp_path: Path) -> None:
    assert profile(tmp_path, "1", "2", "3").is_key
    assert not profile(tmp_path, "1", "2", "2").is_key
    assert not profile(tmp_path, "1", "2", "").is_key


def test_codes_are_the_values_that_repeat_the_commonest_first(tmp_path: Path) -> None:
    assert profile(tmp_path, *"AAAAIIT").codes == ("A", "I", "T")
    many = [f"value {number}" for number in range(60)]
    assert profile(tmp_path, *many).codes == ()


def test_spaces_alone_are_no_value(tmp_path: Path) -> None:
    seen = profile(tmp_path, " ", "", "x")
    assert (seen.rows, seen.filled, seen.distinct) == (3, 1, 1)
