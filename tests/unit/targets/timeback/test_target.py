from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.model.entities import SYNCED, Entity
from sync.model.operation import OPERATION_SCHEMA, Operation, Phase, Verb
from sync.model.outcome import Failure, FailureKind, State
from sync.model.request import Answer, Listing, Request
from sync.targets.base import Wants
from sync.targets.common.answers import segment
from sync.targets.timeback import TimebackTarget
from sync.targets.timeback.bodies import NAMESPACE, platform_grades
from sync.targets.timeback.target import READERS
from sync.wire import UnreadableError

Make = Callable[..., TimebackTarget]
STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
AGENTS, ENROLLMENTS = Entity.AGENTS, Entity.ENROLLMENTS
NOBODY: Mapping[str, str] = {}


def operation(
    entity: Entity,
    verb: Verb = Verb.CREATE,
    after: dict[str, Any] | None = None,
    **facts: Any,
) -> Operation:
    own: dict[str, Any] = {
        "id": f"{entity}:k",
        "entity": entity,
        "verb": verb,
        "key": "k",
        "fields": (),
        "before": None,
        "after": after,
        "rest": {},
        "phase": Phase.PEOPLE,
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


def composed(
    target: TimebackTarget, one: Operation, ids: Mapping[str, str] = NOBODY
) -> Request:
    (request,) = target.compose([one], ids)
    assert request.operations == (one.id,)
    return request


def body_of(request: Request) -> dict[str, Any]:
    """What stands in the envelope of a body."""
    assert isinstance(request.body, dict)
    (inside,) = request.body.values()
    assert isinstance(inside, dict)
    return inside


def line(request: Request) -> tuple[str, str, str]:
    return request.service, request.method, request.path


JOHN = {
    "sourcedId": "student-uuid-here",
    "status": "active",
    "username": "john.doe",
    "enabledUser": "true",
    "givenName": "John",
    "familyName": "Doe",
    "middleName": None,
    "email": "john.doe@example.com",
    "phone": None,
    "grades": "05",
    "primaryOrgSourcedId": "organization-uuid",
    "roles": None,
}
JOHN_BODY = {
    "sourcedId": "student-uuid-here",
    "status": "active",
    "username": "john.doe",
    "enabledUser": "true",
    "givenName": "John",
    "familyName": "Doe",
    "middleName": None,
    "email": "john.doe@example.com",
    "phone": None,
    "grades": ["5"],
    "primaryOrg": {"sourcedId": "organization-uuid", "type": "org"},
}


def test_a_student_is_put_as_the_level_1_guide_shows(timeback: Make) -> None:
    made = operation(STUDENTS, after=JOHN, key="student-uuid-here")
    request = composed(timeback(), made)
    assert line(request) == ("platform", "PUT", "/rostering/1.0/students")
    assert request.body == {"student": JOHN_BODY}
    assert request.repeatable
    assert request.query == ()


def test_a_user_is_put_as_the_level_1_guide_shows(timeback: Make) -> None:
    after = {
        "sourcedId": "user-uuid-here",
        "status": "active",
        "enabledUser": "true",
        "givenName": "Jane",
        "familyName": "Smith",
        "email": "jane.smith@example.com",
        "primaryOrgSourcedId": "organization-uuid",
        "roles": "primary\x1fparent\x1forganization-uuid",
    }
    request = composed(timeback(), operation(USERS, after=after, key="user-uuid-here"))
    org = {"sourcedId": "organization-uuid", "type": "org"}
    assert line(request) == ("platform", "PUT", "/rostering/1.0/users/user-uuid-here")
    assert request.body == {
        "user": {
            "sourcedId": "user-uuid-here",
            "status": "active",
            "enabledUser": "true",
            "givenName": "Jane",
            "familyName": "Smith",
            "email": "jane.smith@example.com",
            "grades": [],
            "primaryOrg": org,
            "roles": [{"roleType": "primary", "role": "parent", "org": org}],
        }
    }


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (None, None),
        ([("student", "o1")], None),
        (
            [("student", "o1"), ("teacher", "o2")],
            [("student", "o1"), ("teacher", "o2")],
        ),
        ([("teacher", "o2")], [("student", "o1"), ("teacher", "o2")]),
        (
            [("administrator", "o2"), ("student", "")],
            [("siteAdministrator", "o2"), ("student", "o1")],
        ),
    ],
)
def test_a_student_with_other_roles_is_put_as_a_user_with_all_of_them(
    timeback: Make,
    roles: list[tuple[str, str]] | None,
    expected: list[tuple[str, str]] | None,
) -> None:
    encoded = "\x1e".join(f"primary\x1f{r}\x1f{o}" for r, o in roles or []) or None
    after = JOHN | {"roles": encoded, "primaryOrgSourcedId": "o1"}
    request = composed(timeback(), operation(STUDENTS, after=after, key="s"))
    if expected is None:
        assert request.path == "/rostering/1.0/students"
        assert "roles" not in body_of(request)
    else:
        assert request.path == "/rostering/1.0/users/s"
        told = body_of(request)["roles"]
        assert [(r["role"], r["org"]["sourcedId"]) for r in told] == expected


