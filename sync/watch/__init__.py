"""A folder into which drops arrive: each is run once when it is complete, and filed.

Above ``sync.flow``, beneath the command. In: a folder, and hands that run a drop. Out:
``done/``, ``rejected/`` and ``held/`` in that folder, with the reports.
"""

from __future__ import annotations

from sync.watch.claims import Claim, Claims, Ran
from sync.watch.hands import End, Filed, Hands, Watched
from sync.watch.watching import Watcher

__all__ = [
    "Claim",
    "Claims",
    "End",
    "Filed",
    "Hands",
    "Ran",
    "Watched",
    "Watcher",
]
