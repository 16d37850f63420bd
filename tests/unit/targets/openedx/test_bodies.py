from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.operation import Operation, Verb
from sync.model.request import Request
from sync.targets.openedx.bodies import named, requests
from tests.support.openedx import ART, MATH, operation, settings

REMOVE, BACK = Verb.REMOVE, Verb.REACTIVATE
RED: dict[str, Any] = {"metadata.cohort": "red"}
VERIFIED = {"mode": "verified", "username": "Ada"}


def made(*operations: Operation, **keys: Any) -> list[Request]:
    return list(requests(operations, settings(**keys)))


def test_a_call_has_all_six_fields_and_real_booleans() -> None:
    (request,) = made(operation("bo"), operation("ada"))
    assert (request.method, request.path) == (
        "POST",
        "/api/bulk_enroll/v1/bulk_enroll/",
    )
    assert request.body == {
        "action": "enroll",
        "auto_enroll": True,
        "email_students": False,
        "courses": MATH,
        "cohorts": "",
        "identifiers": "ada@x.org,bo@x.org",
    }
    assert request.query == ()


def test_enrolling_and_unenrolling_are_different_calls() -> None:
    calls = made(operation("ada"), operation("bo", verb=REMOVE))
    assert [call.body["action"] for call in calls if call.body] == [
        "enroll",
        "unenroll",
    ]


def test_a_call_names_its_operations_course_by_course() -> None:
    operations = [operation(who, course) for who in "ab" for course in (MATH, ART)]
    (request,) = made(*operations)
    assert request.lanes == (f"course:{ART}", f"course:{MATH}")
    assert named(request) == [
        (f"enrollments:{course}/{who}", course, f"{who}@x.org")
        for course in (ART, MATH)
        for who in "ab"
    ]


@pytest.mark.parametrize(("mails", "again"), [(False, True), (True, False)])
def test_a_call_that_sends_mail_is_not_repeated_blindly(
    mails: bool, again: bool
) -> None:
    (request,) = made(operation(), email_students=mails)
    assert request.repeatable is again


def test_cohorts_stand_beside_their_courses() -> None:
    blue: dict[str, Any] = {"metadata.cohort": "blue"}
    (request,) = made(operation("ada", MATH, **RED), operation("ada", ART, **blue))
    assert request.body is not None
    assert (request.body["courses"], request.body["cohorts"]) == (
        f"{ART},{MATH}",
        "blue,red",
    )


def test_unenrolling_names_no_cohort() -> None:
    (request,) = made(operation("ada", verb=REMOVE, **RED))
    assert request.body is not None
    assert request.body["cohorts"] == ""


def test_with_preserve_mode_who_comes_back_keeps_his_mode() -> None:
    back = operation("ada", verb=BACK, rest=VERIFIED, **RED)
    calls = made(back, operation("bo"), preserve_mode=True)
    assert [call.path for call in calls] == [
        "/api/bulk_enroll/v1/bulk_enroll/",
        "/api/enrollment/v1/enrollment",
    ]
    assert calls[1].body == {
        "user": "Ada",
        "course_details": {"course_id": MATH},
        "is_active": True,
        "mode": "verified",
        "cohort": "red",
    }


@pytest.mark.parametrize(
    ("keys", "rest"),
    [
        ({}, VERIFIED),
        ({"preserve_mode": True}, VERIFIED | {"mode": "audit"}),
        ({"preserve_mode": True}, {"mode": "verified", "username": None}),
        ({"preserve_mode": True}, {}),
    ],
)
def test_everybody_else_goes_through_the_bulk_call(
    keys: dict[str, Any], rest: dict[str, Any]
) -> None:
    (request,) = made(operation("ada", verb=BACK, rest=rest), **keys)
    assert request.path.startswith("/api/bulk_enroll")


def test_two_operations_on_one_pair_are_refused_as_a_defect() -> None:
    with pytest.raises(ValueError, match="one person in one course"):
        made(operation("ada"), operation("ada"))


PAIRS = st.sets(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from([MATH, ART, "x/y/z"]))
)


@given(PAIRS, PAIRS)
def test_each_operation_is_in_one_request_at_its_own_pair(
    new: set[tuple[str, str]], old: set[tuple[str, str]]
) -> None:
    operations = [operation(*pair) for pair in sorted(new)] + [
        operation(*pair, verb=REMOVE) for pair in sorted(old - new)
    ]
    found = [one for request in made(*operations) for one in named(request)]
    told = {one: (course, who) for one, course, who in found}
    assert len(told) == len(found) == len(operations)
    assert told == {
        one.id: (one.after["courseSourcedId"], one.after["identifier"])
        for one in operations
        if one.after
    }
