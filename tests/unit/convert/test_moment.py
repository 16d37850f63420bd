"""Which moment a delta names as the last change of its rows."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sync.convert import newest, parse_moment
from sync.convert.moment import as_text
from sync.flow import How, take_in

HEADER = "sourcedId,name,dateLastModified"


def newest_of(folder: Path, *stated: str) -> datetime:
    rows = [f"o{number},School,{cell}" for number, cell in enumerate(stated)]
    path = folder / "orgs.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), "utf-8")
    os.utime(path, (1_788_000_000, 1_788_000_000))
    return newest(take_in(folder, How(), date(2026, 9, 1)).drop)


def test_the_newest_that_the_drop_states_counts(tmp_path: Path) -> None:
    stated = ("2026-08-01T00:00:00.000Z", "2026-08-31T02:00:00Z", "tomorrow", "")
    assert newest_of(tmp_path, *stated) == datetime(2026, 8, 31, 2, tzinfo=UTC)


def test_otherwise_it_is_the_time_of_the_files(tmp_path: Path) -> None:
    assert newest_of(tmp_path, "") == datetime.fromtimestamp(1_788_000_000, UTC)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-08-31", "2026-08-31T00:00:00.000Z"),
        ("2026-08-31T02:00:00Z", "2026-08-31T02:00:00.000Z"),
        ("2026-08-31T02:00:00.5+02:00", "2026-08-31T00:00:00.500Z"),
    ],
)
def test_a_moment_is_written_with_milliseconds_and_z(text: str, written: str) -> None:
    assert as_text(parse_moment(text)) == written


def test_what_is_no_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="tonight"):
        parse_moment("tonight")
