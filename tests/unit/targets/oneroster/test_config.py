from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sync.errors import ConfigError
from sync.model.entities import Entity
from sync.targets.oneroster import OneRosterSettings, OneRosterTarget
from sync.wire.auth import ClientCredentials, OAuth1

ID, SECRET = {"env": "OR_ID"}, {"env": "OR_SECRET"}
TOKEN: dict[str, Any] = {
    "token_url": "https://sis.example/token",
    "client_id": ID,
    "client_secret": SECRET,
}
CONSUMER: dict[str, Any] = {"consumer_key": ID, "consumer_secret": SECRET}
V12 = {"url": "https://sis.example/ims/oneroster/rostering/v1p2"}
V11 = {"version": "1.1", "url": "https://sis.example/ims/oneroster/v1p1"}
ALL = ["roster.readonly", "roster.createput", "roster.delete"]


def settings(**keys: Any) -> OneRosterSettings:
    return OneRosterSettings.model_validate(keys)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (V12, "token_url, client_id and client_secret"),
        (V11, "or consumer_key and consumer_secret"),
        (V12 | CONSUMER, "consumer_key is for version 1.1"),
        (V11 | TOKEN | CONSUMER, "choose either client_id or consumer_key"),
        (V11 | {"consumer_key": ID}, "go together"),
        (V11 | CONSUMER | {"scopes": ["a"]}, "choose either"),
        (V12 | {"client_id": ID, "client_secret": SECRET}, "needs token_url"),
        (V12 | TOKEN | {"version": "1.1"}, 'set version = "1.2"'),
        (V11 | TOKEN | {"version": "1.2"}, 'set version = "1.1"'),
        (V12 | TOKEN | {"page_size": 0}, "greater than or equal to 1"),
        (V12 | TOKEN | {"page_size": 3001}, "less than or equal to 3000"),
        (V12 | TOKEN | {"writes": "patch"}, "'none', 'put' or 'post-put'"),
        (TOKEN, "Field required"),
    ],
)
def test_what_does_not_go_together_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**keys)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "deletes", "names", "part"),
    [
        (V12, True, ALL[:1], "v1p2"),
        (V12 | {"writes": "put"}, False, ALL[:2], "v1p2"),
        (V12 | {"writes": "post-put"}, True, ALL, "v1p2"),
        (V11 | {"writes": "put"}, True, ALL, "v1p1"),
    ],
)
def test_scopes_are_those_that_are_needed_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
    keys: dict[str, Any],
    deletes: bool,
    names: list[str],
    part: str,
) -> None:
    monkeypatch.setenv("OR_ID", "me")
    monkeypatch.setenv("OR_SECRET", "hush")
    found = settings(**keys, **TOKEN).services(deletes=deletes)["oneroster"]
    assert isinstance(found.auth, ClientCredentials)
    prefix = f"https://purl.imsglobal.org/spec/or/{part}/scope/"
    assert found.auth.scopes == tuple(prefix + name for name in names)
    assert found.url == keys["url"]
    assert (found.auth.client_id, found.auth.style) == ("me", "either")


def test_configured_scopes_are_asked_for_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OR_ID", "me")
    monkeypatch.setenv("OR_SECRET", "hush")
    for scopes in ([], ["roster-core.readonly"]):
        made = settings(**V12, **TOKEN, scopes=scopes).services(deletes=True)
        auth = made["oneroster"].auth
        assert isinstance(auth, ClientCredentials)
        assert auth.scopes == tuple(scopes)


def test_a_consumers_secret_signs_with_hmac_sha1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OR_ID", "me")
    monkeypatch.setenv("OR_SECRET", "hush")
    auth = settings(**V11, **CONSUMER).services(deletes=False)["oneroster"].auth
    assert isinstance(auth, OAuth1)
    assert (auth.consumer_key, auth.method) == ("me", "HMAC-SHA1")
    assert auth.token_parameter is False


@pytest.mark.parametrize(
    ("entity", "policy"),
    [
        (Entity.ORGS, "inactive"),
        (Entity.CLASSES, "inactive"),
        (Entity.AGENTS, "inactive"),
        (Entity.AGENTS, "tobedeleted"),
    ],
)
def test_a_removal_that_it_does_not_have_is_refused(
    entity: Entity, policy: str
) -> None:
    with pytest.raises(ConfigError, match=f"{policy}.*{entity.value}"):
        OneRosterTarget(settings(**V12, **TOKEN), {entity: policy})
