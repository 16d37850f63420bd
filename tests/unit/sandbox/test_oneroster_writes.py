from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox

ENROLLMENT: dict[str, Any] = {
    "sourcedId": "e2",
    "role": "teacher",
    "status": "active",
    "user": {"sourcedId": "w1"},
    "class": {"sourcedId": "c1"},
}
ROLE = {"roleType": "primary", "role": "teacher", "org": {"sourcedId": "o1"}}
USER: dict[str, Any] = {
    "sourcedId": "u1",
    "enabledUser": True,
    "givenName": "Jane",
    "familyName": "Smith",
    "roles": [ROLE],
}
SESSION = {
    "sourcedId": "t2",
    "status": "active",
    "title": "Spring",
    "type": "term",
    "startDate": "2027-01-01",
    "endDate": "2027-06-30",
    "schoolYear": 2027,
    "org": {"sourcedId": "o1"},
}
GROUP = {
    "sourcedId": "c2",
    "title": "Algebra 2",
    "course": {"sourcedId": "k1"},
    "org": {"sourcedId": "o1"},
    "terms": [{"sourcedId": "t1"}],
}
COURSE = {
    "sourcedId": "k2",
    "title": "Biology",
    "status": "active",
    "org": {"sourcedId": "o1"},
}
ORG = {"sourcedId": "o2", "name": "Annex", "type": "school"}
KINDS = [
    ("enrollments", "enrollment", ENROLLMENT, 201),
    ("users", "user", USER, 200),
    ("orgs", "org", ORG, 201),
    ("schools", "org", ORG, 200),
    ("courses", "course", COURSE, 200),
    ("classes", "class", GROUP, 200),
    ("academicSessions", "academicSession", SESSION, 200),
]


@pytest.mark.parametrize(("path", "wrapper", "record", "put_status"), KINDS)
def test_a_record_lives_from_post_over_put_to_a_soft_delete(
    api: httpx.Client, path: str, wrapper: str, record: dict[str, Any], put_status: int
) -> None:
    key = record["sourcedId"]
    made = api.post(f"/{path}/", json={wrapper: record})
    assert made.status_code == 201
    pair = {"suppliedSourcedId": key, "allocatedSourcedId": key}
    assert made.json() == {"sourcedIdPairs": pair}
    shown = api.get(f"/{path}/{key}").json()[wrapper]
    changed = api.put(f"/{path}/{key}", json={wrapper: shown})
    assert changed.status_code == put_status
    assert changed.json() == {} or changed.json()[wrapper]["sourcedId"] == key
    again = api.get(f"/{path}/{key}").json()[wrapper]
    assert again | {"dateLastModified": ""} == shown | {"dateLastModified": ""}
    assert again["dateLastModified"] >= shown["dateLastModified"]
    ended = api.delete(f"/{path}/{key}")
    assert (ended.status_code, ended.content) == (204, b"")
    assert api.get(f"/{path}/{key}").json()[wrapper]["status"] == "tobedeleted"


@pytest.mark.parametrize(("path", "wrapper", "record", "_put"), KINDS)
def test_an_unknown_id_is_refused_and_a_known_one_conflicts(
    api: httpx.Client, path: str, wrapper: str, record: dict[str, Any], _put: int
) -> None:
    key = record["sourcedId"]
    assert api.put(f"/{path}/{key}", json={wrapper: record}).status_code == 404
    assert api.delete(f"/{path}/{key}").status_code == 404
    assert api.post(f"/{path}", json={wrapper: record}).status_code == 201
    assert api.post(f"/{path}", json={wrapper: record}).status_code == 409


