from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.samples.chance import Chance, number_of, source_id

_WORD = 1 << 64


def _mixed(number: int) -> int:
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 % _WORD
    number = (number ^ number >> 27) * 0x94D049BB133111EB % _WORD
    return number ^ number >> 31


def _drawn(seed: int, numbers: list[int], purpose: str) -> list[int]:
    frame = pl.DataFrame({"n": numbers}, schema={"n": pl.UInt64})
    return frame.select(Chance(seed).draw(pl.col("n"), purpose)).to_series().to_list()


@given(st.lists(st.integers(0, _WORD - 1), min_size=1), st.integers(0, _WORD))
def test_draws_are_plain_arithmetic(numbers: list[int], seed: int) -> None:
    checksum = 0xE95029DC  # CRC-32 of the purpose
    salt = (seed * 0x9E3779B97F4A7C15 + (checksum << 17)) % _WORD
    expected = [
        _mixed((_mixed((n + salt) % _WORD) + 0x9E3779B97F4A7C15) % _WORD)
        for n in numbers
    ]
    assert _drawn(seed, numbers, "phone home") == expected


def test_purposes_draw_apart() -> None:
    numbers = list(range(100))
    assert _drawn(1, numbers, "one") != _drawn(1, numbers, "other")


def test_draws_below_a_limit_are_even() -> None:
    frame = pl.select(n=pl.int_range(0, 60_000))
    faces = frame.select(f=Chance(4).below(pl.col("n"), "die", 6))["f"]
    counts = faces.value_counts().sort("f")["count"].to_list()
    assert len(counts) == 6
    assert all(9_500 < count < 10_500 for count in counts)


@pytest.mark.parametrize("prefix", ["stu", "enr"])
def test_the_number_of_every_identifier_is_found_again(prefix: str) -> None:
    number = pl.int_range(1, 2_000_000, 37)
    frame = pl.select(n=number).with_columns(
        id=source_id(prefix, pl.col("n"), Chance(1))
    )
    assert (frame.select(number_of(pl.col("id"))).to_series() == frame["n"]).all()
    odd = 1 - frame["id"].str.contains(rf"^{prefix}-\d+$").cast(pl.Int64)
    assert 0.005 < odd.sum() / frame.height < 0.015
