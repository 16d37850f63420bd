"""What is written is TOML, whatever headers and file names hold."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.suggest.write import comment, pattern, value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ITEMS = st.recursive(
    st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)


@given(ITEMS)
def test_any_value_comes_back(item: object) -> None:
    assert tomllib.loads(f"key = {value(item)}")["key"] == item


@given(TEXT)
def test_any_text_can_be_a_comment(text: str) -> None:
    assert tomllib.loads("\n".join(comment(text))) == {}


@pytest.mark.parametrize(
    ("file", "others", "expected"),
    [
        ("students.csv", [], "students.csv"),
        ("students_2026-09-01.csv", [], "students_*.csv"),
        ("20260901 students.csv", [], "* students.csv"),
        ("20260901.csv", [], "20260901.csv"),
        ("s_20260901.csv", ["s_20260902.csv"], "s_20260901.csv"),
        ("staff [new].csv", [], "staff [[]new].csv"),
    ],
)
def test_a_date_in_a_file_name_may_be_another_one(
    file: str, others: list[str], expected: str
) -> None:
    assert pattern(file, [file, *others]) == expected
