"""A count with its noun, as every message for people writes it."""

from __future__ import annotations


def number(count: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``1,932 rows``; ``many`` where that is not ``one`` with an *s*."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
