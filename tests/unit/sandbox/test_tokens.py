from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox

PLATFORM = ("sandbox-platform", "sandbox-platform-secret")
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster."
READ = {"grant_type": "client_credentials", "scope": f"{SCOPE}readonly"}
API = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-api",
    "client_secret": "sandbox-api-secret",
}
USERS = "/rostering/1.0/users"
API_USERS = "/ims/oneroster/rostering/v1p2/users"


def _bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_the_platform_grants_the_scopes_that_are_asked_for(
    everyone: httpx.Client,
) -> None:
    both = {**READ, "scope": f"{SCOPE}createput {SCOPE}readonly"}
    answer = everyone.post("/auth/1.0/token", auth=PLATFORM, data=both)
    assert answer.status_code == 200
    body = answer.json()
    assert body["scope"].split() == [f"{SCOPE}createput", f"{SCOPE}readonly"]
    assert (body["expires_in"], body["token_type"]) == (3600, "Bearer")


@pytest.mark.parametrize(
    ("auth", "form", "refusal"),
    [
        (("sandbox-platform", "wrong"), READ, (401, "invalid_client")),
        (("sandbox-api", "sandbox-api-secret"), READ, (401, "invalid_client")),
        (None, READ, (401, "invalid_client")),
        (PLATFORM, {**READ, "grant_type": "password"}, (400, "unsupported_grant_type")),
        (PLATFORM, {**READ, "scope": f"{SCOPE}delete"}, (400, "invalid_scope")),
        (PLATFORM, {"grant_type": "client_credentials"}, (400, "invalid_scope")),
    ],
)
def test_the_platform_refuses_wrong_token_requests(
    everyone: httpx.Client,
    auth: Any,
    form: dict[str, str],
    refusal: tuple[int, str],
) -> None:
    answer = everyone.post("/auth/1.0/token", auth=auth, data=form)
    assert (answer.status_code, answer.json()["error"]) == refusal


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (API, 200),
        ({**API, "client_secret": "wrong"}, 401),
        ({**API, "client_id": "sandbox-platform"}, 401),
        ({**API, "grant_type": "password"}, 400),
    ],
)
def test_the_api_takes_its_credentials_from_the_form(
    everyone: httpx.Client, form: dict[str, str], status: int
) -> None:
    assert everyone.post("/oauth2/token", data=form).status_code == status


def test_the_api_does_not_take_its_credentials_from_a_header(
    everyone: httpx.Client,
) -> None:
    form = {"grant_type": "client_credentials"}
    auth = (API["client_id"], API["client_secret"])
    assert everyone.post("/oauth2/token", auth=auth, data=form).status_code == 401


def test_a_basic_header_that_is_no_base64_is_no_client(everyone: httpx.Client) -> None:
    headers = {"Authorization": "Basic ***"}
    answer = everyone.post("/auth/1.0/token", headers=headers, data=READ)
    assert answer.status_code == 401


def test_a_token_request_must_be_a_form(everyone: httpx.Client) -> None:
    assert everyone.post("/oauth2/token", json=API).status_code == 400


