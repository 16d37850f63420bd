from __future__ import annotations

import json
from typing import Any

import pytest

from sync.model.operation import Verb
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Request
from sync.targets.openedx.answers import FEW, outcomes, parts
from sync.targets.openedx.bodies import requests
from tests.support.openedx import ART, MATH, operation, settings

ENROLLED = {"enrollment": True, "allowed": False, "user": True, "auto_enroll": False}
ALLOWED = {"enrollment": False, "allowed": True, "user": False, "auto_enroll": True}
NEITHER = {"enrollment": False, "allowed": False, "user": False, "auto_enroll": False}


def call(
    *who: str, courses: tuple[str, ...] = (MATH,), verb: Verb = Verb.CREATE, **keys: Any
) -> Request:
    made = [operation(one, course, verb) for one in who for course in courses]
    (request,) = requests(made, settings(**keys))
    return request


def said(who: str, after: Any = ENROLLED, **cells: Any) -> dict[str, Any]:
    return {"identifier": f"{who}@x.org", "before": NEITHER, "after": after} | cells


def answer(results: Any, course: str = MATH, **entry: Any) -> Answer:
    told = {"action": "enroll", "results": results, "auto_enroll": True} | entry
    return Answer(200, {}, json.dumps({"courses": {course: told}}).encode())


def brief(outcome: Outcome) -> tuple[State, str | None]:
    return outcome.state, outcome.failure.code if outcome.failure else None


DONE, FAILED, SENT = State.DONE, State.FAILED, State.SENT
ENDS: dict[str, tuple[Any, tuple[State, str | None]]] = {
    "enrolled": (said("a"), (DONE, None)),
    "enrolled before": (said("a", before=ENROLLED), (DONE, None)),
    "enrolled and allowed": (said("a", ENROLLED | {"allowed": True}), (DONE, None)),
    "allowed": (said("a", ALLOWED), (DONE, "pending")),
    "neither": (said("a", NEITHER), (FAILED, "refused")),
    "unknown": (
        {"identifier": "a@x.org", "invalidIdentifier": True},
        (FAILED, "invalid_identifier"),
    ),
    "an error": ({"identifier": "a@x.org", "error": True}, (SENT, "server_refused")),
    "another case": (said("A"), (DONE, None)),
    "no state": ({"identifier": "a@x.org"}, (SENT, "no_result")),
    "half a state": (said("a", {"enrollment": True}), (SENT, "no_result")),
    "a state in texts": (
        said("a", {"enrollment": "true", "allowed": "false"}),
        (SENT, "no_result"),
    ),
    "somebody else": (said("b"), (SENT, "no_result")),
    "no object": ("a@x.org", (SENT, "no_result")),
}


@pytest.mark.parametrize(("result", "end"), ENDS.values(), ids=list(ENDS))
def test_what_became_of_a_person_is_what_stands_after_the_call(
    result: Any, end: tuple[State, str | None]
) -> None:
    (found,) = outcomes(call("a"), answer([result]))
    assert brief(found) == end
    assert found.status == 200


@pytest.mark.parametrize(
    ("after", "end"),
    [
        (NEITHER, (DONE, None)),
        (ENROLLED, (FAILED, "not_unenrolled")),
        (ALLOWED, (FAILED, "not_unenrolled")),
        (None, (SENT, "no_result")),
    ],
)
def test_an_end_holds_when_neither_enrollment_nor_permission_is_left(
    after: Any, end: tuple[State, str | None]
) -> None:
    (found,) = outcomes(call("a", verb=Verb.REMOVE), answer([said("a", after)]))
    assert brief(found) == end


@pytest.mark.parametrize(
    ("user", "remote_id"),
    [(False, "pending:registration"), (True, "pending:activation")],
)
def test_who_waits_is_told_by_the_remote_id(user: bool, remote_id: str) -> None:
    (found,) = outcomes(call("a"), answer([said("a", ALLOWED | {"user": user})]))
    assert found.remote_id == remote_id


def test_results_are_matched_by_the_identifier_where_their_order_differs() -> None:
    results = [said("b", NEITHER), said("a")]
    found = outcomes(call("a", "b"), answer(results))
    assert [one.state for one in found] == [DONE, FAILED]


def test_a_missing_result_is_in_doubt_and_takes_nobody_with_it() -> None:
    found = outcomes(call("a", "b", "c"), answer([said("a"), said("c")]))
    assert [one.state for one in found] == [DONE, SENT, DONE]
    assert found[1].failure is not None
    assert found[1].failure.in_doubt


def test_a_person_who_is_told_twice_elsewhere_is_in_doubt() -> None:
    results = [said("x"), said("a"), said("a", NEITHER)]
    assert outcomes(call("a"), answer(results))[0].state is SENT


