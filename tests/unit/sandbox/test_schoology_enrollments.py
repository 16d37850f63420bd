from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox
from tests.support.schoology import client, held, member, small_school

ONE = "sections/55/enrollments/900"
NEW = {"uid": "7002", "admin": "0", "status": "1"}


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    sandbox.load(small_school())
    return client(sandbox, pool)


def test_one_enrollment_is_shown_without_links_and_its_status_as_text(
    schoology: httpx.Client,
) -> None:
    shown = schoology.get(ONE).json()
    assert "links" not in shown
    assert (shown["id"], shown["uid"], shown["admin"]) == ("900", "7001", 0)
    assert (shown["status"], shown["name_display"]) == ("1", "Ada")


@pytest.mark.parametrize("realm", ["sections/55", "groups/9"])
@pytest.mark.parametrize("number", [str, int])
def test_creating_one_answers_it_with_a_status_that_is_a_number(
    sandbox: Sandbox, schoology: httpx.Client, realm: str, number: type
) -> None:
    body = {name: number(value) for name, value in NEW.items()}
    answer = schoology.post(f"{realm}/enrollments", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["id"], made["uid"], made["status"]) == ("900001", "7002", 1)
    assert made["links"]["self"].endswith(f"/v1/{realm}/enrollments/900001")
    assert held(sandbox)[-1][2:] == ("7002", 0, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (NEW, 201),
        ({**NEW, "status": 5}, 201),
        ({**NEW, "uid": "7001"}, 400),
        ({**NEW, "uid": "7777"}, 404),
        ({**NEW, "uid": "7009"}, 400),
        ({**NEW, "uid": "Ada"}, 400),
        ({**NEW, "uid": 7002.0}, 400),
        ({**NEW, "uid": -7002}, 400),
        ({**NEW, "uid": ["7002"]}, 400),
        ({**NEW, "admin": 2}, 400),
        ({**NEW, "admin": True}, 400),
        ({**NEW, "status": 0}, 400),
        ({**NEW, "status": "6"}, 400),
        ({**NEW, "status": ""}, 400),
        ({**NEW, "role": "student"}, 400),
        ({"uid": "7002", "status": "1"}, 400),
        ({"uid": "7002", "admin": "1"}, 400),
        ({"admin": "1", "status": "1"}, 400),
        ({}, 400),
        ([NEW], 400),
    ],
)
def test_creating_one_is_held_to_every_rule(
    sandbox: Sandbox, schoology: httpx.Client, body: Any, status: int
) -> None:
    answer = schoology.post("sections/55/enrollments", json=body)
    assert answer.status_code == status, answer.text
    assert len(held(sandbox)) == 1 + (status == 201)


def test_a_group_has_no_archived_enrollments(schoology: httpx.Client) -> None:
    path = "groups/9/enrollments"
    answer = schoology.post(path, json={**NEW, "status": 5})
    assert (answer.status_code, "5" in answer.text) == (400, True)
    made = schoology.post(path, json=NEW).json()
    answer = schoology.put(f"{path}/{made['id']}", json={"status": "5"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "left"),
    [
        ({"uid": "7001", "status": "2"}, 204, (0, 2)),
        ({"status": 5}, 204, (0, 5)),
        ({"admin": "1"}, 204, (1, 1)),
        ({"uid": 7001, "admin": 1, "status": 3}, 204, (1, 3)),
        ({"uid": "7002", "status": "2"}, 400, (0, 1)),
        ({"uid": "7001"}, 400, (0, 1)),
        ({}, 400, (0, 1)),
        ({"status": "9"}, 400, (0, 1)),
        ({"id": "900", "status": "2"}, 400, (0, 1)),
    ],
)
def test_changing_one_answers_nothing(
    sandbox: Sandbox,
    schoology: httpx.Client,
    body: dict[str, Any],
    status: int,
    left: tuple[int, int],
) -> None:
    answer = schoology.put(ONE, json=body)
    assert answer.status_code == status, answer.text
    assert status != 204 or answer.content == b""
    assert held(sandbox)[0][3:] == left


