from __future__ import annotations

from typing import Any

import pytest

from sync.model.entities import Entity
from sync.model.ids import Ids
from sync.model.operation import Operation, Phase, Verb
from sync.model.request import Request
from tests.support.given import given
from tests.unit.targets.oneroster.conftest import Make

STUDENTS, AGENTS = Entity.STUDENTS, Entity.AGENTS
ENROLLMENTS, CLASSES = Entity.ENROLLMENTS, Entity.CLASSES
ADA = {"givenName": "Ada", "familyName": "B", "enabledUser": "true", "roles": None}
SEAT = {"role": "student", "userSourcedId": "s1", "classSourcedId": "c1"}


def operation(
    entity: Entity, key: str, verb: Verb = Verb.UPDATE, **facts: Any
) -> Operation:
    told: dict[str, Any] = {
        "fields": (),
        "before": None,
        "after": {"status": "active"},
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
    return Operation(
        id=f"{entity.value}:{key}", entity=entity, verb=verb, key=key, **told | facts
    )


def link(student: str, agent: str, *, ends: bool = False, **rest: Any) -> Operation:
    values = {"studentSourcedId": student, "agentSourcedId": agent}
    return operation(
        AGENTS,
        f"{student}/{agent}",
        Verb.REMOVE if ends else Verb.CREATE,
        after=values,
        ends=ends,
        rest={"person": ADA, "rest": {}, "agents": [], "remote_id": student} | rest,
    )


def sent(request: Request) -> tuple[str, str, bool]:
    return request.method, request.path, request.repeatable


def body(request: Request) -> Any:
    return request.body


def composed(
    target: Any, *operations: Operation, ids: Ids | None = None
) -> list[Request]:
    return list(target.compose(operations, Ids() if ids is None else ids))


@pytest.mark.parametrize(
    ("writes", "verb", "first", "second"),
    [
        ("put", Verb.CREATE, ("PUT", "/users/s%2F1", True), None),
        ("put", Verb.UPDATE, ("PUT", "/users/s%2F1", True), None),
        (
            "post-put",
            Verb.CREATE,
            ("POST", "/users", False),
            ("PUT", "/users/s%2F1", True),
        ),
        (
            "post-put",
            Verb.REACTIVATE,
            ("PUT", "/users/s%2F1", True),
            ("POST", "/users", False),
        ),
        ("post-put", Verb.REMOVE, ("PUT", "/users/s%2F1", True), None),
    ],
)
def test_each_dialect_has_its_verbs_and_its_second_form(
    oneroster: Make, writes: str, verb: Verb, first: Any, second: Any
) -> None:
    ends = verb is Verb.REMOVE
    one = operation(STUDENTS, "s/1", verb, after=ADA, ends=ends)
    [request] = composed(oneroster(writes=writes), one)
    assert sent(request) == first
    other = request.otherwise
    assert (None if other is None else sent(other)) == second
    if other is not None:
        assert other.body == request.body
        assert request.otherwise_on == ((409, 422) if first[0] == "POST" else (404,))
    assert request.operations == ("students:s/1",)


@pytest.mark.parametrize(
    ("entity", "path"),
    [
        (Entity.ORGS, "/orgs/x"),
        (Entity.ACADEMIC_SESSIONS, "/academicSessions/x"),
        (Entity.COURSES, "/courses/x"),
        (CLASSES, "/classes/x"),
        (STUDENTS, "/users/x"),
        (Entity.USERS, "/users/x"),
        (ENROLLMENTS, "/enrollments/x"),
    ],
)
def test_delete_is_for_removals_under_that_policy_alone(
    oneroster: Make, entity: Entity, path: str
) -> None:
    target = oneroster({entity: "delete"})
    gone = operation(entity, "x", Verb.REMOVE, ends=True)
    [request] = composed(target, gone)
    assert (request.method, request.path, request.body) == ("DELETE", path, None)
    disabled = operation(entity, "x", Verb.UPDATE, ends=True)
    assert [one.method for one in composed(target, disabled)] == ["PUT"]
    assert [one.method for one in composed(oneroster(), gone)] == ["PUT"]


def test_ids_that_the_server_gave_stand_in_paths_and_references(
    oneroster: Make,
) -> None:
    target = oneroster(writes="put")
    ids = given(students={"s1": "theirs"}, users={"g1": "hers"})
    person = operation(STUDENTS, "s1", after=ADA)
    seat = operation(ENROLLMENTS, "e1", after=SEAT, remote_id="e9")
    requests = composed(target, person, seat, link("s1", "g1", remote_id=None), ids=ids)
    assert [one.path for one in requests] == [
        "/users/theirs",
        "/enrollments/e9",
        "/users/theirs",
    ]
    bodies = [body(one) for one in requests]
    assert bodies[0]["user"]["sourcedId"] == "theirs"
    assert bodies[1]["enrollment"]["sourcedId"] == "e9"
    assert bodies[1]["enrollment"]["user"]["sourcedId"] == "theirs"
    assert bodies[2]["user"]["agents"] == [{"sourcedId": "hers", "type": "user"}]


PLACED = given(
    orgs={"1": "org", "2": "school"},
    academicSessions={"1": "session"},
    courses={"1": "course"},
    classes={"1": "class"},
    enrollments={"1": "seat"},
)
TEACHES = "primary\x1fteacher\x1f2"


@pytest.mark.parametrize(
    ("one", "path", "fields"),
    [
        (
            operation(Entity.ORGS, "2", after={"parentSourcedId": "1"}),
            "/orgs/school",
            {"sourcedId": "school", "parent": {"sourcedId": "org", "type": "org"}},
        ),
        (
            operation(
                CLASSES,
                "1",
                after={
                    "courseSourcedId": "1",
                    "schoolSourcedId": "2",
                    "termSourcedIds": "1,9",
                },
            ),
            "/classes/class",
            {
                "course": {"sourcedId": "course", "type": "course"},
                "school": {"sourcedId": "school", "type": "org"},
                "terms": [
                    {"sourcedId": "session", "type": "academicSession"},
                    {"sourcedId": "9", "type": "academicSession"},
                ],
            },
        ),
        (
            operation(
                Entity.USERS,
                "1",
                after=ADA | {"primaryOrgSourcedId": "1", "roles": TEACHES},
            ),
            "/users/1",
            {
                "primaryOrg": {"sourcedId": "org", "type": "org"},
                "roles": [
                    {
                        "roleType": "primary",
                        "role": "teacher",
                        "org": {"sourcedId": "school", "type": "org"},
                    }
                ],
            },
        ),
        (
            operation(
                ENROLLMENTS,
                "1",
                after=SEAT | {"classSourcedId": "1", "schoolSourcedId": "2"},
            ),
            "/enrollments/seat",
            {
                "sourcedId": "seat",
                "class": {"sourcedId": "class", "type": "class"},
                "school": {"sourcedId": "school", "type": "org"},
            },
        ),
    ],
)
def test_places_stand_in_bodies_under_the_ids_that_the_server_gave(
    oneroster: Make, one: Operation, path: str, fields: dict[str, Any]
) -> None:
    [request] = composed(oneroster(writes="put"), one, ids=PLACED)
    assert request.path == path
    [inside] = body(request).values()
    assert {name: inside[name] for name in fields} == fields


def test_a_student_who_is_written_for_his_links_keeps_his_places(
    oneroster: Make,
) -> None:
    person = ADA | {"primaryOrgSourcedId": "1", "roles": TEACHES}
    [request] = composed(oneroster(), link("s1", "g1", person=person), ids=PLACED)
    user = body(request)["user"]
    assert user["primaryOrg"]["sourcedId"] == "org"
    assert [one["org"]["sourcedId"] for one in user["roles"]] == ["school"]


def guardians(request: Request) -> list[str]:
    return [one["sourcedId"] for one in body(request)["user"]["agents"]]


HELD: dict[str, Any] = {
    "rest": {"agents": [{"sourcedId": "a"}, {"sourcedId": "b"}], "sms": "1"}
}


def test_all_links_of_a_student_are_one_put_of_him(oneroster: Make) -> None:
    requests = composed(
        oneroster(),
        link("s1", "c", **HELD),
        link("s2", "z"),
        link("s1", "d", **HELD),
    )
    assert [one.operations for one in requests] == [
        ("agents:s1/c", "agents:s1/d"),
        ("agents:s2/z",),
    ]
    assert [guardians(one) for one in requests] == [["a", "b", "c", "d"], ["z"]]
    assert [sent(one) for one in requests] == [
        ("PUT", "/users/s1", True),
        ("PUT", "/users/s2", True),
    ]
    assert body(requests[0])["user"]["sms"] == "1"
    assert body(requests[0])["user"]["givenName"] == "Ada"


def test_links_that_end_leave_the_others_and_what_came_in_an_earlier_phase(
    oneroster: Make,
) -> None:
    told = HELD | {"agents": ["b", "c"]}
    [request] = composed(oneroster(), link("s1", "a", ends=True, **told))
    assert guardians(request) == ["b", "c"]


def test_a_part_of_the_links_writes_no_others(oneroster: Make) -> None:
    told = HELD | {"agents": ["a", "b", "c", "d"]}
    [request] = composed(oneroster(), link("s1", "c", **told))
    assert guardians(request) == ["a", "b", "c"]


def test_who_ends_after_his_links_is_written_without_them(oneroster: Make) -> None:
    rest = {"agents": [{"sourcedId": "a"}], "_agents": ["n"]}
    one = operation(STUDENTS, "s1", Verb.REMOVE, after=ADA, ends=True, rest=rest)
    [request] = composed(oneroster(), one)
    assert guardians(request) == ["n"]
    assert "_agents" not in body(request)["user"]


def test_a_person_is_written_with_the_guardians_that_were_read(
    oneroster: Make,
) -> None:
    one = operation(STUDENTS, "s1", after=ADA, rest=HELD["rest"])
    assert guardians(composed(oneroster(), one)[0]) == ["a", "b"]


def test_who_is_made_anew_gets_only_the_guardians_who_are_there(
    oneroster: Make,
) -> None:
    rest = {"agents": [{"sourcedId": "a"}, {"sourcedId": "n"}]}
    student = operation(STUDENTS, "s1", Verb.CREATE, after=ADA, rest=rest)
    guardian = operation(Entity.USERS, "n", Verb.CREATE, after=ADA)
    both = composed(oneroster(), student, guardian)
    assert guardians(both[0]) == ["a"]
    assert guardians(composed(oneroster(), student)[0]) == ["a", "n"]