CARRIED: dict[str, Any] = {
    "sms": "+1 555 0100",
    "preferredFirstName": "Johnny",
    "pronouns": "he/him",
    "demographics": {"birthDate": "2015-02-03", "sex": "male"},
    "metadata": {"room": "7", "goal": 3},
}


@pytest.mark.parametrize(
    ("after", "fields", "expected"),
    [
        pytest.param({}, (), CARRIED, id="all of it is repeated"),
        pytest.param(
            {"metadata.room": "8", "metadata.new": "x"},
            ("metadata.room",),
            {"metadata": {"room": "8", "goal": 3, "new": "x"}},
            id="ours over theirs",
        ),
        pytest.param(
            {"metadata.room": None, "metadata.new": None},
            ("metadata.room",),
            {"metadata": {"room": None, "goal": 3}},
            id="blank clears what is there",
        ),
        pytest.param(
            {"birthDate": "2015-02-04"},
            ("birthDate",),
            {"demographics": {"birthDate": "2015-02-04", "sex": "male"}},
            id="a birth date",
        ),
        pytest.param(
            {"birthDate": None},
            ("birthDate",),
            {"demographics": {"birthDate": None, "sex": "male"}},
            id="a birth date that was cleared",
        ),
        pytest.param(
            {"birthDate": None},
            ("phone",),
            {"demographics": CARRIED["demographics"]},
            id="one that could not be read stays",
        ),
    ],
)
def test_a_put_repeats_what_the_remote_holds(
    timeback: Make,
    after: dict[str, Any],
    fields: tuple[str, ...],
    expected: dict[str, Any],
) -> None:
    update = operation(
        STUDENTS, Verb.UPDATE, JOHN | after, rest=CARRIED, fields=fields, key="s"
    )
    body = body_of(composed(timeback(), update))
    assert {name: body[name] for name in expected} == expected
    assert body["sms"] == CARRIED["sms"]
    assert not any("." in name for name in body)


def test_an_identifier_that_the_system_gave_is_used_in_path_and_body(
    timeback: Make,
) -> None:
    request = composed(
        timeback(), operation(USERS, Verb.UPDATE, JOHN, key="ours", remote_id="th/eirs")
    )
    assert request.path == "/rostering/1.0/users/th%2Feirs"
    assert body_of(request)["sourcedId"] == "th/eirs"


LINK = {
    "studentSourcedId": "s/1",
    "agentSourcedId": "p@x y",
    "relationshipType": "parent",
}
DERIVED = str(uuid.uuid5(NAMESPACE, "s/1\np@x y"))


