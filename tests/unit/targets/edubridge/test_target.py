from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest

from sync.errors import ConfigError
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LedgerView
from sync.model.operation import OPERATION_SCHEMA, Operation, Phase, Verb
from sync.model.outcome import Failure, FailureKind, State
from sync.model.request import Answer, Listing, Request
from sync.targets.base import BARRED, Wants
from sync.targets.common import records
from sync.targets.edubridge import EdubridgeTarget
from sync.wire import UnreadableError

Make = Callable[..., EdubridgeTarget]
ENROLLMENTS = Entity.ENROLLMENTS
V1P2 = "/ims/oneroster/rostering/v1p2"
OWN = "/edubridge/enrollments/user"
SEAT = {
    "sourcedId": "e1",
    "userSourcedId": "u/1",
    "courseSourcedId": "k@1",
    "schoolSourcedId": "o 1",
    "role": "teacher",
    "status": "active",
}


def operation(verb: Verb = Verb.CREATE, **facts: Any) -> Operation:
    own: dict[str, Any] = {
        "id": "enrollments:k",
        "entity": ENROLLMENTS,
        "verb": verb,
        "key": "k",
        "fields": (),
        "before": None,
        "after": SEAT,
        "rest": {},
        "phase": Phase.ENROLLMENTS,
        "wave": 0,
        "needs": (),
        "precondition": None,
        "remote_id": None,
        "reason": "",
        "ends": False,
        "file": None,
        "line": None,
    }
    return Operation(**(own | facts))


def sent(target: EdubridgeTarget, one: Operation, ids: dict[str, str]) -> Request:
    (request,) = target.compose([one], ids)
    assert request.operations == (one.id,)
    return request


def test_it_declares_what_it_lacks_and_that_nothing_is_changed(edubridge: Make) -> None:
    able = edubridge().capabilities
    assert set(able.verbs) == {ENROLLMENTS}
    assert Verb.UPDATE not in able.verbs[ENROLLMENTS]
    assert set(able.lacks) == {*PEOPLE, Entity.AGENTS}
    assert not able.keeps_dates
    assert not able.batched


@pytest.mark.parametrize("policy", ["keep", "inactive", "tobedeleted", "delete"])
def test_every_policy_means_to_unenroll(edubridge: Make, policy: str) -> None:
    edubridge(policy)


def test_a_policy_that_does_not_exist_is_refused(edubridge: Make) -> None:
    with pytest.raises(ConfigError, match="forget"):
        edubridge("forget")


def test_enrolling_posts_user_course_and_school_with_the_role(edubridge: Make) -> None:
    request = sent(edubridge(), operation(), {})
    assert (request.method, request.path) == (
        "POST",
        "/edubridge/enrollments/enroll/u%2F1/k%401/o%201",
    )
    assert request.body == {"sourcedId": "e1", "role": "teacher"}
    assert not request.repeatable


def test_enrolling_says_when_it_begins_and_what_the_drop_says_besides(
    edubridge: Make,
) -> None:
    after = SEAT | {"beginDate": "2026-08-17", "metadata.goal": "3", "metadata.x": None}
    body = sent(edubridge(), operation(after=after), {}).body
    assert body == {
        "sourcedId": "e1",
        "role": "teacher",
        "beginDate": "2026-08-17T00:00:00Z",
        "metadata": {"goal": "3"},
    }


def test_unenrolling_deletes_without_a_body(edubridge: Make) -> None:
    ending = operation(Verb.REMOVE, before=SEAT, after=None, ends=True)
    request = sent(edubridge(), ending, {})
    assert (request.method, request.path) == (
        "DELETE",
        "/edubridge/enrollments/unenroll/u%2F1/k%401/o%201",
    )
    assert request.body is None


def test_a_person_whom_the_target_calls_otherwise_is_named_so(edubridge: Make) -> None:
    request = sent(edubridge(), operation(), {"u/1": "theirs"})
    assert request.path.split("/")[4] == "theirs"


def test_goals_and_progress_are_never_touched(edubridge: Make) -> None:
    target = edubridge()
    ending = operation(Verb.REMOVE, before=SEAT, after=None, ends=True)
    lists = [*target.probes(), *target.lookup(operation()), *_rounds(target)]
    paths = [sent(target, one, {}).path for one in (operation(), ending)]
    paths += [one.path for one in lists]
    for word in ("defaultClass", "resetProgress", "propagateGoals"):
        assert not any(word in path for path in paths)


