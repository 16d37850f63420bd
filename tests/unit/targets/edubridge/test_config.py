from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sync.errors import ConfigError
from sync.targets.edubridge import EdubridgeSettings
from sync.wire.auth import ClientCredentials

SECRETS = {"client_id": {"env": "ID"}, "client_secret": {"env": "SECRET"}}


def settings(**keys: Any) -> EdubridgeSettings:
    return EdubridgeSettings.model_validate(SECRETS | keys)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ID", "us")
    monkeypatch.setenv("SECRET", "hush")


@pytest.mark.parametrize(
    ("environment", "url", "host"),
    [
        ("staging", "https://api.staging.alpha-1edtech.ai", "staging-beyond"),
        ("production", "https://api.alpha-1edtech.ai", "prod-beyond"),
    ],
)
def test_an_environment_gives_both_addresses(
    environment: str, url: str, host: str
) -> None:
    service = settings(environment=environment).service()
    assert service.url == url
    assert isinstance(service.auth, ClientCredentials)
    assert service.auth.token_url.startswith(f"https://{host}")
    assert service.auth.token_url.endswith("/oauth2/token")


def test_id_and_secret_go_into_the_form_without_scopes() -> None:
    auth = settings(environment="staging").service().auth
    assert isinstance(auth, ClientCredentials)
    assert (auth.client_id, auth.style, auth.scopes) == ("us", "body", ())
    assert "hush" not in repr(auth)


def test_addresses_of_ones_own_win_over_the_environments() -> None:
    own = {"url": "https://bridge.example", "token_url": "https://id.example/token"}
    service = settings(environment="production", **own).service()
    assert isinstance(service.auth, ClientCredentials)
    assert (service.url, service.auth.token_url) == tuple(own.values())
    assert settings(**own).service().url == own["url"]


def test_scopes_are_asked_for_where_a_configuration_names_some() -> None:
    auth = settings(environment="staging", scopes=["a", "b"]).service().auth
    assert isinstance(auth, ClientCredentials)
    assert auth.scopes == ("a", "b")


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        ({}, "the url and the token_url"),
        ({"url": "https://bridge.example"}, "the token_url"),
        ({"token_url": "https://id.example/token"}, "the url"),
    ],
)
def test_without_an_environment_both_addresses_are_asked_for(
    keys: dict[str, str], missing: str
) -> None:
    with pytest.raises(ValidationError, match=missing) as raised:
        settings(**keys)
    assert 'environment = "staging" or "production"' in str(raised.value)


@pytest.mark.parametrize("key", ["platform", "enrollments", "people_from"])
def test_keys_of_timeback_are_none_of_its_own(key: str) -> None:
    with pytest.raises(ValidationError):
        settings(environment="staging", **{key: "x"})


def test_a_secret_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET")
    with pytest.raises(ConfigError, match="SECRET"):
        settings(environment="staging").service()
