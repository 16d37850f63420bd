"""The known name that a mistyped one most likely means.

Level 2, under ``sync.config``: one name and the known ones come in, the end of a
sentence goes out.
"""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process, utils

_ALIKE = 60.0
"""Of 100, by rapidfuzz; below it a suggestion would be a guess."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like it, or none that is like it at all."""
    found = process.extractOne(
        name,
        sorted(known),
        scorer=fuzz.ratio,
        processor=utils.default_process,
        score_cutoff=_ALIKE,
    )
    return None if found is None else str(found[0])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """How a message goes on: the nearest name, or else all of them."""
    names = sorted(known)
    near = nearest(name, names)
    if near is not None:
        return f'; did you mean "{near}"?'
    return f"; known are {', '.join(names)}" if names else ""
