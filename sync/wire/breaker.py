"""When a run gives up: 20 operations in a row that failed after all their retries.

Comes in: what became of each operation's request. Goes out: nothing, or a
``TargetError``. A refusal of one record says nothing of the target and does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sync.errors import TargetError
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer
from sync.wire.client import HALTED
from sync.wire.failures import summary

IN_A_ROW = 20


@dataclass(slots=True)
class Breaker:
    """Counts failures in a row; ``limit`` of them end the run."""

    limit: int = IN_A_ROW
    count: int = 0

    def note(self, service: str, result: Answer | Failure) -> None:
        """Count one request's end. Raises ``TargetError`` at the limit."""
        if isinstance(result, Answer):
            self.count = 0
            return
        counts = result.kind in {FailureKind.RETRY, FailureKind.FATAL}
        if not counts or result.code == HALTED:
            return
        self.count += 1
        if self.count >= self.limit:
            raise TargetError(self._message(service, result), do=_ADVICE)

    def _message(self, service: str, last: Failure) -> str:
        row = f"{self.count} requests in a row failed"
        # A server in trouble may repeat the record that it was sent.
        said = replace(last, message="") if last.kind is FailureKind.RETRY else last
        return f"{service}: {row}, the last with {summary(said)}"


_ADVICE = "see whether the system is up and our access to it is valid, then run again"