@pytest.mark.parametrize(
    ("keys", "cells", "facts", "ids", "path"),
    [
        ({}, {}, {}, {}, "s%2F1/agents/p%40x%20y"),
        ({}, {"agentId": "l 1"}, {}, {}, "s%2F1/agents/l%201"),
        ({"agent_ids": "uuid5"}, {}, {}, {}, f"s%2F1/agents/{DERIVED}"),
        ({"agent_ids": "uuid5"}, {"agentId": "l1"}, {}, {}, "s%2F1/agents/l1"),
        ({}, {}, {"remote_id": "known"}, {}, "s%2F1/agents/known"),
        ({}, {}, {}, {"s/1": "r1", "p@x y": "r2"}, "r1/agents/r2"),
    ],
)
@pytest.mark.parametrize("ends", [False, True])
def test_a_link_is_put_and_deleted_at_the_same_path(  # noqa: PLR0913, PLR0917 - a table's columns
    timeback: Make,
    keys: dict[str, Any],
    cells: dict[str, Any],
    facts: dict[str, Any],
    ids: dict[str, str],
    path: str,
    ends: bool,
) -> None:
    verb = Verb.REMOVE if ends else Verb.CREATE
    one = operation(AGENTS, verb, LINK | cells, ends=ends, **facts)
    request = composed(timeback(**keys), one, ids)
    method = "DELETE" if ends else "PUT"
    assert line(request) == ("platform", method, f"/rostering/1.0/students/{path}")
    agent = {"sourcedId": ids.get("p@x y", "p@x y"), "type": "user"}
    body = {"user": agent, "relationshipType": "parent"}
    assert request.body == (None if ends else body)


ENROLLMENT = {
    "sourcedId": "e1",
    "status": "active",
    "role": "student",
    "primary": None,
    "beginDate": None,
    "endDate": None,
    "userSourcedId": "s/1",
    "classSourcedId": "c1",
    "courseSourcedId": "k 1",
    "schoolSourcedId": "o@1",
}
PLACE = "s%2F1/k%201/o%401"


@pytest.mark.parametrize(
    ("cells", "body"),
    [
        ({}, {"sourcedId": "e1", "role": "student"}),
        (
            {"role": "teacher", "beginDate": "2026-08-01", "metadata.goal": "x"},
            {
                "sourcedId": "e1",
                "role": "teacher",
                "beginDate": "2026-08-01T00:00:00Z",
                "metadata": {"goal": "x"},
            },
        ),
    ],
)
@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.REACTIVATE])
def test_edubridge_enrolls(
    timeback: Make, cells: dict[str, Any], body: dict[str, Any], verb: Verb
) -> None:
    request = composed(timeback(), operation(ENROLLMENTS, verb, ENROLLMENT | cells))
    assert line(request) == ("api", "POST", f"/edubridge/enrollments/enroll/{PLACE}")
    assert request.body == body
    assert not request.repeatable


def test_edubridge_unenrolls_without_a_body(timeback: Make) -> None:
    one = operation(ENROLLMENTS, Verb.REMOVE, ENROLLMENT, ends=True)
    request = composed(timeback(), one, {"s/1": "r1"})
    path = "/edubridge/enrollments/unenroll/r1/k%201/o%401"
    assert (*line(request), request.body) == ("api", "DELETE", path, None)
    assert request.repeatable


LIST = "/ims/oneroster/rostering/v1p2/enrollments"
FULL = {
    "sourcedId": "e/1",
    "status": "active",
    "role": "student",
    "user": {"sourcedId": "s/1"},
    "class": {"sourcedId": "c1"},
    "school": {"sourcedId": "o@1"},
}
DATED = {"primary": "true", "beginDate": "2026-08-01", "endDate": "2027-06-01"}


