"""Where children wait until all of them are there."""

from __future__ import annotations

import time
from pathlib import Path

PAUSE = 0.01


def wait_for(gate: str) -> None:
    """Wait until the file of that name is there."""
    while not Path(gate).exists():
        time.sleep(PAUSE)
