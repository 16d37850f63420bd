from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.operation import Verb
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Request
from sync.targets.schoology.answers import parse_text
from tests.unit.targets.schoology.district import operation, target

KEYS = ("55/S-1", "55/S-2", "55/S-3")
ROUTES: dict[str, dict[str, Any]] = {
    "section-code": {},
    "codes": {"route": "codes", "grading_periods": ["13", "14"]},
    "multi-realm": {"route": "multi-realm"},
    "realm": {"route": "realm"},
}
FORMS = ("json", "xml")


def batch(
    route: str = "section-code",
    form: str = "json",
    verb: Verb = Verb.CREATE,
    keys: Sequence[str] = KEYS,
    policy: str = "inactive",
) -> Request:
    """One request that carries out operations on these keys."""
    of = target(policy, format=form, **ROUTES[route])
    new = verb is Verb.CREATE
    made = [
        operation(
            one,
            verb,
            after={"uid": f"700{n}"},
            remote_id=None if new else f"90{n}",
        )
        for n, one in enumerate(keys)
    ]
    (request,) = of.compose(made, {})
    return request


def named(request: Request) -> list[dict[str, Any]]:
    """What Schoology says of itself in the results of each item."""
    if request.method == "DELETE":
        return [{"id": one} for one in dict(request.query)["enrollment_ids"].split(",")]
    body = parse_text(request.body) if isinstance(request.body, str) else request.body
    assert isinstance(body, dict)
    sent = body["enrollments"]["enrollment"]
    items = sent if isinstance(sent, list) else [sent]
    kept = ("id", "uid", "school_uid", "section_school_code", "course_code")
    return [
        {name: item[name] for name in (*kept, "section_code", "realm") if name in item}
        | ({"realm_id": str(item["section_id"])} if "section_id" in item else {})
        for item in items
    ]


def answered(request: Request, found: Sequence[dict[str, Any]]) -> list[Outcome]:
    """What becomes of a batch that is answered with these results."""
    if dict(request.headers).get("Accept") == "text/xml":
        inside = "".join(
            "<enrollment>"
            + "".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in one.items())
            + "</enrollment>"
            for one in found
        )
        body = f"<result><enrollments>{inside}</enrollments></result>"
    else:
        body = json.dumps({"enrollments": {"enrollment": list(found)}})
    return list(target().interpret(request, Answer(207, {}, body.encode())))


def states(outcomes: Sequence[Outcome]) -> list[State]:
    return [one.state for one in outcomes]


def good(request: Request) -> list[dict[str, Any]]:
    return [{"response_code": 200, **one} for one in named(request)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.REMOVE])
def test_results_belong_to_their_items_in_whatever_order(
    route: str, form: str, verb: Verb
) -> None:
    request = batch(route, form, verb)
    found = good(request)
    found[1] |= {"response_code": 400, "message": "no"}
    for told in permutations(found):
        outcomes = answered(request, told)
        assert states(outcomes) == [State.DONE, State.FAILED, State.DONE]
        assert [one.operation for one in outcomes] == list(request.operations)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_batch_of_one_is_answered_with_a_list_or_with_the_one(
    route: str, form: str
) -> None:
    request = batch(route, form, keys=KEYS[:1])
    assert states(answered(request, good(request))) == [State.DONE]


def test_a_single_object_in_json_is_a_list_of_one() -> None:
    request = batch(keys=KEYS[:1])
    body = json.dumps({"enrollments": {"enrollment": good(request)[0]}})
    (outcome,) = target().interpret(request, Answer(207, {}, body.encode()))
    assert outcome.state is State.DONE


@pytest.mark.parametrize(
    "location",
    ["http://x//900001", "http://x/v1/sections/55/enrollments/900001", "900001"],
)
def test_the_id_is_the_last_number_of_the_location(location: str) -> None:
    request = batch(keys=KEYS[:1])
    (outcome,) = answered(request, [good(request)[0] | {"location": location}])
    assert outcome.remote_id == "900001"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html>busy</html>", b'{"enrollments": {"enrollm', b"[]"]
)
def test_an_answer_without_results_leaves_all_in_doubt(body: bytes) -> None:
    outcomes = target().interpret(batch(), Answer(207, {}, body))
    assert states(outcomes) == [State.SENT] * 3
    assert all(one.failure and one.failure.in_doubt for one in outcomes)


def test_what_a_cut_answer_does_not_tell_is_in_doubt() -> None:
    request = batch()
    outcomes = answered(request, good(request)[:2])
    assert states(outcomes) == [State.DONE, State.DONE, State.SENT]


def test_what_a_cut_answer_without_names_tells_is_nobodys() -> None:
    found = [{"response_code": 200}, {"response_code": 200}]
    assert states(answered(batch(), found)) == [State.SENT] * 3


def test_results_without_names_go_by_their_place_if_all_are_there() -> None:
    codes = (200, 404, 200)
    outcomes = answered(batch(), [{"response_code": one} for one in codes])
    assert states(outcomes) == [State.DONE, State.FAILED, State.DONE]


def test_one_failure_without_a_name_is_the_one_item_that_is_left() -> None:
    request = batch()
    first, second, _ = good(request)
    bare = {"response_code": 404, "message": "no such user"}
    outcomes = answered(request, [bare, second, first])
    assert states(outcomes) == [State.DONE, State.DONE, State.FAILED]


