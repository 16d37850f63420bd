from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.entities import Entity
from sync.targets.oneroster.records import people, reader
from sync.targets.oneroster.shapes import SHAPES

F, R = "\x1f", "\x1e"
ORG = {"href": "https://x.example/orgs/o1", "sourcedId": "o1", "type": "org"}


def user(**facts: Any) -> dict[str, Any]:
    return {"sourcedId": "u1", "status": "active", "givenName": "Ada"} | facts


def one(record: Any) -> dict[str, Any]:
    return people([record]).row(0, named=True)


def rest(record: dict[str, Any]) -> Any:
    found = one(record)["_rest"]
    return None if found is None else json.loads(found)


def role(name: str, org: Any = ORG, **more: Any) -> dict[str, Any]:
    return {"roleType": "primary", "role": name, "org": org} | more


@pytest.mark.parametrize(
    ("facts", "roles", "home"),
    [
        pytest.param(
            {"roles": [role("student")], "primaryOrg": {"sourcedId": "o2"}},
            f"primary{F}student{F}o1",
            "o2",
            id="1.2",
        ),
        pytest.param(
            {"roles": [role("teacher"), role("parent", None, roleType="secondary")]},
            f"primary{F}teacher{F}o1{R}secondary{F}parent{F}",
            "o1",
            id="1.2 without a primary org",
        ),
        pytest.param(
            {"role": "student", "orgs": [{"sourcedId": "o2"}, ORG]},
            f"primary{F}student{F}o2{R}secondary{F}student{F}o1",
            "o2",
            id="1.1, whose first org counts as the primary one",
        ),
        pytest.param(
            {"role": "parent", "orgs": ["o2", "o1"], "roles": []},
            f"primary{F}parent{F}o2{R}secondary{F}parent{F}o1",
            "o2",
            id="orgs as texts",
        ),
        pytest.param(
            {"role": "parent", "orgSourcedIds": "o2, o1"},
            f"primary{F}parent{F}o2{R}secondary{F}parent{F}o1",
            "o2",
            id="orgs as one text",
        ),
        pytest.param(
            {"roles": role("student", "o1"), "primaryOrg": {"org": ORG}},
            f"primary{F}student{F}o1",
            "o1",
            id="a single role, a nested reference",
        ),
        pytest.param({"role": "aide"}, f"primary{F}aide{F}", None, id="nowhere"),
        pytest.param({}, None, None, id="none"),
    ],
)
def test_roles_and_home_are_read_in_either_shape(
    facts: dict[str, Any], roles: str | None, home: str | None
) -> None:
    found = one(user(**facts))
    assert (found["roles"], found["primaryOrgSourcedId"]) == (roles, home)
    assert found["_frozen"] is False


@pytest.mark.parametrize(
    ("facts", "agents"),
    [
        ({}, None),
        ({"agents": None}, None),
        ({"agents": []}, ""),
        ({"agents": [{"sourcedId": "b", "href": "x"}, {"sourcedId": "a"}]}, f"a{F}b"),
        ({"agents": ["b", "a", "a"]}, f"a{F}b"),
        ({"agentSourcedIds": ["a"]}, "a"),
        ({"agentSourceIds": "b,a"}, f"a{F}b"),
    ],
)
def test_guardians_are_read_under_each_of_their_names(
    facts: dict[str, Any], agents: str | None
) -> None:
    assert one(user(**facts))["_agents"] == agents


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(user(sourcedId=None), id="no identifier"),
        pytest.param("u1", id="no object"),
        pytest.param(user(roles="student"), id="roles that are no roles"),
        pytest.param(user(roles=[role("student"), "x"]), id="one that is none"),
        pytest.param(user(agents=[{"href": "x"}]), id="a guardian who is nobody"),
        pytest.param(user(agents=["a", {}, {"href": "x"}]), id="one of them"),
    ],
)
def test_a_user_who_cannot_be_understood_is_kept_and_frozen(record: Any) -> None:
    found = one(record)
    assert found["_frozen"] is True
    assert found["_id"]


