"""One step of a run as its account tells of it; whoever takes the step makes one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the run and what it took."""

    name: str
    seconds: float
    count: int | None = None
    unit: str = "rows"
    """``rows`` or ``requests``."""
