from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox

ORG = {"sourcedId": "o1", "type": "org"}


def student(**changes: Any) -> dict[str, Any]:
    held = {
        "sourcedId": "s2",
        "status": "active",
        "username": "john.doe",
        "enabledUser": "true",
        "givenName": "John",
        "familyName": "Doe",
        "middleName": None,
        "email": "john.doe@example.com",
        "phone": None,
        "grades": ["5"],
        "primaryOrg": ORG,
    }
    return _without_gone(held | changes)


def user(**changes: Any) -> dict[str, Any]:
    held = {
        "sourcedId": "p2",
        "status": "active",
        "enabledUser": "true",
        "givenName": "Jane",
        "familyName": "Smith",
        "email": "jane.smith@example.com",
        "grades": [],
        "primaryOrg": ORG,
        "roles": [{"roleType": "primary", "role": "parent", "org": ORG}],
    }
    return _without_gone(held | changes)


GONE = object()


def _without_gone(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not GONE}


def link(agent: str = "p1", kind: str = "mother") -> dict[str, Any]:
    return {"user": {"sourcedId": agent, "type": "user"}, "relationshipType": kind}


def test_a_student_is_created_and_updated_with_200(platform: httpx.Client) -> None:
    first = platform.put("/students", json={"student": student()})
    again = platform.put("/students", json={"student": student(givenName="Jo")})
    assert (first.status_code, again.status_code) == (200, 200)
    shown = platform.get("/students/s2").json()["student"]
    assert (shown["givenName"], shown["enabledUser"]) == ("Jo", "true")
    assert [role["role"] for role in shown["roles"]] == ["student"]
    assert shown == again.json()["student"]


def test_a_user_is_created_and_updated_with_201(platform: httpx.Client) -> None:
    for _ in range(2):
        answer = platform.put("/users/p2", json={"user": user()})
        assert answer.status_code == 201
    assert platform.get("/users/p2").json()["user"]["roles"][0]["role"] == "parent"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"enabledUser": True}, 400),
        ({"enabledUser": "yes"}, 400),
        ({"enabledUser": "True"}, 400),
        *(({name: GONE}, 400) for name in ("sourcedId", "status", "username")),
        *(({name: GONE}, 400) for name in ("enabledUser", "givenName", "familyName")),
        *(({name: GONE}, 400) for name in ("grades", "primaryOrg")),
        ({"givenName": None}, 400),
        ({"familyName": ""}, 400),
        ({"status": "deleted"}, 400),
        ({"status": "Active"}, 400),
        ({"roles": []}, 400),
        ({"agents": []}, 400),
        ({"shoeSize": "42"}, 400),
        ({"grades": "5"}, 400),
        ({"grades": [5]}, 400),
        ({"grades": ["05"]}, 400),
        ({"grades": ["KG"]}, 400),
        ({"email": 7}, 400),
        ({"primaryOrg": "o1"}, 400),
        ({"primaryOrg": {"sourcedId": "o1"}}, 400),
        ({"primaryOrg": {"sourcedId": "o1", "type": "school"}}, 400),
        ({"primaryOrg": {"sourcedId": "nowhere", "type": "org"}}, 404),
        ({"demographics": {"birthDate": "12/31/2015"}}, 400),
        ({"demographics": {"birthDate": "2015-02-30"}}, 400),
        ({"metadata": []}, 400),
        ({}, 200),
        ({"status": "inactive"}, 200),
        ({"status": "tobedeleted"}, 200),
        ({"enabledUser": "false"}, 200),
        ({"grades": ["PK", "K", "1", "13"]}, 200),
        ({"grades": []}, 200),
        ({"email": GONE}, 200),
        ({"phone": GONE, "middleName": GONE}, 200),
        ({"demographics": {"birthDate": "2015-12-31"}}, 200),
        ({"metadata": {"any": 1}, "pronouns": "they"}, 200),
    ],
)
def test_a_student_is_held_to_every_rule(
    platform: httpx.Client, changes: dict[str, Any], status: int
) -> None:
    answer = platform.put("/students", json={"student": student(**changes)})
    assert answer.status_code == status, answer.text
    stored = platform.get("/students/s2").status_code == 200
    assert stored == (status == 200)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"enabledUser": False}, 400),
        ({"sourcedId": "somebody-else"}, 400),
        ({"roles": GONE}, 400),
        ({"roles": []}, 400),
        ({"primaryOrg": GONE}, 400),
        ({"roles": [{"roleType": "primary", "role": "janitor", "org": ORG}]}, 400),
        (
            {"roles": [{"roleType": "primary", "role": "administrator", "org": ORG}]},
            400,
        ),
        ({"roles": [{"roleType": "first", "role": "teacher", "org": ORG}]}, 400),
        ({"roles": [{"roleType": "primary", "role": "teacher"}]}, 400),
        ({"roles": [{"role": "teacher", "org": ORG}]}, 400),
        (
            {
                "roles": [
                    {
                        "roleType": "primary",
                        "role": "teacher",
                        "org": {"sourcedId": "nowhere", "type": "org"},
                    }
                ]
            },
            404,
        ),
        ({"agents": []}, 400),
        ({"username": "jane", "grades": GONE}, 201),
        ({"roles": [{"roleType": "primary", "role": "counselor", "org": ORG}]}, 201),
    ],
)
def test_a_user_is_held_to_every_rule(
    platform: httpx.Client, changes: dict[str, Any], status: int
) -> None:
    answer = platform.put("/users/p2", json={"user": user(**changes)})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (link(), 201),
        (link(agent="nobody"), 404),
        ({**link(), "agentId": "a1"}, 400),
        ({"agent": link()}, 400),
        ({"user": {"sourcedId": "p1"}, "relationshipType": "mother"}, 400),
        (
            {"user": {"sourcedId": "p1", "type": "agent"}, "relationshipType": "x"},
            400,
        ),
        ({"user": {"sourcedId": "p1", "type": "user"}}, 400),
        (link() | {"relationshipType": None}, 400),
    ],
)
def test_a_guardian_link_is_held_to_every_rule(
    platform: httpx.Client, body: dict[str, Any], status: int
) -> None:
    answer = platform.put("/students/s1/agents/a1", json=body)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("student_id", ["nobody", "w1"])
