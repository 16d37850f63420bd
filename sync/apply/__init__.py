"""Carrying a plan out: operations become requests, requests become outcomes."""

from sync.apply.doubt import Read, send_plan, settle_doubt
from sync.apply.run import Sender, blocked_by, skipped

__all__ = ["Read", "Sender", "blocked_by", "send_plan", "settle_doubt", "skipped"]
