from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sync.wire.auth import ClientCredentials, Secret
from tests.support.openedx import MATH, settings

LMS = "https://lms.example.org"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENEDX_ID", "me")
    monkeypatch.setenv("OPENEDX_SECRET", "hush")


def test_the_token_is_asked_for_at_the_lms_by_form() -> None:
    service = settings().services()["lms"]
    assert service.url == LMS
    assert service.auth == ClientCredentials(
        f"{LMS}/oauth2/access_token",
        "me",
        Secret("hush"),
        style="body",
        form=(("token_type", "bearer"),),
    )


def test_another_token_address_may_be_named() -> None:
    elsewhere = "https://id.example.org/t"
    auth = settings(token_url=elsewhere).services()["lms"].auth
    assert isinstance(auth, ClientCredentials)
    assert auth.token_url == elsewhere


def test_what_is_not_said_is_careful() -> None:
    found = settings()
    assert (found.identifier, found.courses) == ("email", ())
    assert (found.auto_enroll, found.email_students, found.preserve_mode) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    "keys",
    [
        {"url": f"{LMS}/api"},
        {"url": f"{LMS}?x=1"},
        {"identifier": "id"},
        {"auto_enroll": "true"},
        {"email_students": 1},
        {"courses": ["MATH7"]},
        {"courses": [f"{MATH},x"]},
        {"course": [MATH]},
    ],
)
def test_a_mistake_is_named_when_the_configuration_is_read(
    keys: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        settings(**keys)


@pytest.mark.parametrize("course", [MATH, "Dist/MATH7/2026"])
def test_course_keys_of_either_form_are_taken(course: str) -> None:
    assert settings(courses=[course]).courses == (course,)
