from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from sync.model.entities import Kind
from sync.model.normalise import NORMALISERS, text
from sync.targets.common.distinct import by_value

cells = st.sampled_from(
    [
        *(None, "", " ", "Active", "active ", "TRUE", "no", "2026-02-30"),
        *("2026-02-03T00:00", "Student", "ext:x", "05,K", "é", "e\u0301", "\u200bA"),
    ]
)


@pytest.mark.parametrize("kind", NORMALISERS)
@given(st.lists(cells, max_size=40))
@settings(max_examples=40, deadline=None)
def test_a_column_is_read_as_its_cells_are(kind: Kind, told: list[str | None]) -> None:
    column = pl.Series("name", told, pl.String)
    read = NORMALISERS[kind]
    plainly = column.to_frame().select(read(pl.col("name"))).to_series()
    assert_series_equal(by_value(column, read), plainly)


COMMON = st.text(st.sampled_from("aZ0 \t\n\x0b\x1f\x7f"), max_size=3)
ODD = st.text(st.sampled_from("a \u00a0\u200b\ufeff\u0301\u1e9b\u212b"), max_size=3)


@pytest.mark.parametrize("length", [4, 2000])
@given(
    told=st.lists(st.one_of(st.none(), COMMON), max_size=12),
    odd=st.lists(ODD, max_size=2),
    alike=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_texts_that_are_only_trimmed_are_what_normalising_makes_of_them(
    length: int, told: list[str | None], odd: list[str], alike: bool
) -> None:
    filler = ["x"] * length if alike else [f" {number}" for number in range(length)]
    column = pl.Series("name", [*filler, *told, *odd], pl.String)
    plainly = column.to_frame().select(text(pl.col("name"))).to_series()
    assert_series_equal(by_value(column, text), plainly)


@pytest.mark.parametrize("times", [1, 9])
def test_only_values_that_repeat_are_read_once(times: int) -> None:
    seen: list[int] = []

    def count(cells: pl.Series) -> pl.Series:
        seen.append(cells.len())
        return cells

    column = pl.Series("name", ["a", "b", None] * times)
    by_value(column, lambda cell: cell.map_batches(count, return_dtype=pl.String))
    assert seen == [3]
