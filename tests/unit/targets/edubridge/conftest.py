"""EduBridge targets as a configuration makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sync.model.entities import Entity
from sync.targets.edubridge import EdubridgeSettings, EdubridgeTarget

Make = Callable[..., EdubridgeTarget]
SECRETS = {"client_id": {"env": "ID"}, "client_secret": {"env": "SECRET"}}


@pytest.fixture(scope="session")
def edubridge() -> Make:
    """Makes a target; keys are those of its table in the configuration."""

    def make(policy: str = "inactive", **keys: Any) -> EdubridgeTarget:
        settings = EdubridgeSettings.model_validate(
            {"environment": "staging"} | SECRETS | keys
        )
        return EdubridgeTarget(settings, {Entity.ENROLLMENTS: policy})

    return make
