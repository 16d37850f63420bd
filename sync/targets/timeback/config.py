"""The keys of a TimeBack target in ``roster-sync.toml``.

TimeBack is two services with two addresses and two credentials: the platform
(``rostering/1.0``) and the api (OneRoster v1p2 and EduBridge).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from sync.config import SecretRef, Table
from sync.wire.auth import ClientCredentials, Secret, Service

Environment = Literal["staging", "production"]

PLATFORM_URLS: dict[str, str] = {
    "production": "https://platform.timeback.com",
    "staging": "https://platform.dev.timeback.com",
}
"""TimeBack Level 1 guide (production); platform documentation (staging)."""

API_URLS: dict[str, str] = {
    "production": "https://api.alpha-1edtech.ai",
    "staging": "https://api.staging.alpha-1edtech.ai",
}
"""TimeBack enrollments guide, Environments."""

API_TOKEN_URLS: dict[str, str] = {
    name: f"https://{host}-beyond-timeback-api-2-idp.auth.us-east-1.amazoncognito.com"
    "/oauth2/token"
    for name, host in (("production", "prod"), ("staging", "staging"))
}

SCOPES = tuple(
    f"https://purl.imsglobal.org/spec/or/v1p2/scope/{name}"
    for name in ("roster.createput", "roster.readonly")
)
"""TimeBack Level 1 guide, Required Scopes; asked for in one token request."""


class ServiceTable(Table):
    """One service: who we are there, and where it is without an ``environment``."""

    client_id: SecretRef
    client_secret: SecretRef
    url: str | None = None
    token_url: str | None = None
    scopes: tuple[str, ...] | None = None


class ApiTable(ServiceTable):
    """The api; some of its servers want a slash behind the name of a collection."""

    trailing_slash: bool = False


class TimebackSettings(Table):
    """All keys that only this kind has."""

    environment: Environment | None = None
    platform: ServiceTable
    api: ApiTable | None = None
    enrollments: Literal["edubridge", "oneroster"] = "edubridge"
    people_from: Literal["api", "platform"] | None = None
    agent_ids: Literal["agent", "uuid5"] = "agent"

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        for name, table in (("platform", self.platform), ("api", self.api)):
            if table is not None and table.url is None and self.environment is None:
                message = (
                    f'{name} needs a url, or set environment = "staging" '
                    'or "production"'
                )
                raise ValueError(message)
        nowhere = self.environment is None
        if self.api is not None and self.api.token_url is None and nowhere:
            message = "api needs a token_url where there is no environment"
            raise ValueError(message)
        if self.people_from == "api" and self.api is None:
            message = 'people_from = "api" needs the service api'
            raise ValueError(message)
        return self

    @property
    def reads_api(self) -> bool:
        """Whether people are read from the api's lists."""
        return (self.people_from or ("api" if self.api else "platform")) == "api"

    def services(self) -> dict[str, Service]:
        """The services with their secrets. Raises ``ConfigError`` for a missing one."""
        found = {"platform": self._platform()}
        if self.api is not None:
            found["api"] = self._api(self.api)
        return found

    def _platform(self) -> Service:
        table = self.platform
        url = table.url or PLATFORM_URLS[self.environment or "staging"]
        return Service(
            "platform",
            url,
            ClientCredentials(
                table.token_url or f"{url.rstrip('/')}/auth/1.0/token",
                table.client_id.reveal(),
                Secret(table.client_secret.reveal()),
                SCOPES if table.scopes is None else table.scopes,
                "basic",
            ),
        )

    def _api(self, table: ApiTable) -> Service:
        environment = self.environment or "staging"
        return Service(
            "api",
            table.url or API_URLS[environment],
            ClientCredentials(
                table.token_url or API_TOKEN_URLS[environment],
                table.client_id.reveal(),
                Secret(table.client_secret.reveal()),
                table.scopes or (),
                "body",
            ),
        )
