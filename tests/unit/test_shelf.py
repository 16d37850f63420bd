"""Frames on the shelf: the same to whoever uses them, and nothing of them stays."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync import shelf
from sync.shelf import (
    Drawer,
    Shelf,
    all_put_away,
    collected,
    in_order,
    in_ranges,
    in_slices,
    put_away,
    rows_at,
    shelving,
)

SLICE = 3
TEXT = st.none() | st.text(max_size=3) | st.just("a text of more than twelve bytes")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A shelf that takes everything."""
    with shelving(Shelf(lambda: tmp_path, 1, SLICE)):
        yield tmp_path


@st.composite
def frames(draw: st.DrawFn, keys: st.SearchStrategy[str | None] = TEXT) -> pl.DataFrame:
    """Frames of every kind of column that lies on a shelf, and of two that do not."""
    rows = draw(st.lists(st.tuples(keys, TEXT, st.none() | st.booleans()), max_size=12))
    schema = {"key": pl.String, "text": pl.String, "flag": pl.Boolean}
    frame = pl.DataFrame(rows, schema, orient="row")
    return frame.with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        pl.concat_list("text").alias("list"),
        pl.col("key").cast(pl.Categorical).alias("category"),
        pl.lit(None, pl.String).alias("nothing"),
    )


SAME = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
on_the_shelf = pytest.mark.usefixtures("folder")


@given(frames())
@SAME
def test_a_frame_that_was_put_away_is_the_same_frame(
    folder: Path, frame: pl.DataFrame
) -> None:
    assert_frame_equal(put_away(frame), frame, categorical_as_str=True)
    assert list(folder.iterdir()) == []


@given(frames(), st.data())
@SAME
@on_the_shelf
def test_rows_are_those_at_their_places(
    frame: pl.DataFrame, data: st.DataObject
) -> None:
    place = st.none() | st.integers(0, max(0, frame.height - 1))
    drawn = data.draw(st.lists(place, max_size=9)) if frame.height else []
    places = pl.Series(drawn, dtype=pl.UInt32)
    plainly = frame.select(pl.all().gather(places))
    assert_frame_equal(rows_at(frame, places), plainly, categorical_as_str=True)


@given(frames())
@SAME
@on_the_shelf
def test_in_order_is_a_stable_sort(frame: pl.DataFrame) -> None:
    sorted_ = frame.sort("key", "flag", maintain_order=True)
    found = in_order(frame, "key", "flag")
    assert_frame_equal(found, sorted_, categorical_as_str=True)


@given(frames())
@SAME
@on_the_shelf
def test_work_in_slices_comes_to_what_it_comes_to_at_once(frame: pl.DataFrame) -> None:
    def work(rows: pl.DataFrame) -> pl.DataFrame:
        told = rows.select("row", "flag", pl.col("text").str.to_uppercase())
        return told.filter(pl.col("flag").is_not_null())

    assert_frame_equal(in_slices(frame, work), work(frame))


@given(
    frames(st.sampled_from("abcdefghij")), frames(st.sampled_from("abcdefgh") | TEXT)
)
@SAME
@on_the_shelf
def test_work_in_ranges_comes_to_what_it_comes_to_at_once(
    left: pl.DataFrame, right: pl.DataFrame
) -> None:
    ours, theirs = (
        one.sort("key", "row").select("key", "row") for one in (left, right)
    )

    def work(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
        return some.join(others, on="key", how="full", coalesce=True).sort(
            "key", "row", "row_right"
        )

    assert_frame_equal(in_ranges(ours, theirs, "key", work), work(ours, theirs))


@given(frames())
@SAME
@on_the_shelf
def test_what_a_query_gives_is_collected(frame: pl.DataFrame) -> None:
    plain = frame.drop("category")
    assert_frame_equal(collected(plain.lazy()), plain)


@given(st.lists(frames(), min_size=1, max_size=5))
@SAME
@on_the_shelf
def test_frames_from_a_drawer_stand_where_they_stood(pages: list[pl.DataFrame]) -> None:
    kept = [page.drop("category") for page in pages]
    drawer, lists = Drawer(), [[page] for page in kept]
    for one in lists:
        drawer.add(one, 0)
    for (found,), page in zip(lists, kept, strict=True):
        assert_frame_equal(found, page)


def large() -> pl.DataFrame:
    """One that the shelf takes."""
    rows = pl.int_range(100, eager=True).cast(pl.String)
    return pl.DataFrame({"key": rows, "text": "a text of more than twelve bytes"})


WORKS: list[Callable[[pl.DataFrame], pl.DataFrame]] = [
    put_away,
    lambda frame: all_put_away({1: frame})[1],
    lambda frame: in_order(frame, "key"),
    lambda frame: in_slices(frame, lambda rows: rows),
    lambda frame: collected(frame.lazy()),
]


@on_the_shelf
@pytest.mark.parametrize("work", WORKS)
def test_on_a_full_disk_frames_stay_in_memory(
    work: Callable[[pl.DataFrame], pl.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: object) -> object:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert_frame_equal(work(large()), large(), check_row_order=False)


@pytest.mark.parametrize("least", [None, 10**9])
def test_without_a_shelf_or_below_its_size_a_frame_is_left_alone(
    tmp_path: Path, least: int | None
) -> None:
    frame = large()
    with shelving(Shelf(lambda: tmp_path, least, SLICE)) if least else nullcontext():
        assert put_away(frame) is frame


def test_the_shelf_around_another_one_counts(tmp_path: Path) -> None:
    frame = large()
    with (
        shelving(Shelf(lambda: tmp_path, 10**9, SLICE)),
        shelving(Shelf(lambda: tmp_path, 1, SLICE)),
    ):
        assert put_away(frame) is frame


@on_the_shelf
def test_few_pieces_are_open_at_once() -> None:
    rows = SLICE * shelf.PIECES * 10
    told: list[int] = []
    frame = pl.DataFrame({"row": pl.int_range(rows, dtype=pl.UInt32, eager=True)})

    def work(piece: pl.DataFrame) -> pl.DataFrame:
        told.append(piece.height)
        return piece

    assert in_slices(frame, work).height == sum(told) == rows
    assert len(told) <= shelf.PIECES + 1