@pytest.mark.parametrize(
    ("keys", "policy", "facts", "cells", "expected"),
    [
        pytest.param(
            {}, "inactive", {}, {}, ("POST", LIST, FULL, False), id="a new one"
        ),
        pytest.param(
            {"api": {"trailing_slash": True}},
            "inactive",
            {},
            DATED,
            ("POST", f"{LIST}/", FULL | DATED, False),
            id="with a slash, and dates",
        ),
        pytest.param(
            {},
            "inactive",
            {"verb": Verb.UPDATE, "rest": {"metadata": {"goal": 1}}},
            {"metadata.room": "7"},
            (
                "PUT",
                f"{LIST}/e%2F1",
                FULL | {"metadata": {"goal": 1, "room": "7"}},
                True,
            ),
            id="a change repeats what is there",
        ),
        pytest.param(
            {},
            "inactive",
            {"verb": Verb.REACTIVATE, "remote_id": "r 9"},
            {},
            ("PUT", f"{LIST}/r%209", FULL | {"sourcedId": "r 9"}, True),
            id="under the id that it has there",
        ),
        pytest.param(
            {},
            "inactive",
            {"verb": Verb.REMOVE, "ends": True},
            {"status": "inactive"},
            ("PUT", f"{LIST}/e%2F1", FULL | {"status": "tobedeleted"}, True),
            id="inactive means tobedeleted",
        ),
        pytest.param(
            {},
            "delete",
            {"verb": Verb.REMOVE, "ends": True},
            {},
            ("DELETE", f"{LIST}/e%2F1", None, True),
            id="deleted",
        ),
    ],
)
def test_oneroster_writes_enrollments(  # noqa: PLR0913, PLR0917 - a table's columns
    timeback: Make,
    keys: dict[str, Any],
    policy: str,
    facts: dict[str, Any],
    cells: dict[str, Any],
    expected: tuple[str, str, Any, bool],
) -> None:
    target = timeback({ENROLLMENTS: policy}, enrollments="oneroster", **keys)
    one = operation(ENROLLMENTS, after=ENROLLMENT | cells, **({"key": "e/1"} | facts))
    request = composed(target, one)
    method, path, body, repeatable = expected
    assert line(request) == ("api", method, path)
    assert request.body == (None if body is None else {"enrollment": body})
    assert request.repeatable is repeatable


def test_reference_tables_are_not_written(timeback: Make) -> None:
    with pytest.raises(ValueError, match="does not write orgs"):
        composed(timeback(), operation(Entity.ORGS, after={}))


@given(st.text(min_size=1, max_size=20))
def test_an_identifier_is_one_segment_of_a_path(identifier: str) -> None:
    assert "/" not in segment(identifier)
    assert "?" not in segment(identifier)
    assert unquote(segment(identifier)) == identifier


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        (None, []),
        ("05", ["5"]),
        ("KG,01,12", ["K", "1", "12"]),
        ("PK,Other", ["PK", "Other"]),
    ],
)
def test_grades_are_in_the_platform_s_codes(
    grades: str | None, expected: list[str]
) -> None:
    assert platform_grades(grades) == expected


PUT = Request("platform", "PUT", "/rostering/1.0/students", {}, operations=("o",))
POST = Request("api", "POST", LIST, {}, operations=("o",))
ENROLL = Request(
    "api", "POST", f"/edubridge/enrollments/enroll/{PLACE}", operations=("o",)
)
PUT_LINK = Request(
    "platform", "PUT", "/rostering/1.0/students/s%2F1/agents/p%40x", operations=("o",)
)
DELETE_LINK = Request("platform", "DELETE", PUT_LINK.path, operations=("o",))
FAILED = {"imsx_codeMajor": "failure", "imsx_description": "no such org"}


