"""Reading a target completely: target and wire to mirror."""

from __future__ import annotations

from sync.fetch.complete import Whole, read_whole
from sync.fetch.pages import ListRead, read_list
from sync.fetch.run import SUBJECT, Progress, fetch
from sync.fetch.together import Together, read_together

__all__ = [
    "SUBJECT",
    "ListRead",
    "Progress",
    "Together",
    "Whole",
    "fetch",
    "read_list",
    "read_together",
    "read_whole",
]