def test_only_a_student_that_is_there_can_have_agents(
    platform: httpx.Client, student_id: str
) -> None:
    answer = platform.put(f"/students/{student_id}/agents/a1", json=link())
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", None, 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"user": {}}', "application/json", 400),
        (b"", "application/json", 400),
    ],
)
def test_a_body_that_is_no_json_object_of_a_student_is_refused(
    platform: httpx.Client, content: bytes, kind: str | None, status: int
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = platform.put("/students", content=content, headers=headers)
    assert answer.status_code == status


def test_put_replaces_the_record_but_not_its_links_and_other_roles(
    platform: httpx.Client,
) -> None:
    roles = [
        {"roleType": "primary", "role": "student", "org": ORG},
        {"roleType": "secondary", "role": "aide", "org": ORG},
    ]
    first = user(sourcedId="s1", roles=roles, phone="555", grades=["5"])
    platform.put("/users/s1", json={"user": first})
    platform.put("/students/s1/agents/a1", json=link())
    platform.put("/students", json={"student": student(sourcedId="s1", phone=GONE)})
    shown = platform.get("/users/s1").json()["user"]
    assert shown["phone"] is None
    assert [role["role"] for role in shown["roles"]] == ["student", "aide"]
    assert [agent["sourcedId"] for agent in shown["agents"]] == ["p1"]


def test_two_relationships_may_point_at_one_agent(platform: httpx.Client) -> None:
    platform.put("/students/s1/agents/a1", json=link(kind="mother"))
    platform.put("/students/s1/agents/a2", json=link(kind="driver"))
    agents = platform.get("/users/s1/agents").json()["agents"]
    assert agents == [link(kind="mother"), link(kind="driver")]
    shown = platform.get("/users/s1").json()["user"]["agents"]
    assert [agent["sourcedId"] for agent in shown] == ["p1"]


def test_a_link_is_updated_and_deleted_under_its_id(platform: httpx.Client) -> None:
    path = "/students/s1/agents/a1"
    platform.put(path, json=link(kind="mother"))
    assert platform.put(path, json=link(kind="aunt")).status_code == 201
    assert platform.get("/users/s1/agents").json() == {"agents": [link(kind="aunt")]}
    first, again = platform.delete(path), platform.delete(path)
    assert (first.status_code, first.content) == (204, b"")
    assert again.status_code == 404
    assert platform.get("/users/s1/agents").json() == {"agents": []}


def test_agents_of_an_unknown_user_are_not_found(platform: httpx.Client) -> None:
    assert platform.get("/users/nobody/agents").status_code == 404


@pytest.mark.parametrize(
    ("path", "key"),
    [("users", "users"), ("students", "students"), ("orgs", "orgs"), ("courses",) * 2],
)
def test_a_list_has_its_records_and_three_counts(
    platform: httpx.Client, path: str, key: str
) -> None:
    body = platform.get(f"/{path}").json()
    assert set(body) == {key, "total", "offset", "limit"}
    assert (body["offset"], body["limit"]) == (0, 10)
    assert len(body[key]) == body["total"] > 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 400),
        ("limit=100", 200),
        ("limit=101", 400),
        ("limit=ten", 400),
        ("limit=1&limit=2", 400),
        ("offset=-1", 400),
        ("sort=sourcedId&orderBy=ASC", 200),
        ("sort=sourcedId&orderBy=asc", 400),
        ("sort=shoeSize", 400),
        ("fields=sourcedId,agents,primaryOrg.sourcedId", 200),
        ("fields=shoeSize", 400),
        ("filter=status='active'", 200),
        ("filter=status='active' AND grades~'5'", 200),
        ("filter=status='active' OR status='inactive'", 200),
        ("filter=status='a' AND status='b' AND status='c'", 400),
        ("filter=status@'active'", 400),
        ("filter=status=active", 400),
        ("filter=shoeSize='1'", 400),
        ("umbrella=true", 200),
    ],
)
def test_the_query_of_a_list_is_held_to_every_rule(
    platform: httpx.Client, query: str, status: int
) -> None:
    answer = platform.get(f"/users?{query}")
    assert answer.status_code == status, answer.text