@pytest.mark.parametrize(
    ("request_", "status", "body", "state", "remote_id"),
    [
        (PUT, 200, {"student": {"sourcedId": "x"}}, State.DONE, "x"),
        (PUT, 201, {"user": {"sourcedId": "x"}}, State.DONE, "x"),
        (PUT, 200, {"student": {"sourcedId": 5}}, State.DONE, None),
        (PUT, 200, {"student": None}, State.DONE, None),
        (PUT, 204, None, State.DONE, None),
        (PUT, 200, b"<html>fine</html>", State.DONE, None),
        (PUT, 200, [], State.DONE, None),
        (PUT, 200, FAILED, State.FAILED, None),
        (
            POST,
            201,
            {"sourcedIdPairs": {"allocatedSourcedId": "y"}},
            State.DONE,
            "y",
        ),
        (POST, 201, {"sourcedIdPairs": {}}, State.DONE, None),
        (POST, 201, FAILED, State.FAILED, None),
        (ENROLL, 201, {"data": {"id": "z", "role": "student"}}, State.DONE, "z"),
        (ENROLL, 201, {"data": {"id": 7}}, State.DONE, None),
        (ENROLL, 201, {"data": []}, State.DONE, None),
        (PUT_LINK, 201, {"user": {"sourcedId": "p"}}, State.DONE, "p@x"),
        (PUT_LINK, 200, None, State.DONE, "p@x"),
        (DELETE_LINK, 204, None, State.DONE, None),
    ],
)
def test_any_2xx_is_done_unless_its_body_says_otherwise(  # noqa: PLR0913, PLR0917 - a table's columns
    timeback: Make,
    request_: Request,
    status: int,
    body: Any,
    state: State,
    remote_id: str | None,
) -> None:
    raw = body if isinstance(body, bytes) else b"" if body is None else None
    answer = Answer(status, {}, json.dumps(body).encode() if raw is None else raw)
    (found,) = timeback().interpret(request_, answer)
    assert (found.operation, found.state, found.remote_id) == ("o", state, remote_id)
    if state is State.FAILED:
        assert found.failure is not None
        assert found.failure.kind is FailureKind.REJECT
        assert found.failure.message == "no such org"


def failure(status: int | None, *, doubt: bool = False) -> Failure:
    return Failure(FailureKind.REJECT, status, "x", "why", in_doubt=doubt)


@pytest.mark.parametrize(
    ("request_", "answer", "state"),
    [
        (DELETE_LINK, failure(404), State.DONE),
        (PUT_LINK, failure(404), State.FAILED),
        (DELETE_LINK, failure(403), State.FAILED),
        (POST, failure(409), State.FAILED),
        (POST, failure(None, doubt=True), State.SENT),
        (ENROLL, failure(500, doubt=True), State.SENT),
    ],
)
def test_failures_are_failed_or_in_doubt(
    timeback: Make, request_: Request, answer: Failure, state: State
) -> None:
    (found,) = timeback().interpret(request_, answer)
    assert (found.state, found.status) == (state, answer.status)


NO_API: dict[str, Any] = {"api": None}


@pytest.mark.parametrize(
    ("keys", "one", "expected"),
    [
        (
            {},
            operation(STUDENTS, key="s/1"),
            [("api", "/ims/oneroster/rostering/v1p2/users/s%2F1")],
        ),
        (
            {},
            operation(USERS, remote_id="r@1"),
            [("api", "/ims/oneroster/rostering/v1p2/users/r%401")],
        ),
        (NO_API, operation(USERS), [("platform", "/rostering/1.0/users/k")]),
        (
            {"people_from": "platform"},
            operation(STUDENTS),
            [("platform", "/rostering/1.0/users/k")],
        ),
        (
            {},
            operation(AGENTS, after=LINK),
            [("platform", "/rostering/1.0/users/s%2F1/agents")],
        ),
    ],
)
def test_one_record_is_looked_up_where_it_shows(
    timeback: Make,
    keys: dict[str, Any],
    one: Operation,
    expected: list[tuple[str, str]],
) -> None:
    found = timeback(**keys).lookup(one)
    assert [(each.service, each.path) for each in found] == expected
    assert all(not each.paged and each.absent == (404,) for each in found)


