from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from sync.config import SecretRef, Table, TargetConfig, fingerprint, place


class Service(Table):
    url: str = "https://a.example"
    client_id: SecretRef = SecretRef(env="A")


class Settings(Table):
    environment: str = "staging"
    platform: Service = Service()
    courses: frozenset[str] = frozenset({"x", "y"})
    names: dict[str, str] = {"k": "v"}  # noqa: RUF012 - pydantic copies it


def config(settings: Settings | None = None, **keys: Any) -> TargetConfig:
    keys = {"name": "district", "kind": "learning"} | keys
    return TargetConfig(settings=settings or Settings(), **keys)


@pytest.mark.parametrize(
    "other",
    [
        config(kind="other"),
        config(entities=("users",)),
        config(source="sis"),
        config(same_username="warn"),
        config(removal={"grace": 2}),
        config(removal={"classes": "delete"}),
        config(removal={"additions_only": ["2026-06-15/2026-08-20"]}),
        config(fields={"blank": "keep"}),
        config(fields={"protect": ["users.email"]}),
        config(guards={"removals": {"count": 5}}),
        config(Settings(environment="production")),
        config(Settings(platform=Service(url="https://b.example"))),
        config(Settings(courses=frozenset({"x"}))),
        config(Settings(names={"k": "w"})),
    ],
)
def test_what_changes_a_plan_changes_the_fingerprint(other: TargetConfig) -> None:
    assert fingerprint(other) != fingerprint(config())


@pytest.mark.parametrize(
    "same",
    [
        config(),
        config(limits={"burst": 5}),
        config(settle="1m"),
        config(settle=timedelta(0)),
        config(full_read_every="1d"),
        config(Settings(platform=Service(client_id=SecretRef(env="B")))),
        config(Settings(courses=frozenset({"y", "x"}))),
        config(entities=("enrollments", "agents", "users", "students")),
    ],
)
def test_pace_and_credentials_leave_the_fingerprint(same: TargetConfig) -> None:
    assert fingerprint(same) == fingerprint(config())


def test_it_is_a_sha_256() -> None:
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(config()))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (config(removal={"students": "keep"}), True),
        (config(guards={"removals": {"count": 5}}), True),
        (config(Settings(platform=Service(client_id=SecretRef(env="B")))), True),
        (config(kind="other"), False),
        (config(Settings(environment="production")), False),
        (config(Settings(platform=Service(url="https://b.example"))), False),
    ],
)
def test_a_place_is_its_kind_and_settings_and_no_limit(
    other: TargetConfig, same: bool
) -> None:
    assert (place(other) == place(config())) is same
