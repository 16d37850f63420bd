from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from sync.sandbox import Sandbox

ROLE = {
    "roleType": "primary",
    "role": "parent",
    "org": {"sourcedId": "o1", "type": "org"},
}
USER = {
    "sourcedId": "x1",
    "status": "active",
    "enabledUser": "true",
    "givenName": "Jane",
    "familyName": "Smith",
    "primaryOrg": ROLE["org"],
    "roles": [ROLE],
}
STATUSES = [401, 403, 404, 409, 422, 429, 500, 502, 503, 504]


def put(client: httpx.Client) -> httpx.Response:
    return client.put("/users/x1", json={"user": USER})


def applied(sandbox: Sandbox) -> bool:
    return any(user["sourcedId"] == "x1" for user in sandbox.dump()["users"])


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_fault_answers_instead_of_applying(
    sandbox: Sandbox, platform: httpx.Client, status: int
) -> None:
    sandbox.set_faults({str(status): 1})
    answer = put(platform)
    assert (answer.status_code, answer.json()["statusCode"]) == (status, status)
    assert not applied(sandbox)
    [entry] = sandbox.requests()
    assert (entry["status"], entry["fault"]) == (status, str(status))


def test_faults_of_the_api_speak_its_language(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.set_faults("503=1")
    assert api.get("/users").json()["imsx_codeMajor"] == "failure"


@pytest.mark.parametrize(("kind", "done"), [("drop", False), ("lost", True)])
def test_a_cut_connection_gives_no_answer(
    sandbox: Sandbox, platform: httpx.Client, kind: str, done: bool
) -> None:
    sandbox.set_faults({kind: 1})
    with pytest.raises(httpx.RemoteProtocolError):
        put(platform)
    assert applied(sandbox) == done
    [entry] = sandbox.requests()
    assert (entry["status"], entry["fault"]) == (None, kind)


def test_malformed_cuts_the_json_of_a_request_that_was_applied(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.set_faults("malformed=1")
    answer = put(platform)
    assert answer.status_code == 201
    with pytest.raises(ValueError, match=r"."):
        answer.json()
    assert applied(sandbox)


def test_malformed_also_spoils_an_answer_without_a_body(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    sandbox.set_faults("malformed=1")
    answer = edubridge.delete("/unenroll/s1/k1/o1")
    assert (answer.status_code, answer.content) == (200, b'{"cut')


def test_html_is_the_page_of_a_gateway(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.set_faults("html=1")
    answer = put(platform)
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "text/html"
    assert "<html>" in answer.text
    assert not applied(sandbox)


def test_slow_applies_and_answers_late(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.configure(faults="slow=1", slow_seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        platform.put("/users/x1", json={"user": USER}, timeout=0.2)
    assert applied(sandbox)
    sandbox.configure(slow_seconds=0)
    assert put(platform).status_code == 201


def test_latency_keeps_every_answer_waiting_but_the_admin_routes(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    sandbox.configure(latency=30)
    with pytest.raises(httpx.ReadTimeout):
        everyone.get("/ping", timeout=0.2)
    assert everyone.get("/_sandbox/requests", timeout=20).status_code == 200


def test_faults_leave_admin_routes_and_wrong_credentials_alone(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    sandbox.set_faults("401=1")
    assert everyone.get("/_sandbox/requests").status_code == 200
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-api",
        "client_secret": "sandbox-api-secret",
    }
    assert everyone.post("/oauth2/token", data=form).status_code == 200
    sandbox.set_faults("503=1")
    assert everyone.post("/oauth2/token", data=form).status_code == 503


def test_over_the_rate_limit_nothing_is_applied_and_the_wait_is_named(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    sandbox.configure(rate_limit=0.01)
    assert platform.get("/users").status_code == 200
    answer = put(platform)
    assert answer.status_code == 429
    assert 90 <= int(answer.headers["retry-after"]) <= 100
    assert not applied(sandbox)


def test_each_service_host_has_its_own_rate_limit(
    sandbox: Sandbox, platform: httpx.Client, api: httpx.Client, edubridge: httpx.Client
) -> None:
    sandbox.configure(rate_limit=0.01)
    assert platform.get("/users").status_code == 200
    assert api.get("/users").status_code == 200
    assert edubridge.get("/user/s1").status_code == 429


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_can_be_a_date_or_missing(
    sandbox: Sandbox, api: httpx.Client, status: int
) -> None:
    sandbox.configure(faults={str(status): 1})
    assert api.get("/users").headers["retry-after"] == "1"
    sandbox.configure(retry_after="date")
    when = parsedate_to_datetime(api.get("/users").headers["retry-after"])
    assert 0 < when.timestamp() - time.time() < 3
    sandbox.configure(retry_after="none")
    assert "retry-after" not in api.get("/users").headers


def test_every_request_is_logged_in_order_also_refused_ones(
    sandbox: Sandbox, everyone: httpx.Client, platform: httpx.Client
) -> None:
    put(platform)
    platform.put("/students", json={"student": {}})
    everyone.get("/rostering/1.0/users/a%2Fb?fields=sourcedId")
    everyone.get("/nowhere")
    entries = sandbox.requests()
    shown = [(e["n"], e["service"], e["method"], e["status"]) for e in entries]
    assert shown == [
        (1, "platform", "PUT", 201),
        (2, "platform", "PUT", 400),
        (3, "platform", "GET", 401),
        (4, "unknown", "GET", 404),
    ]
    assert entries[0]["body"] == {"user": USER}
    assert entries[2]["path"] == "/rostering/1.0/users/a%2Fb?fields=sourcedId"
    assert entries[0]["time"] <= entries[3]["time"]
    assert "bearer" not in str(entries).lower()


def test_a_body_that_is_no_json_is_logged_as_none(
    sandbox: Sandbox, platform: httpx.Client
) -> None:
    platform.put("/students", content=b"{")
    assert sandbox.requests()[-1]["body"] is None


def test_the_log_is_read_and_cleared_over_http(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    everyone.get("/ping")
    entries = everyone.get("/_sandbox/requests").json()
    assert entries == sandbox.requests()
    assert [entry["path"] for entry in entries] == ["/ping"]
    assert everyone.delete("/_sandbox/requests").status_code == 204
    assert sandbox.requests() == []


def test_clearing_the_log_does_not_count_anew(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    everyone.get("/ping")
    sandbox.clear_requests()
    everyone.get("/ping")
    assert [entry["n"] for entry in sandbox.requests()] == [2]


def test_settings_are_changed_over_http(
    sandbox: Sandbox, everyone: httpx.Client, api: httpx.Client
) -> None:
    path = "/_sandbox/configure"
    changes = {"empty_lists": True, "faults": ""}
    assert everyone.post(path, json=changes).status_code == 204
    assert api.get("/users").json()["users"] == []
    everyone.post("/_sandbox/reset")
    assert sandbox.dump()["users"] == []
    sandbox.load({"users": [{"sourcedId": "u1"}]})
    assert len(api.get("/users").json()["users"]) == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("configure", b'{"port": 1}'),
        ("configure", b'{"shoe_size": 1}'),
        ("configure", b'{"faults": "418=1"}'),
        ("configure", b'{"retry_after": "soon"}'),
        ("configure", b"[]"),
        ("load", b"{"),
        ("load", b'{"people": []}'),
        ("load", b'{"users": [{}]}'),
        ("load", b'{"users": {}}'),
        ("load", b'{"agents": [{"studentSourcedId": "s1"}]}'),
    ],
)
def test_admin_routes_refuse_what_they_do_not_understand(
    everyone: httpx.Client, path: str, content: bytes
) -> None:
    answer = everyone.post(f"/_sandbox/{path}", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]
