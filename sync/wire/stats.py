"""What a wire did, counted for the report."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Stats:
    """Requests that left this machine; those for tokens are counted apart."""

    sent: int = 0
    """Every try counts."""
    retried: int = 0
    throttled: int = 0
    """Answers 429 and 503."""
    token_requests: int = 0
    _seconds: dict[int, list[int]] = field(default_factory=dict)

    @property
    def timeline(self) -> list[tuple[int, int, int]]:
        """``(second, sent, throttled)`` since the start, seconds with traffic only."""
        ordered = sorted(self._seconds.items())
        return [(second, sent, slow) for second, (sent, slow) in ordered]

    def count_sent(self, second: float, count: int = 1) -> None:
        """One more request left; or one fewer, that was held back after all."""
        self.sent += count
        self._seconds.setdefault(int(second), [0, 0])[0] += count

    def count_throttled(self, second: float) -> None:
        """One more answer asked to slow down."""
        self.throttled += 1
        self._seconds.setdefault(int(second), [0, 0])[1] += 1
