"""OneRoster targets as a configuration makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sync.model.entities import REFERENCE, Entity
from sync.targets.oneroster import OneRosterSettings, OneRosterTarget

Make = Callable[..., OneRosterTarget]
ROOTS = {"1.2": "rostering/v1p2", "1.1": "v1p1"}
POLICIES: Mapping[Entity, str] = {
    **dict.fromkeys(REFERENCE, "keep"),
    Entity.STUDENTS: "inactive",
    Entity.USERS: "keep",
    Entity.AGENTS: "delete",
    Entity.ENROLLMENTS: "inactive",
}


@pytest.fixture(scope="session")
def oneroster() -> Make:
    """Makes a target; keys are those of its table in the configuration."""

    def make(
        policies: Mapping[Entity, str] | None = None,
        *,
        version: str = "1.2",
        **keys: Any,
    ) -> OneRosterTarget:
        own = {
            "version": version,
            "url": f"https://sis.example/ims/oneroster/{ROOTS[version]}",
            "token_url": "https://sis.example/token",
            "client_id": {"env": "ID"},
            "client_secret": {"env": "SECRET"},
            "writes": "post-put",
        }
        settings = OneRosterSettings.model_validate(own | keys)
        return OneRosterTarget(settings, {**POLICIES, **(policies or {})})

    return make
