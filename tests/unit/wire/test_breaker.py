from __future__ import annotations

import pytest

from sync.errors import TargetError
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer
from sync.wire import HALTED, Breaker

DOWN = Failure(FailureKind.RETRY, 503, "server_busy", "try later")
DENIED = Failure(FailureKind.FATAL, 403, "forbidden", "")
REFUSED = Failure(FailureKind.REJECT, 422, "invaliddata", "bad grade")
STOPPED = Failure(FailureKind.RETRY, None, HALTED, "stopped")


@pytest.mark.parametrize("failure", [DOWN, DENIED])
def test_twenty_failures_in_a_row_end_the_run(failure: Failure) -> None:
    breaker = Breaker()
    for _ in range(19):
        breaker.note("api", failure)
    with pytest.raises(
        TargetError, match=rf"api: 20 .* {failure.status} {failure.code}"
    ):
        breaker.note("api", failure)


def test_one_success_begins_the_row_anew() -> None:
    breaker = Breaker()
    for _ in range(19):
        breaker.note("api", DOWN)
    breaker.note("api", Answer(200))
    for _ in range(19):
        breaker.note("api", DOWN)
    assert breaker.count == 19


@pytest.mark.parametrize("failure", [REFUSED, STOPPED])
def test_what_says_nothing_of_the_target_does_not_count(failure: Failure) -> None:
    breaker = Breaker()
    for _ in range(100):
        breaker.note("api", failure)
    assert breaker.count == 0
