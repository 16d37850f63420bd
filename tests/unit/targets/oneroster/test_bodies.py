from __future__ import annotations

from typing import Any

import pytest

from sync.model.entities import Entity
from sync.targets.oneroster import bodies

F, R = "\x1f", "\x1e"
STUDENT = f"primary{F}student{F}o1"
BOTH = f"{STUDENT}{R}secondary{F}student{F}o2"
AFTER: dict[str, Any] = {
    "status": "active",
    "username": "ada",
    "enabledUser": "true",
    "givenName": "Ada",
    "familyName": "Byron",
    "middleName": None,
    "email": None,
    "phone": "555",
    "identifier": None,
    "grades": "KG,05",
    "primaryOrgSourcedId": "o1",
    "roles": STUDENT,
}


def org(identifier: str) -> dict[str, str]:
    return {"sourcedId": identifier, "type": "org"}


def user(**facts: Any) -> dict[str, Any]:
    rest = facts.pop("rest", {})
    changed = facts.pop("changed", ())
    old = facts.pop("old", False)
    return bodies.user("s1", AFTER | facts, rest, changed, old=old)


def test_a_new_user_says_what_is_known_and_nothing_else() -> None:
    assert user() == {
        "sourcedId": "s1",
        "status": "active",
        "username": "ada",
        "enabledUser": "true",
        "givenName": "Ada",
        "familyName": "Byron",
        "phone": "555",
        "grades": ["KG", "05"],
        "primaryOrg": org("o1"),
        "roles": [{"roleType": "primary", "role": "student", "org": org("o1")}],
    }


def test_a_user_of_1_1_has_one_role_and_his_orgs_the_primary_one_first() -> None:
    found = user(old=True, roles=BOTH, primaryOrgSourcedId="o2")
    assert found["role"] == "student"
    assert found["orgs"] == [org("o2"), org("o1")]
    assert not {"roles", "primaryOrg"} & set(found)


def test_what_does_not_change_stays_in_the_servers_own_form() -> None:
    rest = {"grades": ["K", "5"], "sms": "1", "metadata": {"a": 1}}
    assert user(rest=rest)["grades"] == ["K", "5"]
    assert user(rest=rest, changed=["grades"])["grades"] == ["KG", "05"]
    assert user(rest=rest)["sms"] == "1"
    assert user(rest=rest)["metadata"] == {"a": 1}


def test_what_is_cleared_is_said_to_be() -> None:
    assert user(changed=["email"])["email"] is None
    assert "email" not in user(changed=["phone"])
    assert user(changed=["grades"], grades=None)["grades"] == []
    assert user(enabledUser=None, changed=["enabledUser"])["enabledUser"] == "true"


def test_roles_that_say_more_keep_what_they_say() -> None:
    dated = {"role": "student", "org": org("o1"), "beginDate": "2026-08-01"}
    found = user(rest={"roles": [dated]}, roles=BOTH)["roles"]
    assert found == [
        dated,
        {"roleType": "secondary", "role": "student", "org": org("o2")},
    ]


def test_a_role_without_an_org_is_one_at_the_primary_org() -> None:
    parent = f"primary{F}parent{F}"
    assert user(roles=parent)["roles"][0]["org"] == org("o1")
    assert "org" not in user(roles=parent, primaryOrgSourcedId=None)["roles"][0]


