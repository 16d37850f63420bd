from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from oauthlib.oauth1 import Client

from sync.sandbox import Sandbox

ROOT = "/ims/oneroster/v1p1"
SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
KEY = "sandbox-oneroster"
SECRET = "sandbox-oneroster-secret"  # noqa: S105 - of no use elsewhere


def _get(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(rows: list[Any]) -> list[str]:
    return [row["sourcedId"] for row in rows]


@pytest.fixture
def old(
    sandbox: Sandbox, pool: httpx.HTTPTransport, oneroster_token: str
) -> httpx.Client:
    headers = {"Authorization": f"Bearer {oneroster_token}"}
    root = f"{sandbox.url}{ROOT}"
    return httpx.Client(base_url=root, headers=headers, transport=pool)


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("orgs", "orgs", ["d1", "o1"]),
        ("schools", "orgs", ["o1"]),
        ("academicSessions", "academicSessions", ["t1"]),
        ("terms", "academicSessions", ["t1"]),
        ("gradingPeriods", "academicSessions", []),
        ("courses", "courses", ["k1"]),
        ("classes", "classes", ["c1"]),
        ("users", "users", ["p1", "s1", "w1"]),
        ("students", "users", ["s1"]),
        ("teachers", "users", ["w1"]),
        ("enrollments", "enrollments", ["e1"]),
        ("demographics", "demographics", []),
        ("schools/o1/classes", "classes", ["c1"]),
        ("schools/o1/courses", "courses", ["k1"]),
        ("schools/o1/students", "users", ["s1"]),
        ("schools/o1/teachers", "users", ["w1"]),
        ("schools/o1/terms", "academicSessions", ["t1"]),
        ("schools/o1/enrollments", "enrollments", ["e1"]),
        ("schools/o1/classes/c1/students", "users", ["s1"]),
        ("schools/o1/classes/c1/teachers", "users", []),
        ("schools/o1/classes/c1/enrollments", "enrollments", ["e1"]),
        ("classes/c1/students", "users", ["s1"]),
        ("classes/c1/teachers", "users", []),
        ("courses/k1/classes", "classes", ["c1"]),
        ("terms/t1/classes", "classes", ["c1"]),
        ("terms/t1/gradingPeriods", "academicSessions", []),
        ("students/s1/classes", "classes", ["c1"]),
        ("teachers/w1/classes", "classes", []),
        ("users/s1/classes", "classes", ["c1"]),
    ],
)
def test_every_list_of_the_standard_answers_in_its_envelope(
    old: httpx.Client, path: str, key: str, expected: list[str]
) -> None:
    answer = old.get(f"/{path}")
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {key}
    assert ids(answer.json()[key]) == expected
    assert answer.headers["x-total-count"] == str(len(expected))


@pytest.mark.parametrize(
    "path",
    [
        "schools/d1/classes",
        "classes/nothing/students",
        "schools/o1/classes/nothing/students",
        "students/w1/classes",
        "teachers/s1/classes",
        "terms/nothing/classes",
        "users/nobody",
        "nothing",
    ],
)
def test_a_list_in_a_record_that_is_not_there_is_an_unknown_object(
    old: httpx.Client, path: str
) -> None:
    answer = old.get(f"/{path}")
    assert answer.status_code == 404
    [field] = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldValue"] == "unknownobject"


def test_a_class_is_only_found_in_its_own_school(
    sandbox: Sandbox, old: httpx.Client
) -> None:
    sandbox.load({"orgs": [{"sourcedId": "o2", "name": "Annex", "type": "school"}]})
    assert old.get("/schools/o2/classes/c1/students").status_code == 404


@pytest.mark.parametrize(
    ("path", "wrapper"),
    [
        ("schools/o1", "org"),
        ("terms/t1", "academicSession"),
        ("students/s1", "user"),
        ("teachers/w1", "user"),
        ("classes/c1", "class"),
        ("enrollments/e1", "enrollment"),
    ],
)
def test_a_single_record_stands_in_the_wrapper_of_its_kind(
    old: httpx.Client, path: str, wrapper: str
) -> None:
    body = _get(old, f"/{path}")
    assert list(body) == [wrapper]
    assert body[wrapper]["sourcedId"] == path.split("/")[1]


def test_a_person_has_one_role_and_orgs(old: httpx.Client) -> None:
    shown = _get(old, "/users/s1")["user"]
    assert shown["role"] == "student"
    assert shown["orgs"] == [
        {"href": f"{ROOT}/orgs/o1", "sourcedId": "o1", "type": "org"}
    ]
    assert shown["enabledUser"] == "true"
    later = {"roles", "primaryOrg", "userProfiles", "userMasterIdentifier", "pronouns"}
    assert not later & set(shown)


