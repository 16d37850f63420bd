"""The name that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ENOUGH = 60.0
"""Of 100; below it a suggestion confuses more than it helps."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The most similar of ``names`` in any case and spelling, or None."""
    return _likest(name, names, _ENOUGH)


_MISSPELT = 85.0
"""Of 100; from here on one name is taken for the other, misspelt."""


def alike(name: str, names: Iterable[str]) -> bool:
    """Whether one of ``names`` is so like the name that it was probably meant."""
    return _likest(name, names, _MISSPELT) is not None


def _likest(name: str, names: Iterable[str], enough: float) -> str | None:
    # Only what is wrong needs it, and a start is short.
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - see above

    best = process.extractOne(
        name, sorted(names), scorer=fuzz.ratio, processor=_plain, score_cutoff=enough
    )
    return None if best is None else str(best[0])


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
