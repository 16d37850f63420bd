"""HTTP, the client's end: authentication, pace, retries, one connection a worker."""

from __future__ import annotations

from sync.wire.address import next_query
from sync.wire.auth import Bearer, ClientCredentials, OAuth1, Secret, Service
from sync.wire.breaker import Breaker
from sync.wire.client import HALTED, PAUSED, Wire
from sync.wire.failures import (
    INSECURE,
    TLS_ADVICE,
    UnreadableError,
    classify,
    parse_json,
    summary,
)
from sync.wire.limits import Clock, Deadline, Limits
from sync.wire.retry import LONGEST_HINT

__all__ = [
    "HALTED",
    "INSECURE",
    "LONGEST_HINT",
    "PAUSED",
    "TLS_ADVICE",
    "Bearer",
    "Breaker",
    "ClientCredentials",
    "Clock",
    "Deadline",
    "Limits",
    "OAuth1",
    "Secret",
    "Service",
    "UnreadableError",
    "Wire",
    "classify",
    "next_query",
    "parse_json",
    "summary",
]
