from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.digests import content

Cell = st.none() | st.text(max_size=3)
Rows = st.lists(st.tuples(Cell, Cell), max_size=6)


def frame(rows: list[tuple[str | None, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, {"a": pl.String, "b": pl.String}, orient="row")


@given(Rows, Rows)
def test_frames_have_one_digest_exactly_if_they_are_equal(
    one: list[tuple[str | None, str | None]], two: list[tuple[str | None, str | None]]
) -> None:
    same = content({"x": frame(one)}) == content({"x": frame(two)})
    assert same is (one == two)


@given(Rows, st.integers(0, 6))
def test_it_is_all_one_in_how_many_pieces_a_frame_lies(
    rows: list[tuple[str | None, str | None]], cut: int
) -> None:
    whole = frame(rows)
    pieces = pl.concat([whole[:cut], whole[cut:]], rechunk=False)
    assert content({"x": pieces}) == content({"x": whole})


@pytest.mark.parametrize(
    "other",
    [
        {"y": frame([("1", "2")])},
        {"x": frame([("1", "2")]).rename({"a": "c"})},
        {"x": frame([("1", "2")]).select("b", "a")},
        {"x": frame([("1", "2")]).cast({"a": pl.Int64})},
        {"x": frame([("1", "2")]), "z": frame([])},
        {},
    ],
)
def test_names_types_and_order_of_columns_are_in_it(
    other: dict[str, pl.DataFrame],
) -> None:
    assert content({"x": frame([("1", "2")])}) != content(other)


def test_a_frame_without_columns_has_a_digest_too() -> None:
    assert content({"x": pl.DataFrame()}) != content({})
