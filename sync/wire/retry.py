"""Whether to send again, and after how long: a pure decision, within a budget.

Comes in: the failure's kind, how often it was tried, the server's hint. Goes out:
seconds, or None for stop. Exponential with full jitter, so that requests which failed
together do not come back together; the budget keeps a server's bad hour from being
made worse by what it is sent in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.model.outcome import FailureKind

FIRST_SECONDS = 0.5
CAP_SECONDS = 30.0
LONGEST_HINT = 300.0
"""A server that asks to wait longer is obeyed by not asking it again in this run."""
SPREAD_SECONDS = 1.0
SAVED_RETRIES = 100
"""Retries that a quiet hour saves up: those of a short outage, of 16 requests in
flight with 5 each."""
RETRIES_EACH = 0.5
"""Retries that each request brings with it: one in three tries may fail for as long as
it likes, and what is sent stays below one and a half times what is to be done."""


@dataclass(slots=True)
class Budget:
    """How many retries there may still be, whatever each request may have.

    It begins full. Every request adds to it, up to what may be saved, and every retry
    takes one away, so that of ``n`` requests in a row at most
    ``SAVED_RETRIES + RETRIES_EACH * n`` are repeated.
    """

    left: float = SAVED_RETRIES
    spent: bool = False
    """A retry was refused: more fails than may be repeated."""

    def earn(self) -> None:
        """Another request sets out."""
        self.left = min(SAVED_RETRIES, self.left + RETRIES_EACH)

    def take(self) -> bool:
        """Whether one more retry may be; it is counted."""
        if self.left < 1:
            self.spent = True
            return False
        self.left -= 1
        return True


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
