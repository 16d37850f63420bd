"""Telling people and monitors how a run ended, by e-mail, webhook and metrics.

Loaded at the end of a run, where the configuration has somebody to tell.
"""

from __future__ import annotations

from sync.notify.ended import Ended
from sync.notify.tell import tell

__all__ = ["Ended", "tell"]
