"""Whether to send again, and after how long: a pure decision.

Comes in: the failure's kind, how often it was tried, the server's hint. Goes out:
seconds, or None for stop. Exponential with full jitter, so that requests which failed
together do not come back together.
"""

from __future__ import annotations

from collections.abc import Callable

from sync.model.outcome import FailureKind

FIRST_SECONDS = 0.5
CAP_SECONDS = 30.0
LONGEST_HINT = 300.0
"""A server that asks to wait longer is obeyed by not asking it again in this run."""
SPREAD_SECONDS = 1.0


def wait_before_retry(
    kind: FailureKind,
    attempt: int,
    hint: float | None,
    *,
    retries: int,
    chance: Callable[[], float],
) -> float | None:
    """Seconds to wait after the ``attempt``-th try (1, 2, ...), or None to stop.

    ``chance`` gives numbers from 0 to 1; a hint is never undercut.
    """
    if kind is not FailureKind.RETRY or attempt > retries:
        return None
    ceiling = min(CAP_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 16))
    if hint is None:
        return chance() * ceiling
    if hint > LONGEST_HINT:
        return None
    return hint + chance() * min(ceiling, SPREAD_SECONDS)