@pytest.mark.parametrize(
    ("roles", "shown"),
    [
        ([("secondary", "student", "d1"), ("primary", "teacher", "o1")], "teacher"),
        ([("primary", "principal", "o1")], "administrator"),
        ([("primary", "ext:coach", "o1")], "ext:coach"),
    ],
)
def test_of_several_roles_the_primary_one_is_shown_in_a_word_of_this_version(
    sandbox: Sandbox, old: httpx.Client, roles: list[Any], shown: str
) -> None:
    made = [
        {"roleType": kind, "role": role, "org": {"sourcedId": org}}
        for kind, role, org in roles
    ]
    person = {"sourcedId": "x", "givenName": "X", "familyName": "Y", "roles": made}
    sandbox.load({"users": [person]})
    user = _get(old, "/users/x")["user"]
    assert user["role"] == shown
    assert sorted(ids(user["orgs"])) == sorted({org for _, _, org in roles})
    assert ids(_get(old, f"/users?filter=role='{shown}'")["users"])[-1] == "x"
    listed = {
        path: "x" in ids(_get(old, f"/{path}")["users"])
        for path in ("students", "teachers")
    }
    assert listed == {"students": False, "teachers": shown == "teacher"}


def test_other_records_have_only_what_the_version_knows(old: httpx.Client) -> None:
    enrollment = _get(old, "/enrollments/e1")["enrollment"]
    assert "course" not in enrollment
    assert enrollment["user"] == {
        "href": f"{ROOT}/users/s1",
        "sourcedId": "s1",
        "type": "user",
    }
    assert "org" not in _get(old, "/academicSessions/t1")["academicSession"]
    course = _get(old, "/courses/k1")["course"]
    assert not {"level", "gradingScheme", "academicSession"} & set(course)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("role='student'", ["s1"]),
        ("role='student' OR role='parent'", ["p1", "s1"]),
        ("role!='student'", ["p1", "w1"]),
        ("orgs.sourcedId='o1'", ["p1", "s1", "w1"]),
        ("orgs.sourcedId='d1'", []),
        ("status='active' AND role='teacher'", ["w1"]),
        ("email~'S1@'", ["s1"]),
    ],
)
def test_filters_use_the_fields_of_this_version(
    old: httpx.Client, text: str, expected: list[str]
) -> None:
    answer = old.get("/users", params={"filter": text})
    assert ids(answer.json()["users"]) == expected
    assert answer.headers["x-total-count"] == str(len(expected))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("filter=roles.role='student'", 400),
        ("filter=a='1' AND b='2' AND c='3'", 400),
        ("filter=sourcedId@'s1'", 400),
        ("orderBy=asc", 400),
        ("sort=role&orderBy=desc", 200),
        ("sort=shoeSize", 200),
        ("fields=shoeSize", 200),
        ("limit=3001", 400),
        ("limit=0", 400),
        ("offset=-1", 400),
    ],
)
def test_queries_are_held_to_the_published_rules(
    old: httpx.Client, query: str, status: int
) -> None:
    assert old.get(f"/users?{query}").status_code == status


def test_people_are_sorted_by_their_role(old: httpx.Client) -> None:
    rows = _get(old, "/users?sort=role&orderBy=desc")["users"]
    assert [row["role"] for row in rows] == ["teacher", "student", "parent"]


def test_fields_narrow_to_what_this_version_shows(old: httpx.Client) -> None:
    [shown] = _get(old, "/students?fields=sourcedId,role,orgs.sourcedId")["users"]
    assert shown == {
        "sourcedId": "s1",
        "role": "student",
        "orgs": [{"sourcedId": "o1"}],
    }
    single = _get(old, "/users/s1?fields=sourcedId,agents")["user"]
    assert single == {"sourcedId": "s1", "agents": []}


def test_links_lead_first_prev_next_and_last(old: httpx.Client) -> None:
    links = old.get("/users?limit=1&offset=1").links
    assert {rel: httpx.URL(link["url"]).params["offset"] for rel, link in links.items()}
    offsets = {rel: link["url"].split("offset=")[1] for rel, link in links.items()}
    assert offsets == {"first": "0", "prev": "0", "next": "2", "last": "2"}
    following = old.get(links["next"]["url"]).json()["users"]
    assert ids(following) == ["w1"]


