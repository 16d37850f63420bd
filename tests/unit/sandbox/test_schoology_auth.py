from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from sync.sandbox import Sandbox
from sync.sandbox.oauth1 import verify
from tests.support.schoology import (
    SECRET,
    Signed,
    client,
    facts,
    header,
    signature,
    small_school,
)

ROLES = "/v1/roles"


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    sandbox.load(small_school())
    return client(sandbox, pool)


def asked(
    sandbox: Sandbox, pool: httpx.HTTPTransport, authorization: str, path: str = ROLES
) -> httpx.Response:
    """Ask with this very header."""
    sent = {"Authorization": authorization, "Accept": "application/json"}
    with httpx.Client(transport=pool) as someone:
        return someone.get(sandbox.url + path, headers=sent)


def test_the_example_of_rfc_5849_is_proven() -> None:
    authorization = (
        'OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03",'
        ' oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131200",'
        ' oauth_nonce="wIjqoS",'
        ' oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready",'
        ' oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"'
    )
    keys = {"dpf43f3p2l4k3l03": "kd94hf93k423kf44"}
    url = "https://photos.example.net/initiate"
    assert verify("POST", url, authorization, keys.get).timestamp == 137131200


def test_a_signature_worked_out_beforehand_is_proven() -> None:
    # By openssl dgst -sha1 -hmac, from a base string that was written out by hand.
    authorization = (
        'OAuth realm="Schoology API",oauth_consumer_key="sandbox-schoology",'
        'oauth_token="",oauth_nonce="a1b2",oauth_timestamp="1760000000",'
        'oauth_signature_method="HMAC-SHA1",oauth_version="1.0",'
        'oauth_signature="6vhYGC%2B2MtjDLj%2FGhIGVTAAWmug%3D"'
    )
    url = "http://127.0.0.1:8080/v1/users?school_uids=S-17%2CS%2018&start=0"
    keys = {"sandbox-schoology": SECRET}
    assert verify("GET", url, authorization, keys.get).token == ""


@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize("query", ["", "?start=0&limit=5", "?school_uids=S-17,S%2018"])
def test_both_methods_pass(schoology: httpx.Client, method: str, query: str) -> None:
    answer = schoology.get(f"users{query}", auth=Signed(method))
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-schoology"] == "API"


@pytest.mark.parametrize(
    "changes",
    [
        {"oauth_token": "something"},
        {"oauth_consumer_key": "stranger"},
        {"oauth_version": "2.0"},
        {"oauth_signature_method": "HMAC-SHA256"},
        {"oauth_timestamp": "1.5"},
        {"oauth_timestamp": str(int(time.time()) - 330)},
        {"oauth_timestamp": str(int(time.time()) + 4000)},
    ],
)
def test_a_header_that_says_something_else_is_refused_in_plain_text(
    sandbox: Sandbox, pool: httpx.HTTPTransport, changes: dict[str, str]
) -> None:
    said = facts(**changes)
    answer = asked(
        sandbox, pool, header(said, signature("GET", sandbox.url + ROLES, said))
    )
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/plain")
    assert "replay" not in answer.text


@pytest.mark.parametrize("name", sorted(facts()))
def test_every_parameter_must_be_there(
    sandbox: Sandbox, pool: httpx.HTTPTransport, name: str
) -> None:
    said = facts()
    del said[name]
    answer = asked(
        sandbox, pool, header(said, signature("GET", sandbox.url + ROLES, said))
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: signature("POST", url, facts()),
        lambda url: signature("GET", url, facts()),
        lambda _: f"{SECRET}&",
        lambda _: "",
    ],
)
def test_the_signature_must_be_that_of_the_request(
    sandbox: Sandbox, pool: httpx.HTTPTransport, spoil: Callable[[str], str]
) -> None:
    answer = asked(sandbox, pool, header(facts(), spoil(sandbox.url + ROLES)))
    assert answer.status_code == 401


