from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.targets.common import records

PERSON: dict[str, Any] = {"sourcedId": "s1", "status": "active"}


def person(**facts: Any) -> dict[str, Any]:
    return records.people([PERSON | facts]).row(0, named=True)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"enabledUser": True}, {"enabledUser": "true"}),
        ({"enabledUser": False}, {"enabledUser": "false"}),
        ({"enabledUser": "true"}, {"enabledUser": "true"}),
        ({"givenName": None}, {"givenName": None}),
        ({"givenName": ""}, {"givenName": None}),
        ({"givenName": {"en": "Ada"}}, {"givenName": None}),
        ({"identifier": 42}, {"identifier": "42"}),
        ({"givenName": "Zo\u00eb \U0001f600"}, {"givenName": "Zo\u00eb \U0001f600"}),
        ({"grades": ["5", 6, None]}, {"grades": "5,6"}),
        ({"grades": []}, {"grades": None}),
        ({"grades": "05"}, {"grades": "05"}),
        ({"primaryOrg": {"sourcedId": "o1"}}, {"primaryOrgSourcedId": "o1"}),
        ({"primaryOrg": "o1"}, {"primaryOrgSourcedId": None}),
        ({"primaryOrg": None}, {"primaryOrgSourcedId": None}),
        ({"demographics": {"birthDate": "2015-02-03"}}, {"birthDate": "2015-02-03"}),
        ({"demographics": []}, {"birthDate": None}),
        ({"agents": None}, {"_agents": None}),
        ({}, {"_agents": None}),
        ({"agents": []}, {"_agents": ""}),
        ({"agents": [{"sourcedId": "b"}, {"sourcedId": "a"}]}, {"_agents": "a\x1fb"}),
        ({"agents": [{"sourcedId": "a"}, "a", None, {}]}, {"_agents": "a"}),
        ({"agentSourcedIds": "b,a"}, {"_agents": "a\x1fb"}),
        ({"agents": 5}, {"_agents": None}),
        ({"agents": True}, {"_agents": None}),
        ({"agents": {"sourcedId": "a"}}, {"_agents": None}),
        ({"roles": None}, {"roles": None}),
        ({"roles": "student"}, {"roles": None}),
        ({"roles": [None, 5]}, {"roles": None}),
        (
            {"roles": [{"role": "student"}]},
            {"roles": "primary\x1fstudent\x1f"},
        ),
        (
            {
                "roles": [
                    {"roleType": "secondary", "role": "aide", "org": {"sourcedId": 1}},
                    {"roleType": "primary", "role": "student", "org": None},
                ]
            },
            {"roles": "primary\x1fstudent\x1f\x1esecondary\x1faide\x1f1"},
        ),
    ],
)
def test_odd_values_are_read_tolerantly(
    facts: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = person(**facts)
    assert {name: found[name] for name in expected} == expected
    assert not found["_frozen"]


@pytest.mark.parametrize(
    "record",
    [
        {"status": "active"},
        {"sourcedId": None, "status": "active"},
        {"sourcedId": "", "status": "active"},
        {"sourcedId": {"id": 1}, "status": "active"},
        {"sourcedId": "s1"},
        {"sourcedId": "s1", "status": "ACTIVE"},
        {"sourcedId": "s1", "status": None},
        {},
        None,
        "s1",
        ["s1"],
        7,
    ],
)
def test_a_person_who_does_not_fit_is_kept_and_frozen(record: Any) -> None:
    (found,) = records.people([record]).to_dicts()
    assert found["_frozen"]
    assert found["_id"]


def test_records_without_an_identifier_are_told_apart_by_what_they_say() -> None:
    said = [{"status": "active"}, {"status": "inactive"}, {"status": "active"}]
    ids = records.people(said)["_id"].to_list()
    assert ids[0] == ids[2] != ids[1]


def test_what_a_replacing_write_must_repeat_is_carried_and_passwords_are_dropped() -> (
    None
):
    carried = {
        "sms": "+1 555 0100",
        "userMasterIdentifier": "m",
        "preferredFirstName": "Addie",
        "preferredMiddleName": "B",
        "preferredLastName": "C",
        "pronouns": "she/her",
        "demographics": {"birthDate": "2015-02-03"},
        "metadata": {"homeroom": "7", "nested": {"deep": [1]}},
    }
    dropped = {"password": "secret", "userProfiles": [{"x": 1}]}
    found = person(**carried, **dropped)
    assert json.loads(found["_rest"]) == carried
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize("empty", [{"metadata": {}}, {"sms": None}, {"metadata": []}])
def test_what_is_empty_is_not_carried(empty: dict[str, Any]) -> None:
    assert person(**empty)["_rest"] is None


@pytest.mark.parametrize(
    "facts",
    [
        {"givenName": "\ud800"},
        {"grades": ["\udfff"]},
        {"metadata": {"note": "\ud83d"}},
        {"agents": ["\ud800"]},
    ],
)
def test_half_a_character_does_not_end_the_read(facts: dict[str, Any]) -> None:
    assert person(**facts)["_id"] == "s1"


ENROLLMENT = {
    "sourcedId": "e1",
    "status": "active",
    "role": "student",
    "primary": False,
    "beginDate": "2026-08-01",
    "endDate": None,
    "user": {"sourcedId": "s1", "name": "Ada"},
    "class": {"sourcedId": "c1"},
    "school": {"sourcedId": "o1"},
    "course": {"sourcedId": "k1"},
    "metadata": {"goal": 1},
}


def test_an_enrollment_names_what_it_refers_to() -> None:
    (found,) = records.enrollments([ENROLLMENT]).to_dicts()
    assert found == {
        "_id": "e1",
        "status": "active",
        "role": "student",
        "primary": "false",
        "beginDate": "2026-08-01",
        "endDate": None,
        "userSourcedId": "s1",
        "classSourcedId": "c1",
        "schoolSourcedId": "o1",
        "courseSourcedId": "k1",
        "_rest": '{"metadata": {"goal": 1}}',
        "_frozen": False,
    }


@pytest.mark.parametrize(
    ("change", "frozen"),
    [
        ({}, False),
        ({"status": "inactive"}, False),
        ({"class": None, "course": None, "school": None}, False),
        ({"user": None}, True),
        ({"user": "s1"}, True),
        ({"role": None}, True),
        ({"status": "gone"}, True),
        ({"status": None}, True),
        ({"sourcedId": None}, True),
    ],
)
def test_an_enrollment_that_does_not_fit_is_frozen(
    change: dict[str, Any], frozen: bool
) -> None:
    (found,) = records.enrollments([ENROLLMENT | change]).to_dicts()
    assert found["_frozen"] is frozen


@pytest.mark.parametrize(
    ("read", "record", "expected"),
    [
        (
            records.classes,
            {"sourcedId": "c", "course": {"sourcedId": "k"}, "school": {}},
            {"courseSourcedId": "k", "schoolSourcedId": None},
        ),
        (
            records.courses,
            {"sourcedId": "k", "org": {"sourcedId": "o"}, "title": "Art"},
            {"orgSourcedId": "o", "title": "Art"},
        ),
        (records.orgs, {"sourcedId": "o", "name": "North"}, {"name": "North"}),
        (records.sessions, {"sourcedId": "t", "title": "T1"}, {"title": "T1"}),
    ],
)
def test_reference_records(read: Any, record: dict[str, Any], expected: Any) -> None:
    found = read([record]).row(0, named=True)
    assert {name: found[name] for name in expected} == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "sourcedId",
                    "status",
                    "agents",
                    "roles",
                    "org",
                    "user",
                    "grades",
                    "role",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=6))
@settings(max_examples=80, deadline=None)
def test_whatever_is_listed_every_record_stays(found: list[Any]) -> None:
    for read in (records.people, records.enrollments, records.classes):
        assert read(found).height == len(found)