USER: dict[str, Any] = {
    "sourcedId": "u1",
    "status": "active",
    "username": "jane",
    "enabledUser": "true",
    "givenName": "Jane",
    "familyName": "Smith",
    "role": "teacher",
    "orgs": [{"sourcedId": "o1"}],
}
REFS = {"user": {"sourcedId": "w1"}, "class": {"sourcedId": "c1"}}
ENROLLMENT = {**REFS, "sourcedId": "e2", "role": "teacher"} | {
    "school": {"sourcedId": "o1"}
}
CLASS = {
    "sourcedId": "c2",
    "title": "Algebra 2",
    "classType": "scheduled",
    "course": {"sourcedId": "k1"},
    "school": {"sourcedId": "o1"},
    "terms": [{"sourcedId": "t1"}],
}
SESSION = {
    "sourcedId": "t2",
    "title": "Spring",
    "type": "term",
    "startDate": "2027-01-01",
    "endDate": "2027-06-30",
    "schoolYear": "2027",
}
KINDS = [
    ("users", "user", USER),
    ("enrollments", "enrollment", ENROLLMENT),
    ("classes", "class", CLASS),
    ("academicSessions", "academicSession", SESSION),
    (
        "courses",
        "course",
        {"sourcedId": "k2", "title": "Bio", "org": {"sourcedId": "o1"}},
    ),
    ("orgs", "org", {"sourcedId": "o2", "name": "Annex", "type": "school"}),
    ("schools", "org", {"sourcedId": "o2", "name": "Annex", "type": "school"}),
]


@pytest.mark.parametrize(("path", "wrapper", "record"), KINDS)
def test_a_record_lives_from_post_over_put_to_a_soft_delete(
    old: httpx.Client, path: str, wrapper: str, record: dict[str, Any]
) -> None:
    key = record["sourcedId"]
    assert old.put(f"/{path}/{key}", json={wrapper: record}).status_code == 404
    made = old.post(f"/{path}", json={wrapper: record})
    assert made.status_code == 201, made.text
    pair = {"suppliedSourcedId": key, "allocatedSourcedId": key}
    assert made.json() == {"sourcedIdPairs": pair}
    assert old.post(f"/{path}", json={wrapper: record}).status_code == 409
    shown = _get(old, f"/{path}/{key}")[wrapper]
    changed = old.put(f"/{path}/{key}", json={wrapper: shown})
    assert changed.status_code == 200, changed.text
    again = changed.json()[wrapper]
    assert again | {"dateLastModified": ""} == shown | {"dateLastModified": ""}
    assert again["dateLastModified"] >= shown["dateLastModified"]
    assert old.delete(f"/{path}/{key}").status_code == 204
    assert _get(old, f"/{path}/{key}")[wrapper]["status"] == "tobedeleted"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"role": "counselor"}, 422),
        ({"role": "ext:coach"}, 201),
        ({"orgs": []}, 422),
        ({"orgs": [{"sourcedId": "nowhere"}]}, 404),
        ({"orgs": [{"sourcedId": "o1"}, {"sourcedId": "d1"}]}, 201),
        ({"enabledUser": True}, 422),
        ({"username": None}, 422),
        ({"roles": []}, 422),
        ({"pronouns": "she"}, 422),
        ({"agents": [{"sourcedId": "nobody"}]}, 404),
        ({"agents": [{"sourcedId": "p1"}]}, 201),
    ],
)
def test_a_user_is_held_to_every_rule(
    old: httpx.Client, changes: dict[str, Any], status: int
) -> None:
    answer = old.post("/users", json={"user": USER | changes})
    assert answer.status_code == status, answer.text
    if status == 201:
        shown = _get(old, "/users/u1")["user"]
        wanted = {**USER, **changes}
        assert shown["role"] == wanted["role"]
        assert ids(shown["orgs"]) == ids(wanted["orgs"])
        assert ids(shown["agents"]) == ids(wanted.get("agents", []))


@pytest.mark.parametrize("missing", ["user", "class", "school", "role"])
def test_an_enrollment_lacks_nothing_that_is_required(
    old: httpx.Client, missing: str
) -> None:
    sent = {name: value for name, value in ENROLLMENT.items() if name != missing}
    answer = old.post("/enrollments", json={"enrollment": sent})
    assert answer.status_code == 422
    assert f"{missing} is required" in answer.json()["imsx_description"]


def test_an_enrollment_of_either_version_shows_in_the_other(
    old: httpx.Client, api: httpx.Client
) -> None:
    old.post("/enrollments", json={"enrollment": ENROLLMENT})
    shown = _get(api, "/enrollments/e2")["enrollment"]
    assert (shown["course"]["sourcedId"], shown["role"]) == ("k1", "teacher")
    api.post("/enrollments", json={"enrollment": {**REFS, "role": "proctor"}})
    assert len(_get(old, "/enrollments")["enrollments"]) == 3


