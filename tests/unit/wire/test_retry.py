from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.outcome import FailureKind
from sync.wire.retry import CAP_SECONDS, LONGEST_HINT, wait_before_retry


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
