from __future__ import annotations

from typing import Any

import pytest

from sync.model.entities import Entity, Mode
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

ONE = [person("ada")]
REASONS: dict[str, tuple[list[Row], Row, str, str]] = {
    "a teacher": (ONE, seat("e", "ada", role="teacher"), "unsupported", "learners"),
    "no course": (ONE, seat("e", "ada", None), "unsupported", "no course"),
    "a class of the SIS": (
        ONE,
        seat("e", "ada", "C-17"),
        "unsupported",
        "no course key",
    ),
    "two parts": (ONE, seat("e", "ada", "course-v1:D+M"), "blocked", "malformed"),
    "a comma": (ONE, seat("e", "ada", f"{MATH},x"), "blocked", "malformed"),
    "a space": (ONE, seat("e", "ada", "course-v1:D+M+2 6"), "blocked", "malformed"),
    "nobody": ([], seat("e", "ada"), "blocked", "neither the drop nor the ledger"),
    "no address": ([person("ada", None)], seat("e", "ada"), "blocked", "has no e-mail"),
    "an unreadable address": (
        [person("ada", None, _keep=",email,")],
        seat("e", "ada"),
        "blocked",
        "malformed",
    ),
    "no domain": ([person("ada", "ada")], seat("e", "ada"), "blocked", "malformed"),
    "two addresses": (
        [person("ada", "a@x.org,b@x.org")],
        seat("e", "ada"),
        "blocked",
        "comma",
    ),
    "somebody else's address": (
        [person("ada"), person("bo", "ADA@x.org")],
        seat("e", "ada"),
        "blocked",
        "another person",
    ),
    "tomorrow": (
        ONE,
        seat("e", "ada", beginDate="2026-09-16"),
        "deferred",
        "has not come",
    ),
}


@pytest.mark.parametrize(
    ("people", "row", "decision", "why"), REASONS.values(), ids=list(REASONS)
)
def test_a_row_that_cannot_be_carried_out_says_why(
    people: list[Row], row: Row, decision: str, why: str
) -> None:
    found = Scene(students=people, seats=[row]).rows()["e"]
    assert found["_decision"] == decision
    assert why in found["_reason"]


@pytest.mark.parametrize("course", [MATH, "D/MATH/26"])
def test_a_learner_is_wanted_under_course_and_lower_case_address(course: str) -> None:
    row = Scene(students=[person("ada", "Ada@X.org")], seats=[seat("e", "ada", course)])
    found = row.rows()["e"]
    assert found["_key"] == f"{course.replace('/', '%2F')}/ada@x.org"
    assert found["identifier"] == "ada@x.org"
    assert found["_decision"] is None


def test_the_address_goes_out_as_the_lms_writes_it() -> None:
    scene = Scene(
        students=ONE,
        seats=[seat("e", "ada", ART)],
        remote=[held("ada", email="Ada@X.org")],
        ledger=[known("ada")],
    )
    assert scene.rows()["e"]["identifier"] == "Ada@X.org"


def test_a_username_goes_out_as_the_drop_has_it() -> None:
    scene = Scene(
        target(identifier="username"),
        students=[person("ada", username="AdaL")],
        seats=[seat("e", "ada")],
    )
    found = scene.rows()["e"]
    assert (found["identifier"], found["_key"]) == ("AdaL", f"{MATH}/adal")


def test_a_username_with_an_at_would_be_taken_for_an_address() -> None:
    scene = Scene(
        target(identifier="username"),
        students=[person("ada", username="ada@x.org")],
        seats=[seat("e", "ada")],
    )
    assert 'identifier = "email"' in scene.rows()["e"]["_reason"]


@pytest.mark.parametrize(
    ("row", "course"),
    [
        (seat("e", "ada", None, classSourcedId=MATH), MATH),
        (seat("e", "ada", ART, classSourcedId=MATH), ART),
        (seat("e", "ada", None, classSourcedId="c1"), ART),
    ],
    ids=["its class", "its own before its class", "the course of its class"],
)
def test_the_course_of_a_row(row: Row, course: str) -> None:
    scene = Scene(
        students=ONE, seats=[row], classes=[{"_key": "c1", "courseSourcedId": ART}]
    )
    assert scene.rows()["e"]["courseSourcedId"] == course


def test_a_course_that_is_not_ours_is_left_out() -> None:
    scene = Scene(
        target(courses=[MATH]),
        students=ONE,
        seats=[seat("e", "ada"), seat("f", "ada", ART)],
    )
    assert scene.decisions() == {"e": None, "f": "unsupported"}


def test_a_course_whose_list_was_refused_is_held_back() -> None:
    scene = Scene(
        students=ONE, seats=[seat("e", "ada"), seat("f", "ada", ART)], barred=[ART]
    )
    assert scene.decisions() == {"e": None, "f": "blocked"}


def test_somebody_who_is_gone_takes_no_address_away() -> None:
    gone = person("old", "ada@x.org", status="tobedeleted")
    scene = Scene(students=[person("ada"), gone], seats=[seat("e", "ada")])
    assert scene.decisions() == {"e": None}


@pytest.mark.parametrize("key", ["s9", None])
def test_a_rejected_person_claims_his_address_too(key: str | None) -> None:
    other = person("s9", "Ada@x.org") | {"_key": key}
    scene = Scene(
        students=ONE, seats=[seat("e", "ada")], rejected={Entity.STUDENTS: [other]}
    )
    assert scene.decisions() == {"e": "blocked"}


