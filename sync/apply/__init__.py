"""The plan carried out."""

from sync.apply.doubt import send_plan, settle_doubt
from sync.apply.run import Sender, blocked_by

__all__ = ["Sender", "blocked_by", "send_plan", "settle_doubt"]