def test_without_a_header_nobody_passes(
    sandbox: Sandbox, pool: httpx.HTTPTransport
) -> None:
    with httpx.Client(transport=pool) as someone:
        assert someone.get(f"{sandbox.url}{ROLES}").status_code == 401


def test_the_same_header_twice_is_a_replay(
    sandbox: Sandbox, pool: httpx.HTTPTransport
) -> None:
    said = facts()
    authorization = header(said, signature("GET", sandbox.url + ROLES, said))
    assert asked(sandbox, pool, authorization).status_code == 200
    again = asked(sandbox, pool, authorization)
    assert again.status_code == 401
    assert "timestamp/nonce" in again.text


def test_a_nonce_may_come_again_with_another_timestamp(
    sandbox: Sandbox, pool: httpx.HTTPTransport
) -> None:
    now = int(time.time())
    for moment in (now, now + 1):
        said = facts(oauth_nonce="the same", oauth_timestamp=str(moment))
        proof = signature("GET", sandbox.url + ROLES, said)
        assert asked(sandbox, pool, header(said, proof)).status_code == 200


@pytest.mark.parametrize(("strict", "status"), [(False, 200), (True, 401)])
def test_an_older_timestamp_is_refused_only_by_a_strict_clock(
    sandbox: Sandbox, pool: httpx.HTTPTransport, strict: bool, status: int
) -> None:
    # A key of its own, because the newest timestamp outlives a reset.
    key = f"clock-{strict}"
    sandbox.configure(schoology_strict_clock=strict, schoology_consumer_key=key)
    now = int(time.time())
    answers = []
    for moment in (now, now - 2):
        said = facts(oauth_consumer_key=key, oauth_timestamp=str(moment))
        proof = signature("GET", sandbox.url + ROLES, said)
        answers.append(asked(sandbox, pool, header(said, proof)).status_code)
    assert answers == [200, status]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "users", 403),
        ("GET", "users/inactive", 403),
        ("GET", "users/7001", 403),
        ("GET", "users/ext/S-17", 403),
        ("GET", "sections/55/enrollments", 403),
        ("GET", "sections/55/enrollments/900", 403),
        ("PUT", "sections/55/enrollments/900", 403),
        ("DELETE", "sections/55/enrollments/900", 403),
        ("DELETE", "enrollments?enrollment_ids=900", 403),
        ("POST", "enrollments", 403),
        ("POST", "enrollments/import/course", 403),
        ("POST", "sections/55/enrollments", 403),
        ("PUT", "sections/55/enrollments", 403),
        ("GET", "users/me", 303),
        ("GET", "users/1", 200),
        ("GET", "courses", 200),
        ("GET", "sections/55", 200),
        ("GET", "groups", 200),
    ],
)
def test_a_key_for_own_data_sees_nobody_else(
    sandbox: Sandbox, schoology: httpx.Client, method: str, path: str, status: int
) -> None:
    sandbox.configure(schoology_own_data_only=True)
    body = {"enrollments": {"enrollment": [{"uid": "7001"}]}}
    sent = body if method in ("POST", "PUT") else None
    answer = schoology.request(method, path, json=sent)
    assert answer.status_code == status, answer.text


def test_a_redirect_wants_a_signature_of_its_own(
    sandbox: Sandbox, pool: httpx.HTTPTransport, schoology: httpx.Client
) -> None:
    first = schoology.get("users/ext/S-17")
    place = first.headers["location"]
    assert (first.status_code, place) == (303, f"{sandbox.url}/v1/users/7001")
    old = first.request.headers["authorization"]
    path = place.removeprefix(sandbox.url)
    assert asked(sandbox, pool, old, path).status_code == 401
    assert schoology.get(place).json()["school_uid"] == "S-17"


def test_the_log_keeps_no_signature(sandbox: Sandbox, schoology: httpx.Client) -> None:
    schoology.get("roles")
    [entry] = sandbox.requests()[-1:]
    assert (entry["service"], entry["path"]) == ("schoology", "/v1/roles")
    assert "oauth" not in str(entry)