@pytest.mark.parametrize(
    ("changes", "status", "minor"),
    [
        ({"role": "parent"}, 422, "invaliddata"),
        ({"role": None}, 422, "invaliddata"),
        ({"status": "inactive"}, 422, "invaliddata"),
        ({"status": "deleted"}, 422, "invaliddata"),
        ({"user": "w1"}, 422, "invaliddata"),
        ({"user": {}}, 422, "invaliddata"),
        ({"user": {"sourcedId": "nobody"}}, 404, "unknownobject"),
        ({"class": {"sourcedId": "nothing"}}, 404, "unknownobject"),
        ({"school": {"sourcedId": "nowhere"}}, 404, "unknownobject"),
        ({"beginDate": "31.8.2026"}, 422, "invaliddata"),
        ({"endDate": 20260831}, 422, "invaliddata"),
        ({"primary": "yes"}, 422, "invaliddata"),
        ({"shoeSize": 42}, 422, "invaliddata"),
        ({"sourcedId": ""}, 422, "invaliddata"),
        ({"primary": True, "beginDate": None, "endDate": "2026-08-31"}, 201, None),
        ({"status": "tobedeleted", "metadata": {"any": 1}}, 201, None),
    ],
)
def test_an_enrollment_is_held_to_every_rule(
    api: httpx.Client, changes: dict[str, Any], status: int, minor: str | None
) -> None:
    answer = api.post("/enrollments", json={"enrollment": ENROLLMENT | changes})
    assert answer.status_code == status, answer.text
    if minor is not None:
        [field] = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
        assert field["imsx_codeMinorFieldValue"] == minor


@pytest.mark.parametrize("missing", ["role", "user", "class"])
@pytest.mark.parametrize("verb", ["POST", "PUT"])
def test_an_enrollment_lacks_nothing_that_is_required(
    api: httpx.Client, verb: str, missing: str
) -> None:
    path = "/enrollments" if verb == "POST" else "/enrollments/e1"
    sent = {name: v for name, v in ENROLLMENT.items() if name != missing}
    sent.pop("sourcedId")
    answer = api.request(verb, path, json={"enrollment": sent})
    assert answer.status_code == 422
    assert f"{missing} is required" in answer.json()["imsx_description"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"enabledUser": "false"}, 201),
        ({"enabledUser": "no"}, 422),
        ({"roles": []}, 422),
        ({"roles": [{**ROLE, "role": "counselor"}]}, 422),
        ({"roles": [{**ROLE, "org": {"sourcedId": "nowhere"}}]}, 404),
        ({"primaryOrg": {"sourcedId": "nowhere"}}, 404),
        ({"agents": [{"sourcedId": "nobody"}]}, 404),
        ({"agents": [{"sourcedId": "p1"}]}, 201),
        ({"givenName": None}, 422),
    ],
)
def test_a_user_is_held_to_every_rule(
    api: httpx.Client, changes: dict[str, Any], status: int
) -> None:
    answer = api.post("/users", json={"user": USER | changes})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"schoolYear": "2027"}, 201),
        ({"schoolYear": "next"}, 422),
        ({"schoolYear": True}, 422),
        ({"type": "week"}, 422),
        ({"startDate": "1.1.2027"}, 422),
        ({"org": None}, 422),
        ({"org": {"sourcedId": "nowhere"}}, 404),
        ({"parent": {"sourcedId": "nothing"}}, 404),
        ({"parent": {"sourcedId": "t1"}}, 201),
    ],
)
def test_an_academic_session_is_held_to_every_rule(
    api: httpx.Client, changes: dict[str, Any], status: int
) -> None:
    sent = {"academicSession": SESSION | changes}
    assert api.post("/academicSessions", json=sent).status_code == status


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{", "application/json", 400),
        (b"{}", "application/json", 422),
        (b'{"enrollments": {}}', "application/json", 422),
    ],
)
def test_a_body_must_be_the_json_of_one_record(
    api: httpx.Client, content: bytes, kind: str, status: int
) -> None:
    headers = {"Content-Type": kind}
    answer = api.post("/enrollments", content=content, headers=headers)
    assert answer.status_code == status


def test_an_enrollment_gets_course_and_school_from_its_class(api: httpx.Client) -> None:
    api.post("/enrollments", json={"enrollment": ENROLLMENT})
    shown = api.get("/enrollments/e2").json()["enrollment"]
    assert shown["course"]["sourcedId"] == "k1"
    assert shown["school"]["sourcedId"] == "o1"


