"""TimeBack targets as a configuration makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sync.model.entities import SYNCED, Entity
from sync.targets.timeback import TimebackSettings, TimebackTarget

Make = Callable[..., TimebackTarget]
SECRETS = {"client_id": {"env": "ID"}, "client_secret": {"env": "SECRET"}}
POLICIES = {
    Entity.STUDENTS: "inactive",
    Entity.USERS: "keep",
    Entity.AGENTS: "delete",
    Entity.ENROLLMENTS: "inactive",
}


@pytest.fixture(scope="session")
def timeback() -> Make:
    """Makes a target; keys are those of its table in the configuration."""

    def make(
        policies: Mapping[Entity, str] | None = None,
        *,
        api: Mapping[str, Any] | None = SECRETS,
        **keys: Any,
    ) -> TimebackTarget:
        services = {"platform": SECRETS} | ({"api": {**SECRETS, **api}} if api else {})
        settings = TimebackSettings.model_validate(
            {"environment": "staging"} | services | keys
        )
        return TimebackTarget(settings, POLICIES | dict(policies or {}))

    assert set(POLICIES) == set(SYNCED)
    return make