def test_metadata_is_laid_over_what_the_server_has() -> None:
    rest = {"metadata": {"a": "1", "b": "2"}}
    more = {"metadata.b": "3", "metadata.c": None, "metadata.a": None}
    assert user(rest=rest, **more)["metadata"] == {"a": None, "b": "3"}


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ({}, {"agents": [{"sourcedId": one, "type": "user"} for one in "ab"]}),
        (
            {"agents": [{"sourcedId": "b", "more": 1}, {"sourcedId": "c"}]},
            {
                "agents": [
                    {"sourcedId": "a", "type": "user"},
                    {"sourcedId": "b", "more": 1},
                ]
            },
        ),
        ({"agentSourcedIds": ["c", "b"]}, {"agentSourcedIds": ["a", "b"]}),
        ({"agentSourceIds": "b,c"}, {"agentSourceIds": "a,b"}),
    ],
)
def test_guardians_are_written_where_and_as_they_stand(
    rest: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert bodies.with_agents({}, rest, {"b", "a"}) == expected


def test_the_guardians_of_a_record_are_known_in_each_form() -> None:
    forms: list[dict[str, Any]] = [
        {"agents": [{"sourcedId": "a"}, {"sourcedId": "b"}]},
        {"agentSourcedIds": ["a", "b"]},
        {"agentSourceIds": "a, b"},
    ]
    assert [bodies.agents_of(one) for one in forms] == [{"a", "b"}] * 3
    assert bodies.agents_of({}) == set()


def record(entity: Entity, rest: dict[str, Any] | None, **after: Any) -> Any:
    return bodies.record(entity, "x", after, rest, ())


@pytest.mark.parametrize(
    ("entity", "after", "expected"),
    [
        (
            Entity.ORGS,
            {"name": "A", "type": "school", "parentSourcedId": "d"},
            {"org": {"name": "A", "type": "school", "parent": org("d")}},
        ),
        (
            Entity.ACADEMIC_SESSIONS,
            {
                "title": "T",
                "type": "term",
                "startDate": "2026-08-01",
                "endDate": "2026-12-01",
                "schoolYear": "2027",
                "parentSourcedId": "y",
            },
            {
                "academicSession": {
                    "title": "T",
                    "type": "term",
                    "startDate": "2026-08-01",
                    "endDate": "2026-12-01",
                    "schoolYear": "2027",
                    "parent": {"sourcedId": "y", "type": "academicSession"},
                }
            },
        ),
        (
            Entity.COURSES,
            {"title": "C", "orgSourcedId": "d", "subjects": "Math, Art"},
            {"course": {"title": "C", "org": org("d"), "subjects": ["Math", "Art"]}},
        ),
        (
            Entity.CLASSES,
            {
                "title": "C",
                "courseSourcedId": "k",
                "schoolSourcedId": "o",
                "termSourcedIds": "t1,t2",
            },
            {
                "class": {
                    "title": "C",
                    "classType": "scheduled",
                    "course": {"sourcedId": "k", "type": "course"},
                    "school": org("o"),
                    "terms": [
                        {"sourcedId": one, "type": "academicSession"}
                        for one in ("t1", "t2")
                    ],
                }
            },
        ),
        (
            Entity.ENROLLMENTS,
            {
                "role": "student",
                "userSourcedId": "s",
                "classSourcedId": "c",
                "schoolSourcedId": "o",
                "beginDate": "2026-08-01",
            },
            {
                "enrollment": {
                    "role": "student",
                    "beginDate": "2026-08-01",
                    "user": {"sourcedId": "s", "type": "user"},
                    "class": {"sourcedId": "c", "type": "class"},
                    "school": org("o"),
                }
            },
        ),
    ],
)
def test_a_new_record_stands_in_its_wrapper(
    entity: Entity, after: dict[str, Any], expected: dict[str, Any]
) -> None:
    own = {"sourcedId": "x", "status": "active"}
    (wrapper,) = expected
    assert record(entity, None, **after) == {wrapper: own | expected[wrapper]}


def test_an_old_record_repeats_what_it_holds_and_invents_nothing() -> None:
    rest = {"resources": [{"sourcedId": "r"}], "course": {"sourcedId": "k", "more": 1}}
    found = record(Entity.CLASSES, rest, title="C", courseSourcedId="k")["class"]
    assert found["resources"] == [{"sourcedId": "r"}]
    assert found["course"] == {"sourcedId": "k", "more": 1}
    assert "classType" not in found


def test_a_number_stays_a_number() -> None:
    rest = {"schoolYear": 2026}
    changed = bodies.record(
        Entity.ACADEMIC_SESSIONS, "y", {"schoolYear": "2027"}, rest, ["schoolYear"]
    )
    assert changed["academicSession"]["schoolYear"] == 2027