def test_a_token_of_one_service_is_worth_nothing_at_the_other(
    everyone: httpx.Client, platform_token: str, api_token: str
) -> None:
    def status(path: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return everyone.get(path, headers=headers).status_code

    assert status(USERS, platform_token) == status(API_USERS, api_token) == 200
    assert status(USERS, api_token) == status(API_USERS, platform_token) == 401


@pytest.mark.parametrize("header", ["", "Bearer nothing", "Basic abc", "Bearer"])
def test_without_a_known_token_nothing_is_answered(
    everyone: httpx.Client, header: str
) -> None:
    headers = {"Authorization": header} if header else {}
    assert everyone.get(USERS, headers=headers).status_code == 401
    assert everyone.get(API_USERS, headers=headers).status_code == 401


def test_a_token_ends_after_its_life(sandbox: Sandbox, everyone: httpx.Client) -> None:
    sandbox.configure(token_life=0)
    given = everyone.post("/auth/1.0/token", auth=PLATFORM, data=READ)
    answer = everyone.get(USERS, headers=_bearer(given))
    assert answer.status_code == 401
    assert "expired" in answer.json()["message"]


def test_writing_with_the_scope_to_read_is_forbidden_with_a_reason(
    everyone: httpx.Client,
) -> None:
    given = everyone.post("/auth/1.0/token", auth=PLATFORM, data=READ)
    answer = everyone.put(
        "/rostering/1.0/students", headers=_bearer(given), json={"student": {}}
    )
    assert answer.status_code == 403
    assert "roster.createput" in answer.json()["message"]


def test_reading_with_the_scope_to_write_is_forbidden(everyone: httpx.Client) -> None:
    form = {**READ, "scope": f"{SCOPE}createput"}
    given = everyone.post("/auth/1.0/token", auth=PLATFORM, data=form)
    assert everyone.get(USERS, headers=_bearer(given)).status_code == 403


def test_a_withheld_scope_is_missing_in_the_answer_and_at_the_door(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    sandbox.configure(granted_scopes=[f"{SCOPE}createput"])
    form = {**READ, "scope": f"{SCOPE}createput {SCOPE}readonly"}
    given = everyone.post("/auth/1.0/token", auth=PLATFORM, data=form)
    assert given.json()["scope"] == f"{SCOPE}createput"
    assert everyone.get(USERS, headers=_bearer(given)).status_code == 403


def test_the_api_withholds_scopes_only_where_its_own_are_named(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    core = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly"
    sandbox.configure(granted_scopes=[core])
    headers = _bearer(everyone.post("/oauth2/token", data=API))
    root = "/ims/oneroster/rostering/v1p2"
    assert everyone.get(f"{root}/users", headers=headers).status_code == 200
    assert everyone.get(f"{root}/demographics", headers=headers).status_code == 403
    assert everyone.delete(f"{root}/users/s1", headers=headers).status_code == 403


def test_token_requests_are_logged_without_their_body(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    everyone.post("/auth/1.0/token", auth=PLATFORM, data=READ)
    everyone.post("/oauth2/token", data=API)
    entries = sandbox.requests()
    assert [entry["service"] for entry in entries] == ["token", "token"]
    assert all(entry["body"] is None for entry in entries)
    assert "secret" not in str(entries)


ONEROSTER = ("sandbox-oneroster", "sandbox-oneroster-secret")
V11 = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
V12 = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ROOT_11 = "/ims/oneroster/v1p1"
ROOT_12 = "/ims/oneroster/rostering/v1p2"


def _asked(client: httpx.Client, *scopes: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
    return client.post("/oauth2/token", auth=ONEROSTER, data=form)


@pytest.mark.parametrize(
    ("auth", "form", "status"),
    [
        (ONEROSTER, {}, 200),
        (None, {"client_id": ONEROSTER[0], "client_secret": ONEROSTER[1]}, 200),
        (ONEROSTER, {"client_secret": ONEROSTER[1]}, 400),
        (None, {"client_id": ONEROSTER[0], "client_secret": "wrong"}, 401),
        (("sandbox-oneroster", "wrong"), {}, 401),
        (ONEROSTER, {"grant_type": "password"}, 400),
        (ONEROSTER, {"scope": f"{V12}roster-core.readonly"}, 200),
        (ONEROSTER, {"scope": f"{V11}roster.readonly {V12}roster.delete"}, 200),
        (ONEROSTER, {"scope": "everything"}, 400),
    ],
)
def test_plain_oneroster_takes_its_credentials_from_header_or_form(
    everyone: httpx.Client, auth: Any, form: dict[str, str], status: int
) -> None:
    sent = {"grant_type": "client_credentials", **form}
    answer = everyone.post("/oauth2/token", auth=auth, data=sent)
    assert answer.status_code == status
    if status == 200 and "scope" in form:
        assert sorted(answer.json()["scope"].split()) == sorted(form["scope"].split())


def test_a_secret_may_come_encoded_as_a_form_in_the_header(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    sandbox.configure(oneroster_client_secret="a b+c")  # noqa: S106 - of no use
    form = {"grant_type": "client_credentials"}
    for secret in ("a b+c", "a+b%2Bc"):
        auth = ("sandbox-oneroster", secret)
        answer = everyone.post("/oauth2/token", auth=auth, data=form)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("roster-core.readonly", {"users", "users/s1"}),
        ("roster.readonly", {"users", "users/s1", "classes/c1/students"}),
        ("roster-demographics.readonly", {"demographics"}),
        ("roster.createput", {"POST"}),
        ("roster.delete", {"DELETE"}),
    ],
)
@pytest.mark.parametrize(("root", "prefix"), [(ROOT_11, V11), (ROOT_12, V12)])
@pytest.mark.usefixtures("sandbox")
def test_a_scope_opens_what_it_names_and_nothing_else(
    everyone: httpx.Client, root: str, prefix: str, scope: str, allowed: set[str]
) -> None:
    headers = _bearer(_asked(everyone, prefix + scope))
    reads = ("users", "users/s1", "classes/c1/students", "demographics")
    statuses = {
        path: everyone.get(f"{root}/{path}", headers=headers).status_code
        for path in reads
    }
    enrollments = f"{root}/enrollments"
    statuses["POST"] = everyone.post(enrollments, headers=headers, json={}).status_code
    gone = everyone.delete(f"{enrollments}/nothing", headers=headers)
    statuses["DELETE"] = gone.status_code
    passed = {name for name, status in statuses.items() if status != 403}
    assert passed == allowed


@pytest.mark.usefixtures("sandbox")
def test_a_scope_of_the_other_version_does_not_open_the_first(
    everyone: httpx.Client,
) -> None:
    headers = _bearer(_asked(everyone, f"{V12}roster.readonly"))
    assert everyone.get(f"{ROOT_11}/users", headers=headers).status_code == 403
    assert everyone.get(f"{ROOT_12}/users", headers=headers).status_code == 200


def test_scopes_can_be_withheld_from_plain_oneroster_alone(
    sandbox: Sandbox, everyone: httpx.Client
) -> None:
    sandbox.configure(
        oneroster_granted_scopes=["roster-core.readonly", f"{V12}roster.delete"]
    )
    both = ("roster-core.readonly", "roster.createput", "roster.delete")
    answer = _asked(everyone, *(V12 + name for name in both))
    assert answer.json()["scope"].split() == [
        f"{V12}roster-core.readonly",
        f"{V12}roster.delete",
    ]
    headers = _bearer(answer)
    path = f"{ROOT_12}/enrollments"
    assert everyone.post(path, headers=headers, json={}).status_code == 403
    headers = _bearer(everyone.post("/oauth2/token", data=API))
    assert everyone.post(path, headers=headers, json={}).status_code == 422