@pytest.mark.parametrize(
    ("user", "query"),
    [("s1", ("filter", "user.sourcedId='s1'")), ("o'hara", None)],
)
def test_enrollments_are_looked_up_by_their_user(
    timeback: Make, user: str, query: tuple[str, str] | None
) -> None:
    one = operation(ENROLLMENTS, after=ENROLLMENT | {"userSourcedId": user})
    enrollments, classes = timeback().lookup(one)
    assert (enrollments.label, classes.label) == ("enrollments", "classes")
    filters = [pair for pair in enrollments.query if pair[0] == "filter"]
    assert filters == ([query] if query else [])


@pytest.mark.parametrize(
    ("keys", "wants", "expected"),
    [
        (
            {},
            SYNCED,
            {
                "users": "api",
                "orgs": "api",
                "enrollments": "api",
                "classes": "api",
                "courses": "api",
            },
        ),
        (
            {"people_from": "platform"},
            SYNCED,
            {
                "users": "platform",
                "orgs": "api",
                "enrollments": "api",
                "classes": "api",
                "courses": "api",
            },
        ),
        (NO_API, SYNCED, {"users": "platform", "orgs": "platform"}),
        ({}, (STUDENTS,), {"users": "api", "orgs": "api"}),
        (
            {},
            (ENROLLMENTS,),
            {
                "users": "api",
                "enrollments": "api",
                "classes": "api",
                "courses": "api",
            },
        ),
        (NO_API, (ENROLLMENTS,), {}),
    ],
)
def test_what_is_read_first(
    timeback: Make,
    keys: dict[str, Any],
    wants: tuple[Entity, ...],
    expected: dict[str, str],
) -> None:
    found = timeback(**keys).listings(Wants(wants), {})
    assert {each.label: each.service for each in found} == expected
    for each in found:
        limit, order = (3000, "asc") if each.service == "api" else (100, "ASC")
        assert each.limit == limit
        assert each.query == (("sort", "sourcedId"), ("orderBy", order))


@pytest.mark.parametrize("people_from", ["api", "platform"])
def test_the_list_of_people_alone_leads_to_their_guardians(
    timeback: Make, people_from: str
) -> None:
    target, wants = timeback(people_from=people_from), Wants(SYNCED)
    lists = target.listings(wants, {})
    assert [one.label for one in lists if one.leads] == ["users"]
    student = {"roleType": "primary", "role": "student", "org": {"sourcedId": "o1"}}
    alone = {"users": READERS["users"]([{"sourcedId": "s1", "roles": [student]}])}
    others = {one.label: pl.DataFrame() for one in lists[1:]}
    found = target.listings(wants, alone)
    assert [one.subject for one in found] == ["s1"]
    assert target.listings(wants, {**alone, **others}) == found


@pytest.mark.parametrize("slash", [True, False])
def test_the_slash_behind_a_collection_is_a_setting(
    timeback: Make, slash: bool
) -> None:
    target = timeback(api={"trailing_slash": slash})
    found = target.listings(Wants(SYNCED), {})
    assert all(each.path.endswith("/") is slash for each in found)


USERS_LIST = Listing("users", "api", "/users")
ONE_USER = Listing("users", "api", "/users/s1", paged=False)
GUARDIANS = Listing("agents", "platform", "/a", paged=False, subject="s1")
TWO = [
    {"sourcedId": "s1", "status": "active"},
    {"sourcedId": "s2", "status": "active"},
]