def test_a_missing_course_is_in_doubt_and_the_others_are_not() -> None:
    found = outcomes(call("a", courses=(MATH, ART)), answer([said("a")]))
    assert [one.state for one in found] == [SENT, DONE]


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"[]", b'{"courses": []}', b'{"results": []}', b"{"]
)
def test_an_answer_that_says_nothing_leaves_everybody_in_doubt(body: bytes) -> None:
    found = outcomes(call("a", "b"), Answer(200, {}, body))
    assert [one.state for one in found] == [SENT, SENT]


@pytest.mark.parametrize(
    ("echo", "end"), [(False, "auto_enroll"), (True, "pending"), (None, "auto_enroll")]
)
def test_a_permission_without_auto_enroll_is_not_what_was_asked_for(
    echo: bool | None, end: str
) -> None:
    (found,) = outcomes(call("a"), answer([said("a", ALLOWED)], auto_enroll=echo))
    assert found.failure is not None
    assert found.failure.code == end


def test_the_echo_of_auto_enroll_does_not_matter_to_who_is_enrolled() -> None:
    (found,) = outcomes(call("a"), answer([said("a")], auto_enroll=False))
    assert found.state is DONE


def test_the_sample_of_the_vendor_is_no_success() -> None:
    after = {"enrollment": False, "allowed": False, "user": True, "auto_enroll": True}
    (found,) = outcomes(call("a"), answer([said("a", after, before=ENROLLED)]))
    assert found.state is FAILED


def failure(status: int | None, message: str = "", **cells: Any) -> Failure:
    kind = FailureKind.REJECT if (status or 500) < 500 else FailureKind.RETRY
    return Failure(kind, status, f"http_{status}", message, **cells)


@pytest.mark.parametrize(("doubt", "state"), [(False, FAILED), (True, SENT)])
def test_a_failed_call_is_the_failure_of_each_of_its_pairs(
    doubt: bool, state: State
) -> None:
    found = outcomes(call("a", "b"), failure(500, in_doubt=doubt))
    assert [one.state for one in found] == [state, state]


def single() -> Request:
    rest = {"mode": "verified", "username": "a"}
    back = operation("a", verb=Verb.REACTIVATE, rest=rest)
    (request,) = requests([back], settings(preserve_mode=True))
    return request


@pytest.mark.parametrize(
    ("body", "state"),
    [(b'{"is_active": true}', DONE), (b'{"is_active": false}', FAILED), (b"", SENT)],
)
def test_a_single_enrollment_is_judged_by_its_own_state(
    body: bytes, state: State
) -> None:
    (found,) = outcomes(single(), Answer(200, {}, body))
    assert found.state is state


def test_a_single_enrollment_of_nobody_failed() -> None:
    assert outcomes(single(), failure(406))[0].state is FAILED


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refused_call_is_taken_apart_by_course(status: int) -> None:
    request = call("a", "b", courses=(MATH, ART))
    assert parts(request, failure(status)) == [
        (f"enrollments:{course}/a", f"enrollments:{course}/b") for course in (ART, MATH)
    ]


@pytest.mark.parametrize(
    ("status", "message", "apart"),
    [
        (400, "", True),
        (404, "", False),
        (404, "no such user", True),
        (403, "", False),
        (403, "no such user", False),
    ],
)
def test_the_call_of_one_course_is_taken_apart_where_a_person_may_be_the_cause(
    status: int, message: str, apart: bool
) -> None:
    request = call(*(f"p{number:02}" for number in range(FEW + 1)))
    found = parts(request, failure(status, message))
    assert len(found) == (2 if apart else 0)
    if apart:
        assert [one for part in found for one in part] == list(request.operations)


def test_few_people_are_tried_one_by_one_after_a_404() -> None:
    assert len(parts(call("a", "b"), failure(404))) == 2


def test_a_call_that_broke_is_taken_apart_by_course_where_it_may_be_repeated() -> None:
    both = (MATH, ART)
    assert len(parts(call("a", "b", courses=both), failure(500))) == 2
    assert parts(call("a", "b", courses=both, email_students=True), failure(500)) == ()
    assert parts(call("a", "b"), failure(500)) == ()


@pytest.mark.parametrize("status", [None, 401, 429, 502, 503])
def test_other_failures_do_not_take_a_call_apart(status: int | None) -> None:
    assert parts(call("a", "b", courses=(MATH, ART)), failure(status)) == ()


def test_one_pair_is_not_taken_apart() -> None:
    assert parts(call("a"), failure(400)) == ()
    assert parts(single(), failure(400)) == ()
