"""The keys of an EduBridge target in ``roster-sync.toml``.

EduBridge and the OneRoster lists that tell what it did are one service: the api of
TimeBack, with its addresses and its token.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from sync.targets.timeback.config import (
    API_TOKEN_URLS,
    API_URLS,
    ApiTable,
    Environment,
)
from sync.wire.auth import ClientCredentials, Secret, Service

SERVICE = "edubridge"
"""What requests and messages call the service."""


class EdubridgeSettings(ApiTable):
    """All keys that only this kind has: one service, without a table of its own."""

    environment: Environment | None = None

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if self.environment is None:
            missing = [name for name in ("url", "token_url") if not getattr(self, name)]
            if missing:
                message = (
                    f'set environment = "staging" or "production", or name the '
                    f"{' and the '.join(missing)}"
                )
                raise ValueError(message)
        return self

    def service(self) -> Service:
        """The service with its secret. Raises ``ConfigError`` for a missing one."""
        environment = self.environment or "staging"
        return Service(
            SERVICE,
            self.url or API_URLS[environment],
            ClientCredentials(
                self.token_url or API_TOKEN_URLS[environment],
                self.client_id.reveal(),
                Secret(self.client_secret.reveal()),
                self.scopes or (),
                "body",
            ),
        )