def answer(body: Any, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(200, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


@pytest.mark.parametrize(
    ("body", "headers", "page"),
    [
        ({"users": TWO, "totalCount": 7, "limit": 2}, {}, (2, 7, 2)),
        ({"users": TWO, "total": 7}, {}, (2, 7, None)),
        ({"users": TWO, "pagination": {"total": 7}}, {}, (2, 7, None)),
        ({"users": TWO, "totalCount": 7}, {"x_total_count": "9"}, (2, 9, None)),
        ({"users": TWO, "totalCount": 7}, {"x_total_count": "many"}, (2, 7, None)),
        ({"users": TWO, "totalCount": "7", "limit": "2"}, {}, (2, None, None)),
        ({"users": TWO, "pagination": [], "limit": 0}, {}, (2, None, None)),
        ({"users": [], "totalCount": 0}, {}, (0, 0, None)),
        ({"users": None}, {}, (0, None, None)),
    ],
)
def test_a_page_says_its_total_in_header_or_body(
    timeback: Make,
    body: Any,
    headers: dict[str, str],
    page: tuple[int, int | None, int | None],
) -> None:
    frame, found = timeback().read(USERS_LIST, answer(body, **headers))
    assert (found.received, found.total, found.limit) == page
    assert frame["_id"].to_list() == ["s1", "s2"][: page[0]]


@pytest.mark.parametrize(
    ("listing", "body"),
    [
        (USERS_LIST, {}),
        (USERS_LIST, {"totalCount": 0}),
        (USERS_LIST, {"students": []}),
        (USERS_LIST, []),
        (USERS_LIST, None),
        (USERS_LIST, {"users": {}}),
        (USERS_LIST, {"users": "none"}),
        (USERS_LIST, b""),
        (USERS_LIST, b"<html>"),
        (GUARDIANS, {}),
        (GUARDIANS, {"users": []}),
        (GUARDIANS, []),
    ],
)
def test_a_body_without_its_envelope_is_an_error_and_no_empty_list(
    timeback: Make, listing: Listing, body: Any
) -> None:
    with pytest.raises(UnreadableError):
        timeback().read(listing, answer(body))


@pytest.mark.parametrize("body", [{"user": TWO[0]}, TWO[0]])
def test_a_single_record_is_read_with_or_without_its_wrapper(
    timeback: Make, body: Any
) -> None:
    frame, page = timeback().read(ONE_USER, answer(body))
    assert (frame["_id"].to_list(), page.received) == (["s1"], 1)
    assert not frame["_frozen"].item()


def test_the_guardians_of_a_student_are_read_under_his_name(timeback: Make) -> None:
    told = {"agents": [{"user": {"sourcedId": "u1"}, "relationshipType": "aunt"}]}
    frame, page = timeback().read(GUARDIANS, answer(told))
    assert frame["studentSourcedId"].to_list() == ["s1"]
    assert page.received == 1


@pytest.mark.parametrize(
    ("field", "ours", "theirs", "same"),
    [
        ("status", "inactive", "tobedeleted", True),
        ("status", "active", "tobedeleted", False),
        ("roles", ["counselor"], ["administrator"], True),
        ("roles", ["siteAdministrator"], ["administrator"], True),
        ("roles", ["teacher"], ["administrator"], False),
        ("roles", ["counselor", "principal"], ["administrator"], True),
        ("roles", ["teacher", "aide"], ["aide", "teacher"], True),
    ],
)
def test_what_the_api_cannot_say_is_not_compared(
    timeback: Make, field: str, ours: Any, theirs: Any, same: bool
) -> None:
    def said(value: Any) -> str:
        if isinstance(value, str):
            return value
        return "\x1e".join(f"primary\x1f{role}\x1fo1" for role in sorted(value))

    compare = timeback().capabilities.comparisons[USERS][field]
    frame = pl.DataFrame({"a": [said(ours)], "b": [said(theirs)]})
    found = frame.select(compare(pl.col("a")).eq_missing(compare(pl.col("b"))))
    assert found.item() is same


@pytest.mark.parametrize("keys", [{}, NO_API])
@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        (None, ["student"], True),
        (["student"], None, True),
        (["student", "teacher"], ["student"], False),
        (["student", "teacher"], ["teacher"], True),
    ],
)
def test_the_role_of_student_is_the_platform_s_to_give(
    timeback: Make,
    keys: dict[str, Any],
    ours: list[str] | None,
    theirs: list[str] | None,
    same: bool,
) -> None:
    def said(names: list[str] | None) -> str | None:
        if names is None:
            return None
        return "\x1e".join(f"primary\x1f{role}\x1fo1" for role in names)

    compare = timeback(**keys).capabilities.comparisons[STUDENTS]["roles"]
    schema = {"a": pl.String, "b": pl.String}
    frame = pl.DataFrame({"a": [said(ours)], "b": [said(theirs)]}, schema=schema)
    found = frame.select(compare(pl.col("a")).eq_missing(compare(pl.col("b"))))
    assert found.item() is same