def test_put_replaces_so_that_what_is_left_out_is_gone(api: httpx.Client) -> None:
    full = {**USER, "phone": "555", "grades": ["5"]}
    api.post("/users", json={"user": full})
    api.put("/users/u1", json={"user": USER})
    shown = api.get("/users/u1").json()["user"]
    assert (shown["phone"], shown["grades"]) == (None, [])


def test_path_and_body_name_the_same_id(api: httpx.Client) -> None:
    answer = api.put("/users/s1", json={"user": USER})
    assert answer.status_code == 422


@pytest.mark.parametrize(("clears", "left"), [(True, 0), (False, 1)])
def test_leaving_agents_out_of_put_clears_the_links_if_told_so(
    sandbox: Sandbox, api: httpx.Client, clears: bool, left: int
) -> None:
    sandbox.configure(put_clears_agents=clears)
    agents = [{"sourcedId": "p1"}]
    api.post("/users", json={"user": {**USER, "agents": agents}})
    answer = api.put("/users/u1", json={"user": USER})
    assert len(answer.json()["user"]["agents"]) == left


def test_agents_of_a_put_are_the_whole_truth_and_keep_their_relationship(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    link = {"studentSourcedId": "s1", "agentId": "a1", "agentSourcedId": "p1"}
    sandbox.load({"agents": [{**link, "relationshipType": "aunt"}]})
    agents = [{"sourcedId": "p1"}, {"sourcedId": "w1"}]
    sent = {**USER, "sourcedId": "s1", "agents": agents}
    api.put("/users/s1", json={"user": sent})
    held = sandbox.dump()["agents"]
    assert [(a["agentId"], a["relationshipType"]) for a in held] == [
        ("a1", "aunt"),
        ("w1", None),
    ]


def test_an_agent_is_added_and_removed_with_200(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    added = api.post("/users/s1/agents", json={"agentSourcedId": "p1"})
    again = api.post("/users/s1/agents", json={"agentSourcedId": "p1"})
    assert (added.status_code, again.status_code) == (200, 200)
    assert len(sandbox.dump()["agents"]) == 1
    assert api.delete("/users/s1/agents/p1").status_code == 200
    assert api.delete("/users/s1/agents/p1").status_code == 404
    nobody = api.post("/users/s1/agents", json={"agentSourcedId": "nobody"})
    assert nobody.status_code == 404


def test_the_class_keeps_its_course_and_school_at_a_put(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.load({"courses": [{"sourcedId": "k2", "title": "Biology"}]})
    sent = {"title": "New", "course": {"sourcedId": "k2"}}
    answer = api.put("/classes/c1", json={"class": sent})
    assert answer.json()["class"]["title"] == "New"
    assert answer.json()["class"]["course"]["sourcedId"] == "k1"


def test_a_class_needs_a_school_to_be_made(api: httpx.Client) -> None:
    sent = {name: value for name, value in GROUP.items() if name != "org"}
    assert api.post("/classes", json={"class": sent}).status_code == 422


def test_the_server_may_allocate_another_id(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.configure(allocate_ids=True)
    pair = api.post("/users", json={"user": USER}).json()["sourcedIdPairs"]
    assert pair["suppliedSourcedId"] == "u1"
    assert pair["allocatedSourcedId"] != "u1"
    assert api.get("/users/u1").status_code == 404
    assert api.get(f"/users/{pair['allocatedSourcedId']}").status_code == 200


def test_the_servers_habits_can_be_switched(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.configure(put_creates=True, conflict_status=422, takes_inactive=True)
    sent = {"user": {**USER, "status": "inactive"}}
    assert api.put("/users/u1", json=sent).status_code == 201
    assert api.post("/users", json=sent).status_code == 422
    assert sandbox.dump()["users"][2]["status"] == "inactive"
