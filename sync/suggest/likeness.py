"""How much a header is like a phrase: 0 to 1."""

from __future__ import annotations

from functools import cache

from rapidfuzz import fuzz

from sync.suggest.words import IDS, SUBJECTS

_NEAR_ID = 0.8
"""Likeness of two different words for an identifier: school code, school number."""
_FUZZY = 80.0
"""Of 100: below it two words that are not known are different ones."""
_SHORTEST_FUZZY = 4
_WEAK = frozenset(("name", "date", "type", "title"))
_WEIGHT_ID, _WEIGHT_WEAK, _WEIGHT_NUMBER = 0.6, 0.35, 0.3
_UNSAID = 0.15
"""Weight of a subject that a file need not repeat in its headers."""
_SAID = 0.3
"""Weight of such a subject where both have it."""
_FOREIGN = 1.6
"""Weight of a subject that a header names and the phrase does not."""
_MODIFIED = 3.0


@cache
def likeness(
    words: tuple[str, ...], phrase: tuple[str, ...], own: frozenset[str]
) -> float:
    """Twice what both share of what both have, each word with its weight.

    ``own`` are the subjects of the file: they may stand in a header or not.
    """
    left = list(words)
    shared = total = 0.0
    for word in phrase:
        best, like = _best(word, left)
        spoken = word in own and len(phrase) > 1
        weight = _SAID if spoken else _weight(word)
        if best is None:
            total += _UNSAID if word in own else weight
            continue
        left.remove(best)
        shared += 2 * weight * like
        total += 2 * weight
    for word in left:
        total += 0.0 if word in own else _surplus(word)
    return shared / total if total and shared else 0.0


def _best(word: str, left: list[str]) -> tuple[str | None, float]:
    if word in left:
        return word, 1.0
    if word in IDS:
        near = next((one for one in left if one in IDS), None)
        return near, _NEAR_ID
    if len(word) < _SHORTEST_FUZZY:
        return None, 0.0
    for one in left:
        if len(one) >= _SHORTEST_FUZZY and one not in SUBJECTS:
            ratio = fuzz.ratio(word, one)
            if ratio >= _FUZZY:
                return one, ratio / 100
    return None, 0.0


def _weight(word: str) -> float:
    if word in IDS:
        return _WEIGHT_ID
    if word.isdigit():
        return _WEIGHT_NUMBER
    return _WEIGHT_WEAK if word in _WEAK else 1.0


def _surplus(word: str) -> float:
    if word == "modified":
        return _MODIFIED
    return _FOREIGN if word in SUBJECTS else _weight(word)
