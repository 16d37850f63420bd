from __future__ import annotations

import pytest

from sync.model.entities import Entity
from tests.support.openedx import (
    ART,
    MATH,
    Row,
    Scene,
    held,
    known,
    person,
    seat,
    target,
)

ENROLLMENTS, STUDENTS = Entity.ENROLLMENTS, Entity.STUDENTS
BOTH = [held("ada"), held("ada", ART)]
OURS = (MATH, ART)
A_MATH, A_ART, B_MATH = f"{MATH}/ada", f"{ART}/ada", f"{MATH}/bo"


def test_a_rejected_person_is_known_by_the_ledger() -> None:
    scene = Scene(
        target(courses=OURS),
        frozen_people=["s1"],
        remote=[*BOTH, held("bo")],
        ledger=[known("ada", person="s1"), known("bo")],
    )
    assert scene.kept() == {A_MATH, A_ART}


def test_a_rejected_person_is_known_by_the_address_of_his_row() -> None:
    scene = Scene(
        target(courses=OURS),
        rejected={STUDENTS: [person("s1", "Ada@x.org")]},
        remote=[*BOTH, held("bo")],
    )
    assert scene.kept() == {A_MATH, A_ART}


def test_a_rejected_row_without_a_readable_key_is_known_by_its_address() -> None:
    scene = Scene(
        target(courses=OURS),
        rejected={STUDENTS: [person("s1", "ada@x.org") | {"_key": None}]},
        remote=[*BOTH, held("bo")],
    )
    assert scene.kept() == {A_MATH, A_ART}


def test_of_somebody_unknown_all_that_nobody_names_in_his_courses_is_kept() -> None:
    scene = Scene(
        target(courses=OURS),
        students=[person("cy")],
        seats=[seat("e", "cy")],
        rejected={
            STUDENTS: [person("s1", None)],
            ENROLLMENTS: [seat("f", "s1")],
        },
        frozen_people=["s1"],
        remote=[*BOTH, held("bo"), held("cy")],
        ledger=[known("ada"), known("ada", ART), known("bo"), known("cy")],
    )
    assert scene.kept() == {A_MATH, B_MATH}


def test_a_rejected_row_freezes_its_person_in_its_course_alone() -> None:
    scene = Scene(
        target(courses=OURS),
        students=[person("ada")],
        seats=[],
        rejected={ENROLLMENTS: [seat("e", "ada")]},
        remote=[*BOTH, held("bo")],
    )
    assert scene.kept() == {A_MATH}


@pytest.mark.parametrize("course", [None, "course-v1:D+MATH"])
def test_where_the_course_cannot_be_told_all_of_the_person_is_kept(
    course: str | None,
) -> None:
    scene = Scene(
        target(courses=OURS),
        students=[person("ada")],
        seats=[],
        rejected={ENROLLMENTS: [seat("e", "ada", course)]},
        remote=[*BOTH, held("bo")],
    )
    assert scene.kept() == {A_MATH, A_ART}


def test_where_neither_can_be_told_everything_is_kept() -> None:
    scene = Scene(
        target(courses=OURS),
        seats=[],
        rejected={ENROLLMENTS: [seat("e", None, None)]},
        remote=[*BOTH, held("bo")],
    )
    assert scene.kept() == {A_MATH, A_ART, B_MATH}


@pytest.mark.parametrize(
    "row", [seat("e", "x", role="teacher"), seat("e", "x", "SIS-7")]
)
def test_rows_that_mean_no_enrollment_of_a_learner_keep_nothing(row: Row) -> None:
    scene = Scene(
        target(courses=OURS), seats=[], rejected={ENROLLMENTS: [row]}, remote=BOTH
    )
    assert scene.kept() == set()


def test_a_blocked_row_keeps_what_its_person_has_in_its_course() -> None:
    rows = [person("ada"), person("bo", "ada@x.org")]
    scene = Scene(
        target(courses=OURS),
        students=rows,
        seats=[seat("e", "ada")],
        remote=[*BOTH, held("bo")],
    )
    assert scene.kept() == {A_MATH}


def test_somebody_without_an_address_keeps_what_is_known_to_be_nobodys() -> None:
    scene = Scene(
        target(courses=OURS),
        students=[person("s1", None)],
        seats=[seat("e", "s1")],
        remote=[held("ada"), held("bo")],
        ledger=[known("ada"), known("bo", person=None)],
    )
    assert scene.kept() == {B_MATH}


def test_an_earlier_address_is_kept_until_the_new_one_is_enrolled() -> None:
    moving = Scene(
        target(courses=OURS),
        students=[person("s1", "new@x.org")],
        seats=[seat("e", "s1")],
        remote=[held("ada"), held("bo")],
        ledger=[known("ada", person="s1"), known("bo")],
    )
    assert moving.kept() == {A_MATH}
    waiting = known("new", person="s1", remote_id="pending:registration")
    moving.ledger.append(waiting)
    assert moving.kept() == {A_MATH}
    moving.remote.append(held("new"))
    assert moving.kept() == set()


def test_what_an_accepted_and_a_rejected_person_both_claim_is_kept() -> None:
    scene = Scene(
        target(courses=OURS),
        students=[person("ada")],
        seats=[seat("e", "ada")],
        rejected={STUDENTS: [person("s1", "ada@x.org")]},
        remote=BOTH,
    )
    assert scene.kept() == {A_MATH, A_ART}


def test_without_anything_rejected_nothing_is_frozen() -> None:
    scene = Scene(
        target(courses=OURS),
        students=[person("ada")],
        seats=[seat("e", "ada")],
        remote=[*BOTH, held("bo")],
        ledger=[known("bo")],
    )
    assert scene.kept() == set()