def test_a_limit_above_the_maximum_can_be_clamped(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.configure(clamp_limit=True, page_cap_platform=2)
    body = platform.get("/users?limit=50").json()
    assert (len(body["users"]), body["limit"], body["total"]) == (2, 2, 3)


def test_fields_of_references_come_alone(platform: httpx.Client) -> None:
    query = "fields=sourcedId,primaryOrg.sourcedId&filter=sourcedId='s1'"
    [shown] = platform.get(f"/users?{query}").json()["users"]
    assert shown == {"sourcedId": "s1", "primaryOrg": {"sourcedId": "o1"}}


def test_an_account_with_the_same_email_can_take_over_the_id(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.configure(remap_by_email=True)
    sent = student(sourcedId="s2", email="S1@school.example")
    answer = platform.put("/students", json={"student": sent})
    assert answer.status_code == 200
    assert answer.json()["student"]["sourcedId"] == "s1"
    assert platform.get("/students/s2").status_code == 404
    assert platform.get("/students/s1").json()["student"]["givenName"] == "John"


def test_an_account_that_is_there_keeps_its_id_whatever_its_email(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.configure(remap_by_email=True)
    sent = student(sourcedId="s1", email="p1@school.example")
    answer = platform.put("/students", json={"student": sent})
    assert answer.json()["student"]["sourcedId"] == "s1"


def test_a_single_record_can_be_narrowed(platform: httpx.Client) -> None:
    answer = platform.get("/students/s1?fields=sourcedId,grades")
    assert answer.json() == {"student": {"sourcedId": "s1", "grades": ["5"]}}


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"student": "\xff"}', b'{"student": {"givenName": "\\ud800"}}'],
)
def test_what_cannot_be_stored_is_a_bad_request(
    platform: httpx.Client, content: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = platform.put("/students", content=content, headers=headers)
    assert answer.status_code == 400


def test_half_a_surrogate_pair_cannot_be_stored(platform: httpx.Client) -> None:
    sent = json.dumps({"student": student(givenName="\ud800")})
    headers = {"Content-Type": "application/json"}
    answer = platform.put("/students", content=sent, headers=headers)
    assert answer.status_code == 400


def test_a_body_may_come_in_many_pieces(platform: httpx.Client) -> None:
    sent = student(metadata={"essay": "x" * 1_000_000})
    answer = platform.put("/students", json={"student": sent})
    assert answer.status_code == 200
    assert (
        platform.get("/students/s2").json()["student"]["metadata"] == sent["metadata"]
    )


def test_without_that_switch_a_shared_email_makes_two_accounts(
    platform: httpx.Client,
) -> None:
    sent = student(sourcedId="s2", email="s1@school.example")
    platform.put("/students", json={"student": sent})
    assert platform.get("/students").json()["total"] == 2


@pytest.mark.parametrize(
    "key", ["a/b", "a@b.c", "a b", "ä", "100%", "a+b", "x/agents/y"]
)
def test_an_id_with_special_characters_is_addressed_encoded(
    platform: httpx.Client, key: str
) -> None:
    path = httpx.URL(f"/users/{_quoted(key)}")
    sent = user(sourcedId=key)
    assert platform.put(path, json={"user": sent}).status_code == 201
    assert platform.get(path).json()["user"]["sourcedId"] == key
    agent = f"/students/s1/agents/{_quoted(key)}"
    assert platform.put(agent, json=link(agent=key)).status_code == 201
    assert platform.delete(agent).status_code == 204


def _quoted(key: str) -> str:
    return "".join(f"%{byte:02X}" for byte in key.encode())


def test_a_path_without_route_or_with_another_method_is_refused(
    platform: httpx.Client,
) -> None:
    assert platform.get("/enrollments").status_code == 404
    assert platform.get("/users/").status_code == 404
    assert platform.delete("/users/s1").status_code == 405


def test_ping_needs_no_token(everyone: httpx.Client) -> None:
    assert everyone.get("/ping").status_code == 200