def test_what_a_put_must_repeat_is_carried_and_nothing_secret_is() -> None:
    found = rest(
        user(
            sms="555",
            grades=["5"],
            **dict.fromkeys(("password", "Password"), "hush"),
            dateLastModified="2026-01-01T00:00:00Z",
            phone=None,
            userIds=[],
            agents=[
                {"sourcedId": "b", "name": "B"},
                {"sourcedId": "a", "type": "user"},
            ],
            primaryOrg=ORG,
            roles=[role("student", userProfile=None)],
            userProfiles=[
                {
                    "profileId": "p",
                    "credentials": [{"type": "x", "username": "y", "password": "hush"}],
                }
            ],
            metadata={"a": None, "b": 1, "flag": False},
            enabledUser=True,
        )
    )
    assert found == {
        "sms": "555",
        "grades": ["5"],
        "agents": [{"sourcedId": "a", "type": "user"}, {"sourcedId": "b"}],
        "userProfiles": [
            {"profileId": "p", "credentials": [{"type": "x", "username": "y"}]}
        ],
        "metadata": {"b": 1, "flag": False},
    }


def test_roles_that_say_more_than_we_know_are_carried() -> None:
    dated = role("student", beginDate="2026-08-01")
    assert rest(user(roles=[dated]))["roles"][0]["beginDate"] == "2026-08-01"
    assert rest(user(roles=[role("student")])) is None


def test_missing_null_and_blank_are_the_same() -> None:
    blank = user(phone="", grades=[], metadata={}, agents=None, email=None)
    names = ("phone", "grades", "email", "_rest")
    assert {one(blank)[name] for name in names} == {None}
    assert people([blank]).drop("_agents").equals(people([user()]).drop("_agents"))


@pytest.mark.parametrize(
    ("entity", "record", "expected"),
    [
        (
            Entity.ORGS,
            {"name": "A", "type": "school", "parent": ORG, "children": [ORG]},
            {"name": "A", "parentSourcedId": "o1"},
        ),
        (
            Entity.ACADEMIC_SESSIONS,
            {"title": "T", "schoolYear": 2027.0, "parent": "y1"},
            {"schoolYear": "2027", "parentSourcedId": "y1"},
        ),
        (
            Entity.CLASSES,
            {
                "grades": ["05", "06"],
                "terms": [{"sourcedId": "t2"}, {"sourcedId": "t1"}],
                "course": {"sourcedId": "k1"},
                "schoolSourcedId": "o1",
                "periods": "1,2",
            },
            {
                "grades": "05,06",
                "termSourcedIds": "t2,t1",
                "courseSourcedId": "k1",
                "schoolSourcedId": "o1",
                "periods": "1,2",
            },
        ),
        (
            Entity.ENROLLMENTS,
            {"user": {"sourcedId": "s1"}, "class": "c1", "primary": False},
            {"userSourcedId": "s1", "classSourcedId": "c1", "primary": "false"},
        ),
    ],
)
def test_other_records_are_read_with_their_references(
    entity: Entity, record: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = reader(SHAPES[entity])([{"sourcedId": "x"} | record]).row(0, named=True)
    assert {name: found[name] for name in expected} == expected
    assert found["_frozen"] is False


@pytest.mark.parametrize("school", [{"href": "x"}, [{}, {"href": "x"}], {"a": {}}])
def test_a_reference_that_is_there_and_cannot_be_read_freezes_its_record(
    school: Any,
) -> None:
    found = reader(SHAPES[Entity.CLASSES])([{"sourcedId": "c1", "school": school}])
    assert found["_frozen"].to_list() == [True]


def test_numbers_and_unknown_fields_are_carried_and_plain_references_are_not() -> None:
    record = {"sourcedId": "y", "schoolYear": 2027, "parent": ORG, "mark": "x"}
    found = reader(SHAPES[Entity.ACADEMIC_SESSIONS])([record])["_rest"].to_list()
    assert json.loads(found[0]) == {"schoolYear": 2027, "mark": "x"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["sourcedId", "role", "roles", "org", "agents", "password", "href", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_server_says_becomes_one_row_without_a_password(said: Any) -> None:
    found = people([said])
    assert found.height == 1
    assert '"password":' not in (found["_rest"].item() or "")
    for entity in SHAPES:
        assert reader(SHAPES[entity])([said]).height == 1
