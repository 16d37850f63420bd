from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.operation import Operation, Phase, Verb
from sync.model.request import Request
from sync.targets.schoology import SchoologyTarget
from sync.targets.schoology.answers import parse_text
from tests.unit.targets.schoology.district import operation, target


def requests(of: SchoologyTarget, *operations: Operation) -> list[Request]:
    return list(of.compose(operations, {}))


def one(of: SchoologyTarget, made: Operation) -> Request:
    (request,) = requests(of, made)
    return request


def line(request: Request) -> tuple[str, str]:
    query = "&".join(f"{name}={text}" for name, text in request.query)
    return request.method, f"{request.path}?{query}" if query else request.path


def item(request: Request) -> dict[str, Any]:
    """The one item of a request, in JSON or XML."""
    body = parse_text(request.body) if isinstance(request.body, str) else request.body
    assert isinstance(body, dict)
    assert list(body) == ["enrollments"]
    assert list(body["enrollments"]) == ["enrollment"]
    found = body["enrollments"]["enrollment"]
    (only,) = found if isinstance(found, list) else [found]
    assert isinstance(only, dict)
    return only


NEW = operation("55/S-17", after={"uid": "7001"})
TEACHER = operation("55/T-1", after={"uid": "7003", "role": "teacher"})
BY_CODES: dict[str, Any] = {"route": "codes", "grading_periods": ["13", "14", "15"]}


