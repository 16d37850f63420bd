from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sync.errors import ConfigError
from sync.model.entities import SYNCED, Entity
from sync.targets.schoology import SchoologyTarget
from sync.wire.auth import OAuth1
from tests.unit.targets.schoology.district import settings


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"url": "https://district.schoology.com"}, "must end in /v1"),
        ({"route": "codes"}, "needs grading_periods"),
        ({"grading_periods": ["13"]}, 'has an effect with route = "codes" only'),
        ({"realm": "group", "route": "section-code"}, "course sections only"),
        ({"realm": "group", "route": "codes"}, "course sections only"),
        ({"route": "codes", "grading_periods": ["fall"]}, "grading_periods"),
        ({"signature": "RSA-SHA1"}, "signature"),
        ({"format": "csv"}, "format"),
    ],
)
def test_keys_that_cannot_be_meant_are_refused_with_what_to_do(
    keys: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", r"\(")):
        settings(**keys)


def test_the_first_alternatives_are_the_defaults() -> None:
    plain = settings()
    assert (plain.signature, plain.format) == ("PLAINTEXT", "json")
    assert (plain.route, plain.realm) == ("section-code", "section")


def test_groups_have_a_route_of_their_own_unless_one_is_named() -> None:
    assert settings(realm="group").route == "multi-realm"
    assert settings(realm="group", route="realm").route == "realm"


def test_grading_periods_are_numbers_or_texts_each_once() -> None:
    made = settings(route="codes", grading_periods=[13, "14", "13"])
    assert made.grading_periods == ("13", "14")


@pytest.mark.parametrize("signature", ["PLAINTEXT", "HMAC-SHA1"])
def test_requests_are_signed_with_an_empty_token(
    signature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "who")
    monkeypatch.setenv("SECRET", "hush")
    (service,) = settings(signature=signature).services().values()
    assert service.url == "https://api.schoology.com/v1"
    assert isinstance(service.auth, OAuth1)
    assert service.auth.token_parameter
    assert (service.auth.consumer_key, service.auth.method) == ("who", signature)
    assert "hush" not in repr(service)


def test_a_secret_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEY", raising=False)
    with pytest.raises(ConfigError, match="KEY"):
        settings().services()


def test_a_secret_stands_in_a_file_as_well(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("hush\n", "utf-8")
    path.chmod(0o600)
    own = {"file": str(path)}
    (service,) = settings(consumer_key=own, consumer_secret=own).services().values()
    assert isinstance(service.auth, OAuth1)
    assert service.auth.consumer_secret.reveal() == "hush"


def test_a_removal_that_schoology_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no removal") as caught:
        SchoologyTarget(settings(), {Entity.ENROLLMENTS: "tobedeleted"})
    assert caught.value.line().startswith("removal.enrollments: ")
    assert "keep, inactive, delete" in caught.value.line()


def test_policies_of_what_it_does_not_write_do_not_matter() -> None:
    policies = dict.fromkeys(SYNCED, "delete")
    assert SchoologyTarget(settings(), policies).capabilities.batched
