from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.flow.memory import date_in, newest
from sync.model.roster import Drop, DropKind, RawTable

FIRST = date(2026, 9, 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roster-2026-09-01", FIRST),
        ("roster_20260901.zip", FIRST),
        ("20260901T0230Z-roster", FIRST),
        ("roster-20260901023000.zip", FIRST),
        ("roster-202609010230.zip", FIRST),
        ("SY20260801-20270604 of 2026-09-01", FIRST),
        ("2026-09-01-2", FIRST),
        ("roster", None),
        ("roster-2026-13-01", None),
        ("roster-20261301", None),
        ("roster-2026-02-30", None),
        ("export 12345678", None),
        ("export 18890901", None),
        ("export 020260901", None),
        ("export 202609010", None),
        ("2026-2027 roster", None),
        ("2026-0901", None),
        ("2026_09_01", None),
    ],
)
def test_a_name_carries_the_last_plausible_date_in_it(
    name: str, expected: date | None
) -> None:
    assert date_in(name) == expected


@given(
    st.dates(date(1990, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["", "-"]),
    st.text("abc_. -", max_size=4),
    st.text("xyz_. -", max_size=4),
)
def test_any_day_is_found_between_letters(
    day: date, hyphen: str, before: str, after: str
) -> None:
    text = day.strftime(f"%Y{hyphen}%m{hyphen}%d")
    assert date_in(f"{before}{text}{after}") == day


def drop(**columns: list[str]) -> Drop:
    """A drop with a file for each column, of which all but the name of it is read."""
    return Drop(
        Path("d"),
        "d",
        DropKind.FOLDER,
        "",
        {
            f"{name}.csv": RawTable(
                f"{name}.csv",
                pl.DataFrame({name: cells}, schema={name: pl.String}).with_columns(
                    _row=pl.lit(2, pl.UInt32)
                ),
                *("utf-8", ",", "\n"),
                pl.DataFrame(),
            )
            for name, cells in columns.items()
        },
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-09-14T02:00:00.000Z", "2026-09-14T02:00:00.000"),
        (" 2026-09-14 ", "2026-09-14T00:00:00.000"),
        ("2026-09-14 01:59", "2026-09-14T01:59:00.000"),
        ("2026-09-14T01:59:58,5Z", "2026-09-14T01:59:58.500"),
        ("2026-09-14T03:00:00+02:00", "2026-09-14T01:00:00.000"),
        ("2026-09-14T03:00:00-0330", "2026-09-14T06:30:00.000"),
        ("2026-02-30", None),
        ("09/14/2026", None),
        ("a while ago", None),
        ("", None),
    ],
)
def test_a_time_is_read_in_utc_or_not_at_all(cell: str, expected: str | None) -> None:
    assert newest(drop(dateLastModified=[cell])) == expected


def test_the_newest_of_all_files_counts_whatever_the_case_of_the_header() -> None:
    found = drop(
        dateLastModified=["2026-09-01", "x", "2026-09-03"],
        DATELASTMODIFIED=["2026-09-05T10:00:00+02:00"],
        modified=["2027-01-01"],
        datelastmodified=[],
    )
    assert newest(found) == "2026-09-05T08:00:00.000"
    assert newest(drop(sourcedId=["1"])) is None


@given(st.lists(st.dates(date(1990, 1, 1), date(2099, 1, 1)), min_size=1))
def test_the_newest_is_the_newest(days: list[date]) -> None:
    texts = [day.isoformat() for day in days]
    assert newest(drop(dateLastModified=texts)) == f"{max(texts)}T00:00:00.000"
