from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox

ORG = {"sourcedId": "o1", "type": "org"}
PLATFORM_USER = {
    "sourcedId": "x1",
    "status": "active",
    "enabledUser": "true",
    "givenName": "Jane",
    "familyName": "Smith",
    "primaryOrg": ORG,
    "roles": [{"roleType": "primary", "role": "counselor", "org": ORG}],
}


@pytest.mark.parametrize(
    ("path", "wrapper"),
    [
        ("orgs/o1", "org"),
        ("schools/o1", "org"),
        ("academicSessions/t1", "academicSession"),
        ("terms/t1", "term"),
        ("courses/k1", "course"),
        ("classes/c1", "class"),
        ("users/s1", "user"),
        ("students/s1", "user"),
        ("teachers/w1", "user"),
        ("enrollments/e1", "enrollment"),
    ],
)
def test_a_single_record_stands_in_its_wrapper(
    api: httpx.Client, path: str, wrapper: str
) -> None:
    body = api.get(f"/{path}").json()
    assert list(body) == [wrapper]
    assert body[wrapper]["sourcedId"] == path.split("/")[1]
    assert api.get(f"/{path}/").json() == body


@pytest.mark.parametrize(
    "path", ["users/nobody", "students/w1", "schools/d1", "nothing", "users/a/b/c"]
)
def test_what_is_not_there_is_an_unknown_object(api: httpx.Client, path: str) -> None:
    answer = api.get(f"/{path}")
    assert answer.status_code == 404
    body = answer.json()
    assert (body["imsx_codeMajor"], body["imsx_severity"]) == ("failure", "error")
    [field] = body["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert field == {
        "imsx_codeMinorFieldName": "TargetEndSystem",
        "imsx_codeMinorFieldValue": "unknownobject",
    }


def test_an_enrollment_shows_whole_references(api: httpx.Client) -> None:
    shown = api.get("/enrollments/e1").json()["enrollment"]
    assert shown["user"] == {
        "href": "/ims/oneroster/rostering/v1p2/users/s1",
        "sourcedId": "s1",
        "type": "user",
        "name": "S1 Doe",
    }
    names = {name: shown[name]["sourcedId"] for name in ("class", "course", "school")}
    assert names == {"class": "c1", "course": "k1", "school": "o1"}
    assert (shown["primary"], shown["status"]) == ("false", "active")


def test_what_is_written_on_the_platform_shows_in_the_api(
    platform: httpx.Client, api: httpx.Client
) -> None:
    platform.put("/users/x1", json={"user": PLATFORM_USER})
    shown = api.get("/users/x1").json()["user"]
    assert shown["roles"][0]["role"] == "administrator"
    assert shown["roles"][0]["org"]["name"] == "School"
    assert shown["primaryOrg"]["href"].endswith("/orgs/o1")


@pytest.mark.parametrize(
    ("status", "switch", "shown"),
    [
        ("active", "tobedeleted", "active"),
        ("inactive", "tobedeleted", "tobedeleted"),
        ("tobedeleted", "tobedeleted", "tobedeleted"),
        ("inactive", "active", "active"),
    ],
)
def test_the_platforms_inactive_shows_as_the_switch_says(
    sandbox: Sandbox, status: str, switch: str, shown: str, api: httpx.Client
) -> None:
    sandbox.load({"users": [{**PLATFORM_USER, "status": status}]})
    sandbox.configure(inactive_shows_as=switch)
    assert api.get("/users/x1").json()["user"]["status"] == shown
    listed = api.get("/users", params={"filter": f"status='{shown}'"}).json()["users"]
    assert "x1" in [row["sourcedId"] for row in listed]


def test_the_api_lags_behind_the_platform_as_long_as_it_is_told(
    sandbox: Sandbox, platform: httpx.Client, api: httpx.Client
) -> None:
    link: dict[str, Any] = {
        "user": {"sourcedId": "x1", "type": "user"},
        "relationshipType": "aunt",
    }
    sandbox.configure(lag=3600)
    platform.put("/users/x1", json={"user": PLATFORM_USER})
    platform.put("/students/s1/agents/a1", json=link)
    assert platform.get("/users/x1").status_code == 200
    assert api.get("/users/x1").status_code == 404
    assert api.get("/users/s1").json()["user"]["agents"] == []
    sandbox.configure(lag=0)
    assert api.get("/users/x1").status_code == 200
    [agent] = api.get("/users/s1").json()["user"]["agents"]
    assert agent["sourcedId"] == "x1"


def test_agents_of_a_user_are_whole_users(
    platform: httpx.Client, api: httpx.Client
) -> None:
    link = {"user": {"sourcedId": "p1", "type": "user"}, "relationshipType": "aunt"}
    platform.put("/students/s1/agents/a1", json=link)
    [agent] = api.get("/users/s1/agents").json()["agents"]
    assert (agent["sourcedId"], agent["givenName"]) == ("p1", "P1")
    assert api.get("/users/nobody/agents").status_code == 404


def test_a_birth_date_of_the_platform_shows_in_the_demographics(
    platform: httpx.Client, api: httpx.Client
) -> None:
    sent = {
        **{name: v for name, v in PLATFORM_USER.items() if name != "roles"},
        "username": "jane",
        "grades": [],
        "demographics": {"birthDate": "2015-12-31"},
    }
    platform.put("/students", json={"student": sent})
    shown = api.get("/demographics/x1").json()["demographics"]
    assert shown["birthDate"] == "2015-12-31"
    assert "demographics" not in api.get("/users/x1").json()["user"]


def test_a_password_is_never_shown(platform: httpx.Client, api: httpx.Client) -> None:
    platform.put("/users/x1", json={"user": {**PLATFORM_USER, "password": "hunter2"}})
    assert "hunter2" not in platform.get("/users/x1").text
    assert "hunter2" not in api.get("/users/x1").text
