"""A header is most like what it means."""

from __future__ import annotations

import pytest

from sync.suggest.likeness import likeness
from sync.suggest.words import say

STUDENTS = frozenset(("student", "user"))


def like(header: str, phrase: str) -> float:
    return likeness(say(header).words, say(phrase).words, STUDENTS)


@pytest.mark.parametrize(
    ("header", "nearer", "farther"),
    [
        ("Pupil Surname", "last name", "first name"),
        ("School Code", "school id", "student id"),
        ("Stu No", "student id", "school id"),
        ("Guardian Email", "guardian email", "email"),
        ("School Name", "school name", "last name"),
        ("Last Modified", "modified", "last name"),
        ("Relationshp", "relationship", "role"),
    ],
)
def test_the_meant_phrase_is_nearer(header: str, nearer: str, farther: str) -> None:
    assert like(header, nearer) > like(header, farther)


def test_a_file_of_students_need_not_say_student_in_each_header() -> None:
    assert like("ID", "student id") == pytest.approx(
        like("Student ID", "student id"), abs=0.15
    )


@pytest.mark.parametrize("header", ["Bus Route", "Locker", "Homeroom Teacher"])
def test_other_headers_are_not_like_a_name(header: str) -> None:
    assert like(header, "last name") < 0.4


def test_the_same_words_are_wholly_alike() -> None:
    assert like("Birth Date", "birth date") == 1.0