def test_failures_without_names_in_another_order_are_told_by_being_the_rest() -> None:
    request = batch()
    bare = [{"response_code": 400, "message": one} for one in ("a", "b")]
    outcomes = answered(request, [*bare, good(request)[0]])
    assert states(outcomes) == [State.DONE, State.FAILED, State.FAILED]
    assert all("a / b" in one.failure.message for one in outcomes[1:] if one.failure)


def test_unlike_results_without_names_in_another_order_are_nobodys() -> None:
    request = batch()
    bare = [{"response_code": 404}, {"response_code": 200}]
    outcomes = answered(request, [*bare, good(request)[0]])
    assert states(outcomes) == [State.DONE, State.SENT, State.SENT]


def test_a_result_of_somebody_else_counts_for_nobody() -> None:
    request = batch()
    found = good(request)
    found[2]["school_uid"] = "S-999"
    assert states(answered(request, found))[2] is State.SENT


def test_two_results_for_one_item_settle_nothing() -> None:
    request = batch()
    found = good(request)
    outcomes = answered(
        request, [found[0], found[0] | {"response_code": 404}, found[1]]
    )
    assert states(outcomes) == [State.SENT, State.DONE, State.SENT]


def test_the_same_user_in_two_sections_is_told_apart() -> None:
    of = target(route="multi-realm")
    both = [operation(f"{one}/S-1", after={"uid": "7001"}) for one in ("55", "56")]
    (request,) = of.compose(both, {})
    found = [
        {"response_code": 200, "uid": 7001, "realm": "section", "realm_id": "56"},
        {"response_code": 404, "uid": 7001, "realm": "section", "realm_id": "55"},
    ]
    assert states(answered(request, found)) == [State.FAILED, State.DONE]


@pytest.mark.parametrize(
    ("result", "state", "said"),
    [
        ({"response_code": "200"}, State.DONE, ""),
        ({"response_code": 201}, State.DONE, ""),
        ({"response_code": 404}, State.FAILED, "does not know this user"),
        ({"response_code": 403}, State.FAILED, "may not do this"),
        ({"response_code": 400, "error": "bad code"}, State.FAILED, "bad code"),
        ({"response_code": 400, "errors": ["bad"]}, State.FAILED, "bad"),
        ({"response_code": 409}, State.SENT, "409"),
        ({"response_code": 400, "message": "Already in"}, State.SENT, "Already"),
        ({"response_code": 429}, State.SENT, "429"),
        ({"response_code": 500}, State.SENT, "500"),
        ({}, State.SENT, "no response_code"),
        ({"response_code": "fine"}, State.SENT, "no response_code"),
    ],
)
def test_an_item_is_judged_by_its_own_code(
    result: dict[str, Any], state: State, said: str
) -> None:
    request = batch(keys=KEYS[:1])
    (outcome,) = answered(request, [named(request)[0] | result])
    assert outcome.state is state
    assert said in (outcome.failure.message if outcome.failure else "")


def test_the_refusal_of_one_item_is_no_refusal_of_our_key() -> None:
    request = batch(keys=KEYS[:1])
    (outcome,) = answered(request, [named(request)[0] | {"response_code": 403}])
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.status) == (FailureKind.REJECT, 207)


def test_messages_carry_no_mail_addresses() -> None:
    request = batch(keys=KEYS[:1])
    said = {"response_code": 400, "message": "ada@school.example is no user"}
    (outcome,) = answered(request, [named(request)[0] | said])
    assert outcome.failure is not None
    assert "ada@" not in outcome.failure.message


@pytest.mark.parametrize("policy", ["inactive", "delete"])
def test_what_is_to_end_and_is_gone_is_done(policy: str) -> None:
    request = batch(verb=Verb.REMOVE, keys=KEYS[:1], policy=policy)
    (outcome,) = answered(request, [named(request)[0] | {"response_code": 404}])
    assert outcome.state is State.DONE


def refusal(
    status: int | None, kind: FailureKind = FailureKind.REJECT, **facts: Any
) -> Failure:
    return Failure(kind, status, "no", "no", **facts)


def test_a_batch_refused_as_a_whole_fails_item_by_item() -> None:
    outcomes = target().interpret(batch(), refusal(400))
    assert states(outcomes) == [State.FAILED] * 3


def test_a_batch_whose_answer_was_lost_is_in_doubt() -> None:
    lost = refusal(None, FailureKind.RETRY, in_doubt=True)
    assert states(target().interpret(batch(), lost)) == [State.SENT] * 3


def test_one_deletion_of_what_is_gone_is_done() -> None:
    request = batch(verb=Verb.REMOVE, keys=KEYS[:1], policy="delete")
    assert states(target().interpret(request, refusal(404))) == [State.DONE]
    two = batch(verb=Verb.REMOVE, keys=KEYS[:2], policy="delete")
    assert states(target().interpret(two, refusal(404))) == [State.FAILED] * 2


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_no_answer_makes_a_success_of_what_was_not_told(data: st.DataObject) -> None:
    route = data.draw(st.sampled_from(list(ROUTES)))
    request = batch(route, data.draw(st.sampled_from(FORMS)))
    truth = data.draw(st.lists(st.sampled_from([200, 404]), min_size=3, max_size=3))
    bare = data.draw(st.booleans())
    found = [
        {"response_code": code} | ({} if bare and code != 200 else name)
        for code, name in zip(truth, named(request), strict=True)
    ]
    told = data.draw(st.permutations(found))[: data.draw(st.integers(0, 3))]
    for outcome, code in zip(answered(request, told), truth, strict=True):
        if outcome.state is State.DONE:
            assert code == 200
        if outcome.state is State.FAILED:
            assert code == 404
