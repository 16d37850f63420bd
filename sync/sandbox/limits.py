"""The rate limit: one token bucket per service host, holding one second's worth."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Limits:
    """Token buckets by host."""

    def __init__(self, rate: float | None) -> None:
        """Allow ``rate`` requests per second and host; None allows all."""
        self._rate = rate
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, host: str) -> float:
        """Take one request; return 0, or the seconds until one would pass."""
        rate = self._rate
        if rate is None:
            return 0.0
        now, full = time.monotonic(), max(1.0, rate)
        bucket = self._buckets.setdefault(host, _Bucket(full, now))
        bucket.level = min(full, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.level < 1:
            return (1 - bucket.level) / rate
        bucket.level -= 1
        return 0.0
