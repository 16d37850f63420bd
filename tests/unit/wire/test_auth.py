from __future__ import annotations

import json
from base64 import b64decode
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import TargetError, UsageError
from sync.model.request import Answer
from sync.wire.auth import (
    DEFAULT_LIFE,
    Bearer,
    ClientCredentials,
    Secret,
    Service,
    read_token,
    token_request,
)

HIDDEN = "hunter2-of-the-district"


def credentials(style: Literal["basic", "body"] = "basic") -> ClientCredentials:
    return ClientCredentials(
        "https://id.example/token", "me", Secret(HIDDEN), ("a", "b"), style
    )


SERVICE = Service("platform", "https://platform.example/", credentials())


def token_answer(body: dict[str, object]) -> Answer:
    return Answer(200, {}, json.dumps(body).encode())


def test_secrets_show_nowhere() -> None:
    bearer = Service("api", "https://api.example", Bearer(Secret(HIDDEN)))
    token = read_token(SERVICE, token_answer({"access_token": HIDDEN}), 0.0)
    shown = f"{SERVICE} {SERVICE!r} {bearer!r} {Secret(HIDDEN)!s} {token!r} {token}"
    assert HIDDEN not in shown
    assert "***" in shown


def test_equal_secrets_are_equal() -> None:
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


def test_a_service_has_no_slash_at_its_end() -> None:
    assert SERVICE.url == "https://platform.example"


@pytest.mark.parametrize("url", ["http://platform.example", "platform.example"])
def test_credentials_need_a_safe_address(url: str) -> None:
    with pytest.raises(UsageError):
        Service("platform", url)
    with pytest.raises(UsageError):
        ClientCredentials(url, "me", Secret(HIDDEN))


def test_basic_puts_the_secret_into_the_header() -> None:
    headers, body = token_request(credentials())
    pair = b64decode(headers["authorization"].removeprefix("Basic "))
    assert pair.decode() == f"me:{HIDDEN}"
    assert body == b"grant_type=client_credentials&scope=a+b"


def test_body_puts_the_secret_into_the_form() -> None:
    headers, body = token_request(credentials("body"))
    assert "authorization" not in headers
    assert f"client_id=me&client_secret={HIDDEN}" in body.decode()


@pytest.mark.parametrize(
    ("expires_in", "stale_at"),
    [
        (3600, 3540.0),
        ("3600", 3540.0),
        (60, 54.0),
        (10, 9.0),
        (None, DEFAULT_LIFE - 30),
        ("soon", DEFAULT_LIFE - 30),
        (0, DEFAULT_LIFE - 30),
        (-5, DEFAULT_LIFE - 30),
    ],
)
def test_a_token_is_stale_before_it_expires(
    expires_in: object, stale_at: float
) -> None:
    answer = token_answer({"access_token": "t", "expires_in": expires_in})
    assert read_token(SERVICE, answer, 0.0).stale_at == pytest.approx(stale_at)


@settings(deadline=None)
@given(st.floats(0.001, 1e6))
def test_a_token_is_used_for_most_of_its_life_and_never_beyond(life: float) -> None:
    token = read_token(
        SERVICE, token_answer({"access_token": "t", "expires_in": life}), 0.0
    )
    assert 0.9 * life <= token.stale_at * 1.000001
    assert token.stale_at < life


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ({"scope": "a"}, ("b",)),
        ({"scope": "b c a"}, ()),
        ({"scope": ""}, ()),
        ({"scope": ["a"]}, ()),
        ({}, ()),
    ],
)
def test_a_scope_that_was_not_granted_is_remembered(
    granted: dict[str, object], missing: tuple[str, ...]
) -> None:
    token = read_token(SERVICE, token_answer({"access_token": "t", **granted}), 0.0)
    assert token.missing == missing


@pytest.mark.parametrize(
    "body",
    [{}, {"access_token": 5}, {"access_token": ""}, {"access_token": "a\r\nb: c"}],
)
def test_an_answer_without_a_token_names_the_service(body: dict[str, object]) -> None:
    with pytest.raises(TargetError, match="platform"):
        read_token(SERVICE, token_answer(body), 0.0)
