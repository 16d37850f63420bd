"""What the configuration says of how people are enrolled, as a projection needs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """What the configuration says of how people are enrolled."""

    route: str
    periods: tuple[str, ...]
    realm: str
