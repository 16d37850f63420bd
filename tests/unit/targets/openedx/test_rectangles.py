from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.targets.openedx.rectangles import (
    MOST_IDENTIFIERS,
    MOST_PAIRS,
    Pair,
    Rectangle,
    rectangles,
)

PEOPLE = [f"p{number}@x.org" for number in range(9)]
COURSES = [f"course-v1:O+N{number}+R" for number in range(7)]
SEATS = st.sets(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(COURSES)))


def everybody(people: int, courses: int) -> list[Pair]:
    return [(f"p{p:04}", f"c{c:04}", "") for p in range(people) for c in range(courses)]


def touched(calls: list[Rectangle]) -> Counter[Pair]:
    return Counter(pair for call in calls for pair in call.pairs())


def test_the_smaller_plan_is_taken() -> None:
    # Three people with the same five courses: five courses with the same people.
    assert len(rectangles(everybody(3, 5))) == 1


def test_on_a_tie_courses_stay_apart() -> None:
    a, b, c, x, y = "a", "b", "c", "x", "y"
    wanted = [(a, x, ""), (a, y, ""), (b, x, ""), (b, y, ""), (c, x, "")]
    calls = rectangles(wanted)
    assert [call.places for call in calls] == [((x, ""),), ((y, ""),)]
    assert calls[0].identifiers == (a, b, c)
    assert calls[1].identifiers == (a, b)


@pytest.mark.parametrize(
    ("people", "courses", "calls"),
    [
        (100, 2, 1),
        (101, 2, 2),
        (250, 1, 3),
        (1, 450, 3),
        (3, 150, 3),
        (2, 101, 2),
        (200, 100, 100),
    ],
)
def test_calls_are_cut_to_the_limits_in_as_few_parts_as_that_takes(
    people: int, courses: int, calls: int
) -> None:
    assert len(rectangles(everybody(people, courses))) == calls


def test_pairs_with_a_cohort_and_pairs_without_do_not_share_a_call() -> None:
    wanted = [("a", "x", ""), ("b", "x", "red"), ("c", "y", "red")]
    calls = rectangles(wanted)
    assert len(calls) == 3
    assert all(len({bool(name) for _, name in call.places}) == 1 for call in calls)


def test_two_cohorts_of_a_course_do_not_share_a_call() -> None:
    wanted = [
        ("a", "x", "blue"),
        ("b", "x", "red"),
        ("a", "y", "red"),
        ("b", "y", "red"),
    ]
    for call in rectangles(wanted):
        courses = [course for course, _ in call.places]
        assert len(set(courses)) == len(courses)


def test_one_person_in_two_cohorts_of_a_course_is_refused_as_a_defect() -> None:
    with pytest.raises(ValueError, match="exactly"):
        rectangles([("a", "x", "blue"), ("a", "x", "red")])


def test_nothing_wanted_is_no_call() -> None:
    assert rectangles([]) == []


@given(SEATS, st.dictionaries(st.sampled_from(COURSES), st.sampled_from(["red", ""])))
def test_the_calls_touch_exactly_the_wanted_pairs_each_once(
    seats: set[tuple[str, str]], cohorts: dict[str, str]
) -> None:
    wanted = {(one, course, cohorts.get(course, "")) for one, course in seats}
    assert touched(rectangles(wanted)) == Counter(wanted)


@given(SEATS)
def test_there_are_never_more_calls_than_courses_or_people(
    seats: set[tuple[str, str]],
) -> None:
    wanted = {(one, course, "") for one, course in seats}
    people, courses = {one for one, _ in seats}, {course for _, course in seats}
    assert len(rectangles(wanted)) <= min(len(people), len(courses))


@given(SEATS, st.randoms(use_true_random=False))
def test_the_order_in_which_pairs_come_does_not_matter(
    seats: set[tuple[str, str]], chance: object
) -> None:
    wanted = [(one, course, "") for one, course in seats]
    mixed = list(wanted)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert rectangles(mixed) == rectangles(wanted)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 160), st.integers(1, 260))
def test_no_call_is_above_a_limit(people: int, courses: int) -> None:
    calls = rectangles(everybody(people, courses))
    assert all(len(call.identifiers) <= MOST_IDENTIFIERS for call in calls)
    assert all(len(call.pairs()) <= MOST_PAIRS for call in calls)
    assert touched(calls) == Counter(everybody(people, courses))
