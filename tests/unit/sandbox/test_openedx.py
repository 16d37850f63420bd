"""The gate, the token and the routes of the LMS, over real sockets."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox

MATH = "course-v1:Dist+MATH7+2026"
CLIENT = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-openedx",
    "client_secret": "sandbox-openedx-secret",
}
SO2 = "/api/so2/v1/enrollments"
BULK = "/api/bulk_enroll/v1/bulk_enroll/"
ONE = "/api/enrollment/v1/enrollment"
COHORTS = f"/api/cohorts/v1/courses/{MATH}/cohorts"
VENDOR = {
    "Content-Type": "application/json",
    "Access-Control-Request-Headers": "authorization",
}
CALL: dict[str, Any] = {
    "action": "enroll",
    "auto_enroll": True,
    "email_students": False,
    "cohorts": "",
    "courses": MATH,
    "identifiers": "bo@school.example",
}


@pytest.fixture
def lms(sandbox: Sandbox) -> Sandbox:
    sandbox.load(
        {
            "openedx": {
                "users": [
                    {"username": "ada", "email": "ada@school.example"},
                    {"username": "bo", "email": "bo@school.example"},
                ],
                "courses": [{"id": MATH}],
                "enrollments": [{"username": "ada", "course_id": MATH}],
            }
        }
    )
    return sandbox


def _token(everyone: httpx.Client, **form: str) -> dict[str, Any]:
    answer = everyone.post("/oauth2/access_token", data={**CLIENT, **form})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture
def client(
    lms: Sandbox, everyone: httpx.Client, pool: httpx.HTTPTransport
) -> httpx.Client:
    token = _token(everyone)["access_token"]
    headers = {**VENDOR, "Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=lms.url, headers=headers, transport=pool)


@pytest.mark.usefixtures("lms")
@pytest.mark.parametrize("kind", ["bearer", "jwt"])
def test_a_token_passes_under_the_prefix_of_its_kind_alone(
    everyone: httpx.Client, kind: str
) -> None:
    given = _token(everyone, token_type=kind)
    assert (given["expires_in"], given["token_type"].lower()) == (3600, kind)

    def status(prefix: str) -> int:
        shown = {**VENDOR, "Authorization": f"{prefix} {given['access_token']}"}
        return everyone.get(SO2, headers=shown).status_code

    passes = {"Bearer": status("Bearer"), "JWT": status("JWT")}
    right = {"bearer": "Bearer", "jwt": "JWT"}[kind]
    assert passes.pop(right) == 200
    assert set(passes.values()) == {401}


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"client_id": "sandbox-api"}, (401, "invalid_client")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"token_type": "cookie"}, (400, "invalid_request")),
    ],
)
def test_wrong_token_requests_are_refused(
    everyone: httpx.Client, form: dict[str, str], refusal: tuple[int, str]
) -> None:
    answer = everyone.post("/oauth2/access_token", data={**CLIENT, **form})
    assert (answer.status_code, answer.json()["error"]) == refusal


def test_a_token_request_is_a_form_to_the_exact_path(everyone: httpx.Client) -> None:
    assert everyone.post("/oauth2/access_token", json=CLIENT).status_code == 400
    assert everyone.post("/oauth2/access_token/", data=CLIENT).status_code == 404
    assert everyone.get("/oauth2/access_token").status_code == 405
    api = {**CLIENT, "client_id": "sandbox-api", "client_secret": "sandbox-api-secret"}
    assert everyone.post("/oauth2/token", data=api).status_code == 200
    assert everyone.post("/oauth2/token", data=CLIENT).status_code == 401


def test_token_requests_leave_no_secret_in_the_log(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    _token(everyone)
    assert "secret" not in str(sandbox.requests())


def test_tokens_of_other_services_and_old_ones_are_unknown(
    lms: Sandbox, everyone: httpx.Client, api_token: str
) -> None:
    other = {**VENDOR, "Authorization": f"Bearer {api_token}"}
    refused = everyone.get(SO2, headers=other)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'JWT realm="api"'
    assert "detail" in refused.json()
    lms.configure(token_life=0)
    old = {**VENDOR, "Authorization": f"Bearer {_token(everyone)['access_token']}"}
    assert everyone.get(SO2, headers=old).status_code == 401
    assert everyone.get(SO2, headers=VENDOR).status_code == 401


def test_a_fixed_token_passes_where_the_settings_name_one(
    lms: Sandbox, everyone: httpx.Client
) -> None:
    shown = {**VENDOR, "Authorization": "Bearer support-gave-it"}
    assert everyone.get(SO2, headers=shown).status_code == 401
    fixed = {"openedx_token": "support-gave-it"}
    lms.configure(**fixed)
    assert everyone.get(SO2, headers=shown).status_code == 200
    shown["Authorization"] = "JWT support-gave-it"
    assert everyone.get(SO2, headers=shown).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SO2),
        ("POST", BULK),
        ("GET", "/api/enrollment/v1/enrollments"),
        ("GET", f"{ONE}?user=ada"),
        ("POST", ONE),
        ("GET", f"{ONE}/ada,{MATH}"),
        ("GET", f"/api/enrollment/v1/course/{MATH}"),
        ("GET", f"/api/cohorts/v1/settings/{MATH}"),
        ("PUT", f"/api/cohorts/v1/settings/{MATH}"),
        ("GET", COHORTS),
        ("POST", COHORTS),
        ("GET", f"{COHORTS}/1/users"),
        ("POST", f"{COHORTS}/1/users"),
        ("DELETE", f"{COHORTS}/1/users/ada"),
    ],
)
def test_every_route_wants_a_token(
    everyone: httpx.Client, method: str, path: str
) -> None:
    assert everyone.request(method, path, headers=VENDOR).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", BULK, 200),
        ("POST", BULK[:-1], 404),
        ("GET", BULK, 405),
        ("POST", SO2, 405),
        ("GET", f"{SO2}/", 404),
        ("GET", "/api/so2/v2/enrollments", 404),
        ("GET", "/api/enrollment/v1/enrollments", 200),
    ],
)
def test_paths_are_taken_to_the_last_slash(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    sent = CALL if method == "POST" else None
    answer = client.request(method, path, json=sent, headers=VENDOR)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("switch", "method", "path"),
    [
        ("openedx_so2", "GET", SO2),
        ("openedx_bulk", "POST", BULK),
        ("openedx_single", "POST", ONE),
        ("openedx_single", "GET", "/api/enrollment/v1/enrollments"),
        ("openedx_cohort_api", "GET", COHORTS),
    ],
)
def test_a_route_that_is_not_mounted_answers_a_page(
    client: httpx.Client, lms: Sandbox, switch: str, method: str, path: str
) -> None:
    lms.configure(**{switch: False})
    answer = client.request(method, path, json=CALL if method == "POST" else None)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("hint", ["seconds", "date", "none"])
def test_above_the_throttle_all_routes_together_say_when_to_come_back(
    client: httpx.Client, lms: Sandbox, hint: str
) -> None:
    lms.configure(openedx_per_minute=2, retry_after=hint)
    assert client.get(SO2).status_code == 200
    assert client.post(BULK, json=CALL).status_code == 200
    answer = client.get("/api/enrollment/v1/enrollments")
    assert answer.status_code == 429
    assert "available in" in answer.json()["detail"]
    shown = answer.headers.get_list("retry-after")
    assert len(shown) == (hint != "none")
    if hint == "seconds":
        assert 1 <= int(shown[0]) <= 60


def test_a_refusal_by_fault_looks_like_the_frameworks(
    client: httpx.Client, lms: Sandbox
) -> None:
    lms.set_faults("500=1")
    failed = client.post(BULK, json=CALL)
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "text/html"
    lms.set_faults("429=1")
    limited = client.post(BULK, json=CALL)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
    assert "detail" in limited.json()
    assert lms.dump()["openedx"]["audit"] == []


def test_a_lost_answer_was_applied(client: httpx.Client, lms: Sandbox) -> None:
    lms.set_faults("lost=1")
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(BULK, json=CALL)
    held = lms.dump()["openedx"]["enrollments"]
    assert {row["username"] for row in held} == {"ada", "bo"}


@pytest.mark.usefixtures("lms")
def test_a_token_that_is_no_ascii_is_unknown(everyone: httpx.Client) -> None:
    shown = [(b"Authorization", "Bearer ü".encode("latin-1"))]
    assert everyone.get(SO2, headers=shown).status_code == 401