def test_a_file_without_addresses_leaves_them_to_the_ledger() -> None:
    scene = Scene(
        target(identifier="username"),
        students=[person("s1")],
        seats=[seat("e", "s1", ART)],
        ledger=[known("ada", person="s1") | {"key": f"{MATH}/ada"}],
        without=["username"],
    )
    assert scene.rows()["e"]["_key"] == f"{ART}/ada"


def test_one_person_in_both_files_shares_no_address() -> None:
    scene = Scene(students=ONE, users=[person("ada")], seats=[seat("e", "ada")])
    assert scene.decisions() == {"e": None}


def test_in_a_delta_the_ledger_tells_the_address() -> None:
    scene = Scene(mode=Mode.DELTA, seats=[seat("e", "ada", ART)], ledger=[known("ada")])
    assert scene.rows()["e"]["_key"] == f"{ART}/ada@x.org"


def test_two_addresses_in_the_ledger_tell_none() -> None:
    other = known("ada", ART) | {"key": f"{ART}/ada2@x.org"}
    scene = Scene(
        mode=Mode.DELTA, seats=[seat("e", "ada")], ledger=[known("ada"), other]
    )
    assert scene.decisions() == {"e": "blocked"}


def test_two_rows_for_one_enrollment_count_as_merged_and_the_active_one_stands() -> (
    None
):
    ended = seat("a", "ada", status="tobedeleted")
    scene = Scene(students=ONE, seats=[ended, seat("b", "ada")])
    projection = scene.project()
    assert list(scene.rows()) == ["b"]
    assert projection.merged == {Entity.ENROLLMENTS: 1}


def test_an_enrollment_past_its_end_is_ended() -> None:
    scene = Scene(students=ONE, seats=[seat("e", "ada", endDate="2026-09-14")])
    assert scene.rows()["e"]["status"] == "tobedeleted"


def test_two_cohorts_of_one_course_hold_both_rows_back() -> None:
    rows = [
        seat("e", "ada", **{"metadata.cohort": "red"}),
        seat("f", "ada", **{"metadata.cohort": "blue"}),
        seat("g", "ada", ART, **{"metadata.cohort": "blue"}),
    ]
    scene = Scene(students=ONE, seats=rows)
    assert scene.decisions() == {"e": "blocked", "f": "blocked", "g": None}


def test_a_cohort_with_a_comma_cannot_be_sent() -> None:
    row = seat("e", "ada", **{"metadata.cohort": "red, blue"})
    assert "comma" in Scene(students=ONE, seats=[row]).rows()["e"]["_reason"]


def findings(scene: Scene) -> dict[str, Any]:
    frame = scene.project().findings.frame
    return dict(frame.select("code", "message").rows())


@pytest.mark.parametrize(
    ("keys", "mode", "told"),
    [
        ({}, "verified", True),
        ({}, "audit", False),
        ({"preserve_mode": True}, "verified", False),
    ],
)
def test_who_comes_back_from_another_mode_is_told(
    keys: dict[str, Any], mode: str, told: bool
) -> None:
    scene = Scene(
        target(**keys),
        students=ONE,
        seats=[seat("e", "ada")],
        remote=[held("ada", is_active=False, mode=mode)],
    )
    found = findings(scene)
    assert ("RS304" in found) is told
    assert scene.rows()["e"]["_decision"] is None


@pytest.mark.parametrize(
    ("row", "do"),
    [
        (seat("e", "ada", "course-v1:D"), "correct courseSourcedId"),
        (seat("e", "ada", ART), "permission"),
        (seat("e", "nobody"), "an e-mail of his own"),
        (seat("e", "ada", **{"metadata.cohort": "a,b"}), "metadata.cohort"),
    ],
)
def test_a_row_that_is_held_back_says_what_to_do(row: Row, do: str) -> None:
    scene = Scene(students=ONE, seats=[row], barred=[ART])
    (hint,) = scene.project().findings.frame["hint"]
    assert do in hint


def test_people_who_wait_are_noted_with_their_number() -> None:
    waits = known("ada", remote_id="pending:registration")
    scene = Scene(students=ONE, seats=[seat("e", "ada")], ledger=[waits])
    assert "1 people" in findings(scene)["RS305"]


def test_every_row_is_projected_or_merged() -> None:
    rows = [
        seat("a", "ada"),
        seat("b", "ada"),
        seat("c", "ada", role="teacher"),
        seat("d", "nobody"),
        seat("e", "ada", "SIS-1"),
    ]
    projection = Scene(students=ONE, seats=rows).project()
    frame = projection.frames[Entity.ENROLLMENTS]
    assert frame.height + projection.merged[Entity.ENROLLMENTS] == len(rows)
    assert frame["_key"].is_unique().all()
    assert frame["_key"].is_sorted()


def test_what_left_the_selection_says_so_afterwards() -> None:
    scene = Scene(students=ONE, seats=[seat("e", "ada", _left="select leaves it out")])
    assert scene.rows()["e"]["_left"] == "select leaves it out"


def test_a_drop_without_enrollments_projects_nothing() -> None:
    scene = Scene(students=ONE, seats=None, remote=[held("ada")], ledger=[known("ada")])
    assert scene.project().frames == {}