@pytest.mark.parametrize(
    ("keys", "there", "said"),
    [
        (
            {},
            ("POST", "/enrollments/import/course"),
            {"section_school_code": "code-55", "school_uid": "T-1", "admin": "1"},
        ),
        (
            BY_CODES,
            ("POST", "/enrollments/import/course/13,14"),
            {
                "course_code": "MATH7",
                "section_code": "55",
                "school_uid": "T-1",
                "admin": "1",
            },
        ),
        (
            {"route": "multi-realm"},
            ("POST", "/enrollments?update_existing=1"),
            {
                "realm": "section",
                "section_id": 55,
                "uid": 7003,
                "admin": 1,
                "status": 1,
            },
        ),
        (
            {"route": "realm"},
            ("POST", "/sections/55/enrollments"),
            {"uid": "7003", "admin": "1", "status": "1"},
        ),
        (
            {"realm": "group"},
            ("POST", "/enrollments?update_existing=1"),
            {"realm": "group", "group_id": 55, "uid": 7003, "admin": 1, "status": 1},
        ),
        (
            {"realm": "group", "route": "realm"},
            ("POST", "/groups/55/enrollments"),
            {"uid": "7003", "admin": "1", "status": "1"},
        ),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_each_route_makes_an_enrollment_as_its_sample_does(
    keys: dict[str, Any], there: tuple[str, str], said: dict[str, Any], form: str
) -> None:
    request = one(target(format=form, **keys), TEACHER)
    assert line(request) == there
    texts = {name: str(value) for name, value in said.items()}
    assert item(request) == (said if form == "json" else texts)


def test_xml_is_said_in_the_headers_of_every_request() -> None:
    of = target("delete", format="xml")
    both = (("Accept", "text/xml"), ("Content-Type", "text/xml"))
    assert one(of, NEW).headers == both
    assert one(of, operation("55/S-1", Verb.REMOVE)).headers == both[:1]
    assert one(target(), NEW).headers == ()


def test_xml_escapes_what_would_be_markup() -> None:
    made = operation("55/x", after={"userSourcedId": "<S&17>"})
    assert item(one(target(format="xml"), made))["school_uid"] == "<S&17>"


@pytest.mark.parametrize("route", ["section-code", "codes", "multi-realm"])
def test_what_may_be_said_twice_is_repeatable(route: str) -> None:
    keys = BY_CODES if route == "codes" else {"route": route}
    assert one(target(**keys), NEW).repeatable


def test_a_creation_in_one_realm_is_never_repeated_unread() -> None:
    assert not one(target(route="realm"), NEW).repeatable


BACK = operation("55/S-17", Verb.REACTIVATE, fields=("status",))
BACK_AS_TEACHER = operation(
    "55/T-1", Verb.REACTIVATE, fields=("status", "role"), after={"role": "teacher"}
)
PROMOTED = operation("55/T-1", Verb.UPDATE, fields=("role",), after={"role": "teacher"})
GONE = operation("55/S-17", Verb.REMOVE, phase=Phase.ENDED_ENROLLMENTS)


@pytest.mark.parametrize(
    ("made", "keys", "said"),
    [
        (BACK, {}, {"id": "9055", "status": "1"}),
        (BACK, {"route": "multi-realm"}, {"id": "9055", "status": "1"}),
        (BACK_AS_TEACHER, {}, {"id": "9055", "status": "1", "admin": "1"}),
        (PROMOTED, {"route": "realm"}, {"id": "9055", "admin": "1"}),
        (GONE, {}, {"id": "9055", "status": "5"}),
        (GONE, {"route": "realm"}, {"id": "9055", "status": "5"}),
    ],
)
def test_what_is_there_is_changed_by_its_id_in_its_realm(
    made: Operation, keys: dict[str, Any], said: dict[str, str]
) -> None:
    request = one(target(**keys), made)
    assert line(request) == ("PUT", "/sections/55/enrollments")
    assert item(request) == said
    assert request.repeatable
    in_xml = one(target(format="xml", **keys), made)
    assert item(in_xml) == {"uid": "755"} | said


def test_groups_have_no_archive() -> None:
    request = one(target(realm="group"), GONE)
    assert line(request) == ("PUT", "/groups/55/enrollments")
    assert item(request)["status"] == "2"


@pytest.mark.parametrize("realm", ["section", "group"])
def test_deletions_go_by_ids_over_all_realms(realm: str) -> None:
    gone = [operation(f"{at}/S-1", Verb.REMOVE) for at in ("55", "56")]
    (request,) = requests(target("delete", realm=realm), *gone)
    assert line(request) == ("DELETE", "/enrollments?enrollment_ids=9055,9056")
    assert request.body is None


@pytest.mark.parametrize("keys", [{}, BY_CODES, {"route": "multi-realm"}])
def test_a_change_of_role_goes_the_way_of_creations(keys: dict[str, Any]) -> None:
    assert line(one(target(**keys), PROMOTED)) == line(one(target(**keys), TEACHER))


@pytest.mark.parametrize("keys", [{}, BY_CODES])
def test_without_codes_an_enrollment_goes_by_ids(keys: dict[str, Any]) -> None:
    bare = {"sectionSchoolCode": None, "courseCode": None, "uid": "7001"}
    new = one(target(**keys), operation("55/S-17", after=bare))
    assert line(new) == ("POST", "/enrollments?update_existing=1")
    changed = operation("55/T-1", Verb.UPDATE, fields=("role",), after=bare)
    assert line(one(target(**keys), changed)) == ("PUT", "/sections/55/enrollments")


def test_codes_are_sent_with_the_periods_of_their_section_alone() -> None:
    fall = operation("55/a", after={"gradingPeriods": "13"})
    both = operation("56/b", after={"gradingPeriods": "14,13,99"})
    unsaid = operation("57/c", after={"gradingPeriods": None})
    found = {
        one.operations: one.path
        for one in requests(target(**BY_CODES), fall, both, unsaid)
    }
    root = "/enrollments/import/course"
    assert found == {
        (fall.id,): f"{root}/13",
        (both.id,): f"{root}/13,14",
        (unsaid.id,): f"{root}/13,14,15",
    }


KEY = st.builds("{}/S-{}".format, st.integers(50, 52), st.integers(0, 90))
VERBS = st.sampled_from(list(Verb))


@settings(deadline=None, max_examples=20)
@given(
    st.dictionaries(KEY, VERBS, max_size=200),
    st.sampled_from(["section-code", "codes", "multi-realm", "realm"]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_batches_hold_each_operation_once_and_never_more_than_fifty(
    wanted: dict[str, Verb], route: str, deletes: bool, chance: Any
) -> None:
    keys = BY_CODES if route == "codes" else {"route": route}
    of = target("delete" if deletes else "inactive", **keys)
    made = [
        operation(key, verb, fields=("status",) if verb is Verb.REACTIVATE else ())
        for key, verb in wanted.items()
    ]
    composed = requests(of, *made)
    carried = [one for request in composed for one in request.operations]
    assert sorted(carried) == sorted(one.id for one in made)
    assert all(1 <= len(one.operations) <= 50 for one in composed)
    assert all(list(one.operations) == sorted(one.operations) for one in composed)
    chance.shuffle(made)
    assert requests(of, *made) == composed
    assert json.dumps([one.body for one in composed])


@pytest.mark.parametrize(
    ("policy", "state", "status"),
    [
        ("inactive", "2", "2"),
        ("delete", "2", "2"),
        ("delete", "5", "5"),
        ("delete", "1", "5"),
    ],
)
def test_what_goes_back_to_having_been_over_gets_the_status_that_it_had(
    policy: str, state: str, status: str
) -> None:
    back = operation("55/S-17", Verb.UPDATE, after={"state": state}, ends=True)
    request = one(target(policy), back)
    assert line(request) == ("PUT", "/sections/55/enrollments")
    assert item(request)["status"] == status
