from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.outcome import FailureKind
from sync.wire.retry import (
    CAP_SECONDS,
    LONGEST_HINT,
    RETRIES_EACH,
    SAVED_RETRIES,
    Budget,
    wait_before_retry,
)


def wait(
    attempt: int,
    hint: float | None = None,
    kind: FailureKind = FailureKind.RETRY,
    chance: float = 1.0,
) -> float | None:
    return wait_before_retry(kind, attempt, hint, retries=20, chance=lambda: chance)


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - {FailureKind.RETRY}))
def test_only_trouble_of_the_server_is_tried_again(kind: FailureKind) -> None:
    assert wait(1, kind=kind) is None


def test_the_longest_wait_doubles_up_to_the_cap() -> None:
    assert [wait(attempt) for attempt in range(1, 9)] == [
        0.5, 1.0, 2.0, 4.0, 8.0, 16.0, CAP_SECONDS, CAP_SECONDS,
    ]  # fmt: skip


def test_after_the_permitted_retries_it_stops() -> None:
    assert wait(20) is not None
    assert wait(21) is None


@settings(deadline=None)
@given(st.integers(1, 20), st.floats(0, 1))
def test_jitter_takes_any_part_of_the_wait(attempt: int, chance: float) -> None:
    whole, part = wait(attempt), wait(attempt, chance=chance)
    assert whole is not None
    assert part is not None
    assert 0 <= part <= whole <= CAP_SECONDS


@settings(deadline=None)
@given(st.floats(0, LONGEST_HINT), st.integers(1, 20), st.floats(0, 1))
def test_a_hint_is_never_undercut(hint: float, attempt: int, chance: float) -> None:
    seconds = wait(attempt, hint, chance=chance)
    assert seconds is not None
    assert seconds >= hint


def test_a_hint_beyond_the_longest_stops() -> None:
    assert wait(1, LONGEST_HINT + 1) is None


def test_a_budget_that_nobody_fills_ends_and_says_so() -> None:
    budget = Budget()
    assert [budget.take() for _ in range(SAVED_RETRIES)] == [True] * SAVED_RETRIES
    assert not budget.spent
    assert not budget.take()
    assert budget.spent


def test_retries_that_requests_bring_with_them_never_end() -> None:
    budget = Budget()
    for n in range(10_000):
        budget.earn()
        if n % 2:
            assert budget.take()


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=2000))
def test_no_run_of_requests_has_more_retries_than_its_share_and_what_was_saved(
    tries: list[bool],
) -> None:
    budget, requests, retries = Budget(), 0, 0
    for retry in tries:
        if retry:
            retries += budget.take()
        else:
            budget.earn()
            requests += 1
        assert retries <= SAVED_RETRIES + RETRIES_EACH * requests
