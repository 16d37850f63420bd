from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.select.selection import meets, open_to_all

WORDS = st.text("ab.*[(", max_size=4)


@pytest.mark.parametrize(
    ("value", "patterns", "expected"),
    [
        ("o1", ("o1",), True),
        ("o1", ("o2", "o1"), True),
        ("o1", ("O1",), False),
        ("o12", ("o1",), False),
        ("o12", ("o1*",), True),
        ("o1", ("o1*",), True),
        ("x", ("*",), True),
        ("o.1", ("o.*",), True),
        ("ox1", ("o.*",), False),
        (None, ("*",), None),
        (None, ("o1",), None),
    ],
)
def test_a_value_is_one_of_the_patterns_or_begins_like_one(
    value: str | None, patterns: tuple[str, ...], expected: bool | None
) -> None:
    frame = pl.DataFrame({"v": [value]}, schema={"v": pl.String})
    assert frame.select(meets(pl.col("v"), patterns)).item() == expected


@given(WORDS, st.lists(WORDS, min_size=1))
def test_nothing_in_a_pattern_but_the_last_star_has_a_meaning(
    value: str, patterns: list[str]
) -> None:
    expected = any(
        value.startswith(one[:-1]) if one.endswith("*") else value == one
        for one in patterns
    )
    found = pl.DataFrame({"v": [value]}).select(meets(pl.col("v"), patterns)).item()
    assert found == expected


def test_a_star_alone_leaves_nothing_out() -> None:
    assert open_to_all(("a", "*"))
    assert not open_to_all(("a*",))