def test_who_sends_back_what_was_shown_loses_no_role_and_nothing_of_1_2(
    sandbox: Sandbox, old: httpx.Client
) -> None:
    roles = [
        {"roleType": "primary", "role": "teacher", "org": {"sourcedId": "o1"}},
        {"roleType": "secondary", "role": "parent", "org": {"sourcedId": "d1"}},
    ]
    person = {"sourcedId": "x", "username": "x", "givenName": "X", "familyName": "Y"}
    sandbox.load({"users": [{**person, "roles": roles, "pronouns": "they"}]})
    shown = _get(old, "/users/x")["user"]
    changed = old.put("/users/x", json={"user": {**shown, "givenName": "Z"}})
    assert changed.status_code == 200, changed.text
    held = next(u for u in sandbox.dump()["users"] if u["sourcedId"] == "x")
    assert [role["role"] for role in held["roles"]] == ["teacher", "parent"]
    assert (held["givenName"], held["pronouns"]) == ("Z", "they")


def test_a_class_may_change_its_school_at_a_put(
    sandbox: Sandbox, old: httpx.Client
) -> None:
    sandbox.load({"orgs": [{"sourcedId": "o2", "name": "Annex", "type": "school"}]})
    sent = {**CLASS, "sourcedId": "c1", "school": {"sourcedId": "o2"}}
    answer = old.put("/classes/c1", json={"class": sent})
    assert answer.json()["class"]["school"]["sourcedId"] == "o2"


class Signed(httpx.Auth):
    """Signs as a client of the standard does, after ``change`` of the arguments."""

    def __init__(self, key: str = KEY, shared: str = SECRET, **more: Any) -> None:
        self.client: Any = Client(key, shared, **more)

    def auth_flow(self, request: httpx.Request) -> Any:
        _, headers, _ = self.client.sign(str(request.url), request.method)
        request.headers["Authorization"] = headers["Authorization"]
        yield request


@pytest.fixture
def signed(
    sandbox: Sandbox, pool: httpx.HTTPTransport
) -> Callable[..., httpx.Response]:
    def send(path: str, auth: Signed | None = None, **more: Any) -> httpx.Response:
        client = httpx.Client(base_url=f"{sandbox.url}{ROOT}", transport=pool)
        method = more.pop("method", "GET")
        return client.request(method, path, auth=auth or Signed(), **more)

    return send


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": "100", "offset": "0"},
        {"filter": "givenName='S1' AND status='active'", "sort": "sourcedId"},
        {"filter": "familyName~'O Br/én+ %26'", "fields": "sourcedId,role"},
    ],
)
def test_a_signed_request_is_answered(
    signed: Callable[..., httpx.Response], query: dict[str, str]
) -> None:
    assert signed("/users", params=query).status_code == 200
    assert signed("/demographics").status_code == 200


def test_a_signed_request_may_write(
    signed: Callable[..., httpx.Response], old: httpx.Client
) -> None:
    sent = {"enrollment": ENROLLMENT}
    assert signed("/enrollments", method="POST", json=sent).status_code == 201
    assert _get(old, "/enrollments/e2")["enrollment"]["role"] == "teacher"


@pytest.mark.parametrize(
    "auth",
    [
        Signed(shared="wrong"),
        Signed(key="stranger"),
        Signed(signature_method="PLAINTEXT"),
        Signed(resource_owner_key="token"),
        Signed(timestamp="1000000000"),
        Signed(timestamp=str(int(time.time()) + 3600)),
    ],
)
def test_a_wrong_signature_is_no_entry(
    signed: Callable[..., httpx.Response], auth: Signed
) -> None:
    answer = signed("/users", auth=auth)
    assert answer.status_code == 401
    assert answer.json()["imsx_codeMajor"] == "failure"


def test_a_nonce_opens_only_once(signed: Callable[..., httpx.Response]) -> None:
    auth = Signed(nonce="n" * 20, timestamp=str(int(time.time())))
    statuses = [signed("/users", auth=auth).status_code for _ in range(2)]
    assert statuses == [200, 401]


def test_a_consumer_may_lack_a_right(
    sandbox: Sandbox, signed: Callable[..., httpx.Response]
) -> None:
    sandbox.configure(oneroster_granted_scopes=["roster-core.readonly"])
    sent = {"enrollment": ENROLLMENT}
    assert signed("/users").status_code == 200
    assert signed("/demographics").status_code == 403
    assert signed("/classes/c1/students").status_code == 403
    assert signed("/enrollments", method="POST", json=sent).status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer nothing", "Basic eDp5"])
def test_without_a_token_or_a_signature_nothing_is_answered(
    sandbox: Sandbox, everyone: httpx.Client, header: str
) -> None:
    headers = {"Authorization": header} if header else {}
    answer = everyone.get(f"{sandbox.url}{ROOT}/users", headers=headers)
    assert answer.status_code == 401