def enrollments(*places: str, ends: bool = False) -> pl.DataFrame:
    rows = [
        {
            "id": f"enrollments:{number}",
            "entity": "enrollments",
            "ends": ends,
            "after": json.dumps(
                {"courseSourcedId": place[:2], "schoolSourcedId": place[2:]}
            ),
        }
        for number, place in enumerate(places)
    ]
    return pl.DataFrame(rows, schema=OPERATION_SCHEMA)


@pytest.mark.parametrize(
    ("keys", "frame", "expected"),
    [
        ({}, enrollments("k1o1", "k1o1", "k1o2", "k2o1"), [0, 1, 0, 0]),
        ({}, enrollments("k1o1", "k1o1", ends=True), [0, 0]),
        ({"enrollments": "oneroster"}, enrollments("k1o1", "k1o1"), [0, 0]),
    ],
)
def test_the_first_enrollment_of_a_course_and_school_goes_ahead(
    timeback: Make, keys: dict[str, Any], frame: pl.DataFrame, expected: list[int]
) -> None:
    assert timeback(**keys).waves(frame).to_list() == expected


ACTIVE = {"was_active": True, "ends": False, "decision": "unchanged", "fate": None}
GOING = ACTIVE | {"decision": None, "fate": "remove"}
ENDING = ACTIVE | {"ends": True, "decision": "remove"}
COMING = ACTIVE | {"was_active": False, "decision": "create"}
HISTORY = ACTIVE | {"was_active": False, "decision": None, "fate": "kept"}


@pytest.mark.parametrize(
    ("rows", "stuck"),
    [
        ([("s/k/o/student", GOING)], [False]),
        ([("s/k/o/student", GOING), ("s/k/o/teacher", GOING)], [False, False]),
        ([("s/k/o/student", GOING), ("s/k/o/teacher", ACTIVE)], [True, False]),
        ([("s/k/o/student", ENDING), ("s/k/o/teacher", COMING)], [True, False]),
        ([("s/k/o/student", ENDING), ("s/k/o/teacher", HISTORY)], [False, False]),
        ([("s/k/o/student", GOING), ("s/k/p/teacher", ACTIVE)], [False, False]),
    ],
)
def test_edubridge_ends_no_role_while_another_of_the_same_place_stays(
    timeback: Make, rows: list[tuple[str, dict[str, Any]]], stuck: list[bool]
) -> None:
    schema = {
        "_key": pl.String,
        "was_active": pl.Boolean,
        "ends": pl.Boolean,
        "decision": pl.String,
        "fate": pl.String,
    }
    joined = pl.DataFrame([{"_key": k} | row for k, row in rows], schema=schema)
    found, why = timeback().cannot_end(ENROLLMENTS, joined)
    assert found.to_list() == stuck
    assert "every role" in why
    for target, entity in (
        (timeback(enrollments="oneroster"), ENROLLMENTS),
        (timeback(), AGENTS),
    ):
        assert not target.cannot_end(entity, joined)[0].any()


@pytest.mark.parametrize(
    ("entity", "policy"),
    [
        (STUDENTS, "delete"),
        (AGENTS, "inactive"),
        (ENROLLMENTS, "archive"),
    ],
)
def test_a_removal_that_timeback_does_not_know_is_a_mistake(
    timeback: Make, entity: Entity, policy: str
) -> None:
    with pytest.raises(ConfigError, match=f"removal.{entity.value}"):
        timeback({entity: policy})