POST = Request("edubridge", "POST", "/x", operations=("a",))
DELETE = Request("edubridge", "DELETE", "/x", operations=("a",))
DATA = b'{"data": {"id": "theirs", "role": "student"}}'
FAILED = b'{"imsx_codeMajor": "failure", "imsx_description": "no"}'


@pytest.mark.parametrize(
    ("request_", "answer", "state", "remote_id"),
    [
        (POST, Answer(201, body=DATA), State.DONE, "theirs"),
        (POST, Answer(200, body=DATA), State.DONE, "theirs"),
        (POST, Answer(201), State.DONE, None),
        (POST, Answer(201, body=b"{}"), State.DONE, None),
        (POST, Answer(201, body=b'{"data": [1]}'), State.DONE, None),
        (POST, Answer(200, body=b"<html>Sign in</html>"), State.SENT, None),
        (POST, Answer(201, body=DATA[:20]), State.SENT, None),
        (POST, Answer(200, body=b'["data"]'), State.SENT, None),
        (POST, Answer(200, body=FAILED), State.FAILED, None),
        (DELETE, Answer(204), State.DONE, None),
        (DELETE, Answer(200, body=b"<html>"), State.SENT, None),
    ],
)
def test_a_success_is_judged_by_what_it_says(
    edubridge: Make,
    request_: Request,
    answer: Answer,
    state: State,
    remote_id: str | None,
) -> None:
    (outcome,) = edubridge().interpret(request_, answer)
    assert (outcome.operation, outcome.state) == ("a", state)
    assert outcome.remote_id == remote_id


@pytest.mark.parametrize(
    ("request_", "status", "doubt", "state"),
    [
        (POST, 404, False, State.FAILED),
        (POST, 422, False, State.FAILED),
        (POST, 500, True, State.SENT),
        (DELETE, 404, False, State.DONE),
        (DELETE, 403, False, State.FAILED),
    ],
)
def test_a_failure_fails_its_operation_but_an_end_of_nothing_is_done(
    edubridge: Make, request_: Request, status: int, doubt: bool, state: State
) -> None:
    failure = Failure(FailureKind.REJECT, status, "c", "m", in_doubt=doubt)
    (outcome,) = edubridge().interpret(request_, failure)
    assert outcome.state is state


def _people(*ids: str) -> pl.DataFrame:
    return records.people([{"sourcedId": one, "status": "active"} for one in ids])


def _rounds(target: EdubridgeTarget, **tables: pl.DataFrame) -> list[Listing]:
    wants = Wants((ENROLLMENTS,), None, LedgerView.empty())
    found = list(target.listings(wants, tables))
    users = {"users": _people("u1", "u/2", "u3")}
    return found + list(target.listings(wants, users))


def test_people_and_places_are_listed_first_by_large_pages_in_order(
    edubridge: Make,
) -> None:
    found = list(edubridge().listings(Wants((ENROLLMENTS,)), {}))
    assert [one.path for one in found] == [
        f"{V1P2}/{name}" for name in ("users", "classes", "courses", "orgs")
    ]
    assert {one.limit for one in found} == {3000}
    assert {one.query for one in found} == {(("sort", "sourcedId"), ("orderBy", "asc"))}
    assert found[0].feeds == ("students", "users")


def test_people_alone_need_no_lists_of_enrollments(edubridge: Make) -> None:
    wants = Wants((Entity.STUDENTS,))
    labels = [one.label for one in edubridge().listings(wants, {})]
    assert labels == ["users", "orgs"]
    assert edubridge().listings(wants, {"users": _people("u1")}) == ()


def test_a_trailing_slash_is_a_setting(edubridge: Make) -> None:
    found = edubridge(trailing_slash=True).listings(Wants((ENROLLMENTS,)), {})
    assert all(one.path.endswith("/") for one in found)


def test_the_list_of_enrollments_is_read_beside_one_persons_own(
    edubridge: Make,
) -> None:
    wants = Wants((ENROLLMENTS,))
    users = _people("u1", "u/2", "u3")
    whole, own = edubridge().listings(wants, {"users": users})
    assert whole.path == f"{V1P2}/enrollments"
    assert (whole.barred, whole.subject) == ((403,), None)
    assert own.path == f"{OWN}/{'u%2F2'}"
    assert (own.label, own.subject, own.paged) == ("enrollments", "u/2", False)
    assert (own.absent, own.barred) == ((404,), (403,))


