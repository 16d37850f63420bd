"""The best pairs are the best of all possible ones."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from sync.suggest.assign import assign

TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 9).map(float), min_size=width, max_size=width),
        min_size=1,
        max_size=4,
    )
)


def best_sum(scores: list[list[float]]) -> float:
    if len(scores) > len(scores[0]):
        scores = [list(column) for column in zip(*scores, strict=True)]
    places = range(len(scores[0]))
    return max(
        sum(scores[row][column] for row, column in enumerate(chosen))
        for chosen in permutations(places, len(scores))
    )


@given(TABLES)
def test_no_other_pairs_have_a_greater_sum(scores: list[list[float]]) -> None:
    pairs = assign(scores)
    assert sum(scores[row][column] for row, column in pairs) == best_sum(scores)


@given(TABLES)
def test_each_row_and_column_is_used_once(scores: list[list[float]]) -> None:
    pairs = assign(scores)
    assert len({row for row, _ in pairs}) == len(pairs)
    assert len({column for _, column in pairs}) == len(pairs)


def test_what_scores_nothing_stays_alone() -> None:
    assert assign([[0.0, 0.0], [0.0, 0.5]]) == [(1, 1)]


def test_nothing_gives_no_pairs() -> None:
    assert assign([]) == []
    assert assign([[], []]) == []


def test_the_sum_counts_and_not_the_first_best() -> None:
    assert assign([[0.9, 0.8], [0.8, 0.1]]) == [(0, 1), (1, 0)]