def test_deleting_one_is_for_good(sandbox: Sandbox, schoology: httpx.Client) -> None:
    answer = schoology.delete(ONE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert held(sandbox) == []
    assert schoology.delete(ONE).status_code == 404
    assert schoology.get(ONE).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "sections/56/enrollments/900",
        "groups/9/enrollments/900",
        "sections/57/enrollments/900",
        "sections/55/enrollments/901",
        "sections/55/enrollments/first",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_enrollment_is_only_in_its_own_place(
    schoology: httpx.Client, path: str, method: str
) -> None:
    sent = {"status": 2} if method == "PUT" else None
    assert schoology.request(method, path, json=sent).status_code == 404


def test_the_owner_of_the_key_joins_by_access_code(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_owner=7003)
    path, code = "sections/55/accesscode", {"access_code": "ABCDE-FGHIJ"}
    made = schoology.post(path, json=code)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["uid"], shown["status"], "links" in shown) == ("7003", "1", False)
    assert held(sandbox)[-1] == ("section", "55", "7003", 0, 1)
    assert schoology.post(path, json=code).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("sections/55/accesscode", {"access_code": "WRONG"}, 400),
        ("sections/55/accesscode", {"access_code": ""}, 400),
        ("sections/56/accesscode", {"access_code": "ABCDE-FGHIJ"}, 400),
        ("sections/55/accesscode", {"access_code": "ABCDE-FGHIJ", "uid": 1}, 400),
        ("sections/57/accesscode", {"access_code": "ABCDE-FGHIJ"}, 404),
    ],
)
def test_other_access_codes_open_nothing(
    schoology: httpx.Client, path: str, body: dict[str, Any], status: int
) -> None:
    assert schoology.post(path, json=body).status_code == status


def test_a_deleted_id_is_never_given_again(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.load({"schoology": {"enrollments": [member("900005", "7003")]}})
    assert schoology.delete("sections/55/enrollments/900005").status_code == 204
    made = schoology.post("sections/55/enrollments", json=NEW)
    assert made.json()["id"] == "900006"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", ONE, 405),
        ("POST", ONE, 405),
        ("GET", "enrollments", 405),
        ("PUT", "enrollments", 405),
        ("POST", "multiget", 404),
        ("GET", "courses/41/enrollments", 404),
        ("GET", "sections/55/enrollments/", 404),
    ],
)
def test_there_is_no_other_route_and_the_refusal_is_plain_text(
    schoology: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = schoology.request(method, path, json={})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-schoology"] == "API"


@pytest.mark.parametrize("fault", ["429", "500", "401"])
def test_the_faults_of_the_sandbox_speak_plain_text(
    sandbox: Sandbox, schoology: httpx.Client, fault: str
) -> None:
    sandbox.set_faults({fault: 1})
    answer = schoology.get(ONE)
    assert answer.status_code == int(fault)
    assert answer.headers["content-type"].startswith("text/plain")
    assert ("retry-after" in answer.headers) == (fault == "429")


def test_an_answer_that_gets_lost_is_applied_all_the_same(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.set_faults({"lost": 1})
    with pytest.raises(httpx.TransportError):
        schoology.put(ONE, json={"status": 2})
    assert held(sandbox)[0][-1] == 2


def test_a_request_can_be_applied_and_answer_500(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_500_after=1)
    assert schoology.put(ONE, json={"status": 2}).status_code == 500
    assert held(sandbox)[0][-1] == 2


def test_a_request_can_meet_a_web_page_that_says_200(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_limit_page=1)
    answer = schoology.put(ONE, json={"status": 2})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert "request limit of 15 requests per 5 seconds" in answer.text
    assert held(sandbox)[0][-1] == 1