def _barred() -> pl.DataFrame:
    row = {"label": "enrollments", "subject": None, "status": "403"}
    return pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))


def test_where_the_list_is_barred_everybodys_own_is_read_once(edubridge: Make) -> None:
    wants = Wants((ENROLLMENTS,))
    users = _people("u1", "u/2", "u3")
    tables = {"users": users, "enrollments": records.enrollments([]), BARRED: _barred()}
    found = list(edubridge().listings(wants, tables))
    own = [one.subject for one in found if one.label == "enrollments"]
    assert own == ["u1", "u3"]
    assert {one.barred for one in found} == {()}
    again = {one.label: records.enrollments([]) for one in found}
    assert edubridge().listings(wants, {**tables, **again}) == ()


def test_where_the_list_was_read_nothing_more_is_asked(edubridge: Make) -> None:
    tables = {"users": _people("u1"), "enrollments": records.enrollments([])}
    assert edubridge().listings(Wants((ENROLLMENTS,)), tables) == ()


def test_one_record_is_read_by_its_persons_own_list_and_by_the_filter(
    edubridge: Make,
) -> None:
    own, listed, classes = edubridge().lookup(operation())
    assert own.path == f"{OWN}/u%2F1"
    assert listed.query[-1] == ("filter", "user.sourcedId='u/1'")
    assert {400, 403, 404} <= set(listed.absent)
    assert classes.path == f"{V1P2}/classes"


def test_a_quote_in_an_id_is_no_filter(edubridge: Make) -> None:
    seat = SEAT | {"userSourcedId": "o'neill"}
    own, listed, _ = edubridge().lookup(operation(after=seat))
    assert unquote(own.path) == f"{OWN}/o'neill"
    assert all(name != "filter" for name, _ in listed.query)


def test_probes_ask_each_list_for_one_record(edubridge: Make) -> None:
    found = edubridge().probes()
    assert {one.label for one in found} == {
        *("users", "enrollments", "classes", "courses", "orgs"),
    }
    assert {one.limit for one in found} == {1}


def page(label: str, subject: str | None = None) -> Listing:
    return Listing(label, "edubridge", "/x", subject=subject)


def test_a_page_of_a_list_says_its_total_and_limit(edubridge: Make) -> None:
    body = {"users": [{"sourcedId": "u1"}], "totalCount": 9, "limit": 1}
    answer = Answer(200, {"x-total-count": "8"}, json.dumps(body).encode())
    frame, said = edubridge().read(page("users"), answer)
    assert frame["_id"].to_list() == ["u1"]
    assert (said.received, said.total, said.limit) == (1, 8, 1)


def test_a_persons_own_list_is_read_whole(edubridge: Make) -> None:
    answer = Answer(200, body=b'{"data": [{"id": "e1", "role": "student"}]}')
    frame, said = edubridge().read(page("enrollments", "u1"), answer)
    assert frame["userSourcedId"].to_list() == ["u1"]
    assert (said.received, said.total) == (1, None)


@pytest.mark.parametrize(
    ("listing", "body"),
    [
        (page("users"), b"{}"),
        (page("users"), b"[]"),
        (page("users"), b"<html>"),
        (page("enrollments", "u1"), b'{"enrollments": []}'),
        (page("enrollments", "u1"), b'{"data": {}}'),
    ],
)
def test_a_body_that_is_not_the_list_is_never_an_empty_one(
    edubridge: Make, listing: Listing, body: bytes
) -> None:
    with pytest.raises(UnreadableError):
        edubridge().read(listing, Answer(200, body=body))


def test_of_new_enrollments_of_one_course_and_school_one_goes_ahead(
    edubridge: Make,
) -> None:
    rows = [
        dict.fromkeys(OPERATION_SCHEMA)
        | {
            "id": str(number),
            "entity": "enrollments",
            "verb": "create",
            "key": str(number),
            "after": json.dumps({"courseSourcedId": course, "schoolSourcedId": "o"}),
            "ends": False,
        }
        for number, course in enumerate(["a", "a", "b", "a", "b"])
    ]
    frame = pl.DataFrame(rows, schema=OPERATION_SCHEMA)
    assert edubridge().waves(frame).to_list() == [0, 1, 0, 1, 1]


def test_no_request_is_a_batch(edubridge: Make) -> None:
    failure = Failure(FailureKind.SPLIT, 400, "c", "m")
    assert edubridge().take_apart(POST, failure) == ()
