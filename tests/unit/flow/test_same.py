from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.flow.same import still, turns
from sync.model.entities import Entity
from sync.validate.rules import century

TODAY = date(2026, 11, 22)
NEAR = st.integers(-40, 40).map(lambda days: TODAY + timedelta(days=days))
DATES = st.lists(
    NEAR
    | NEAR.map(lambda day: day.replace(year=day.year - 100, day=min(day.day, 28)))
    | NEAR.map(lambda day: day.replace(year=day.year + 100, day=min(day.day, 28)))
    | st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    max_size=6,
)


def frames(days: list[date]) -> list[tuple[Entity, pl.DataFrame]]:
    cells = pl.Series("endDate", [day.isoformat() for day in days], pl.String)
    return [(Entity.ENROLLMENTS, cells.to_frame())]


def decided(days: list[date], today: date) -> list[tuple[bool, ...]]:
    """What rules say of these dates on a day."""
    first, last = century(today)
    texts = [day.isoformat() for day in days]
    now = today.isoformat()
    return [(one < now, one > now, one < first, one > last) for one in texts]


@given(DATES, st.integers(0, 60))
def test_as_long_as_nothing_turns_every_date_means_the_same(
    days: list[date], later: int
) -> None:
    facts = {"day": TODAY.isoformat(), "turns": turns(frames(days), TODAY)}
    then = TODAY + timedelta(days=later)
    if still(facts, then):
        assert decided(days, then) == decided(days, TODAY)


@pytest.mark.parametrize(
    ("day", "lasts"),
    [
        ("2026-11-21", True),
        ("2026-11-22", False),
        ("2026-11-23", False),
        ("2026-11-24", True),
        ("1926-11-22", False),
        ("1926-11-23", False),
        ("1926-11-24", True),
        ("2126-11-23", False),
        ("2126-12-24", True),
        ("not a day", True),
    ],
)
def test_a_night_lasts_until_the_next_date_is_reached(day: str, lasts: bool) -> None:
    cells = pl.DataFrame({"birthDate": [day]})
    facts = {
        "day": TODAY.isoformat(),
        "turns": turns([(Entity.STUDENTS, cells)], TODAY),
    }
    assert still(facts, TODAY)
    assert still(facts, TODAY + timedelta(days=1)) is lasts


def test_a_clock_that_went_back_ends_it() -> None:
    facts = {"day": TODAY.isoformat(), "turns": turns([], TODAY)}
    assert still(facts, TODAY + timedelta(days=4000))
    assert not still(facts, TODAY - timedelta(days=1))
