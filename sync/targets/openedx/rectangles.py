"""Pairs of person and course -> the calls that name exactly these pairs.

A bulk call enrolls every person that it names in every course that it names, so each
call must be a rectangle of wanted pairs. The fewest such rectangles are hard to find
(a cover by bicliques); the smaller of two simple plans is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

MOST_IDENTIFIERS = 100
MOST_PAIRS = 200
"""In one call. The API documents no limit; the server works pair by pair within the
one request, so a larger call would run into time-outs."""

Pair = tuple[str, str, str]
"""Identifier, course key, cohort; "" for no cohort."""
Place = tuple[str, str]
"""Course key and cohort."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """One call: everybody of ``identifiers`` in each of ``places``."""

    identifiers: tuple[str, ...]
    places: tuple[Place, ...]

    def pairs(self) -> list[Pair]:
        """All pairs that the call touches: course by course."""
        return [
            (one, course, cohort)
            for course, cohort in self.places
            for one in self.identifiers
        ]


def rectangles(pairs: Iterable[Pair]) -> list[Rectangle]:
    """The calls for these pairs, in order.

    Pairs with a cohort and pairs without cannot share a call, since a call names a
    cohort for each of its courses or none. Raises ``ValueError`` where the calls would
    not be exactly these pairs: a defect, by which nobody must be enrolled.
    """
    wanted = sorted(set(pairs))
    plain = [pair for pair in wanted if not pair[2]]
    grouped = [pair for pair in wanted if pair[2]]
    found = [*_smaller_plan(plain), *_smaller_plan(grouped)]
    _check(found, wanted)
    return found


def _smaller_plan(pairs: Sequence[Pair]) -> list[Rectangle]:
    by_place = _cut(_by_place(pairs))
    by_person = _cut(_by_person(pairs))
    # Of two equal ones the one in which a bad course key hurts fewer courses.
    return by_place if len(by_place) <= len(by_person) else by_person


def _by_place(pairs: Sequence[Pair]) -> list[Rectangle]:
    """Courses with the same people, together."""
    people: dict[Place, list[str]] = {}
    for one, course, cohort in pairs:
        people.setdefault((course, cohort), []).append(one)
    alike: dict[tuple[str, ...], list[Place]] = {}
    for place in sorted(people):
        alike.setdefault(tuple(people[place]), []).append(place)
    return [Rectangle(ones, tuple(places)) for ones, places in alike.items()]


def _by_person(pairs: Sequence[Pair]) -> list[Rectangle]:
    """People with the same courses, together."""
    places: dict[str, list[Place]] = {}
    for one, course, cohort in pairs:
        places.setdefault(one, []).append((course, cohort))
    alike: dict[tuple[Place, ...], list[str]] = {}
    for one in sorted(places):
        alike.setdefault(tuple(sorted(places[one])), []).append(one)
    return [Rectangle(tuple(ones), where) for where, ones in alike.items()]


def _cut(whole: Sequence[Rectangle]) -> list[Rectangle]:
    return [part for one in whole for part in _within_limits(one)]


def _within_limits(whole: Rectangle) -> list[Rectangle]:
    """The rectangle in as few parts as the limits allow."""
    width = min(
        range(1, min(len(whole.places), MOST_PAIRS) + 1),
        key=lambda width: (_calls(whole, width), -width),
    )
    return [
        Rectangle(ones, places)
        for places in _in_parts(whole.places, width)
        for ones in _in_parts(whole.identifiers, _height(width))
    ]


def _in_parts(whole: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(whole), size):
        yield tuple(whole[start : start + size])


def _height(width: int) -> int:
    """How many people a call may name beside so many courses."""
    return min(MOST_IDENTIFIERS, MOST_PAIRS // width)


def _calls(whole: Rectangle, width: int) -> int:
    across = -(-len(whole.places) // width)
    return across * -(-len(whole.identifiers) // _height(width))


def _check(found: Sequence[Rectangle], wanted: Sequence[Pair]) -> None:
    touched = [pair for one in found for pair in one.pairs()]
    people = {(one, course) for one, course, _ in touched}
    courses = [[course for course, _ in one.places] for one in found]
    twice = any(len(set(named)) < len(named) for named in courses)
    if twice or len(people) < len(touched) or sorted(touched) != list(wanted):
        message = "the calls would not touch exactly the wanted pairs, each once"
        raise ValueError(message)
