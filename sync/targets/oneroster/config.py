"""The keys of a OneRoster target in ``roster-sync.toml``.

One service with one address. Who we are there is told by OAuth 2 client credentials,
or, with version 1.1, by an OAuth 1.0a consumer's key and secret.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StrictInt, model_validator

from sync.config import SecretRef, Table
from sync.wire.auth import ClientCredentials, OAuth1, Secret, Service

SERVICE = "oneroster"
SCOPE = "https://purl.imsglobal.org/spec/or/{}/scope/{}"
READ, WRITE, DELETE = "roster.readonly", "roster.createput", "roster.delete"
"""OneRoster 1.2 and 1.1 (read); TimeBack Level 1 guide and OpenAPI (writes)."""
LARGEST_PAGE = 3000
"""Records; OneRoster v1p2 enrollments page, limit."""

_PARTS = {"1.1": "v1p1", "1.2": "v1p2"}
"""What stands in addresses and scopes."""


class OneRosterSettings(Table):
    """All keys that only this kind has."""

    version: Literal["1.2", "1.1"] = "1.2"
    url: str
    """Up to and including ``/rostering/v1p2`` or ``/v1p1``."""
    token_url: str | None = None
    client_id: SecretRef | None = None
    client_secret: SecretRef | None = None
    scopes: tuple[str, ...] | None = None
    consumer_key: SecretRef | None = None
    consumer_secret: SecretRef | None = None
    writes: Literal["none", "put", "post-put"] = "none"
    inactive_status: bool = False
    """Whether the server takes the status ``inactive``, which OneRoster lacks."""
    page_size: Annotated[StrictInt, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        token = (self.token_url, self.client_id, self.client_secret)
        consumer = (self.consumer_key, self.consumer_secret)
        if any(consumer) and any((*token, self.scopes)):
            message = "choose either client_id or consumer_key, with what belongs to it"
            raise ValueError(message)
        if any(consumer):
            self._check_consumer()
        elif not all(token):
            message = "needs token_url, client_id and client_secret" + (
                ", or consumer_key and consumer_secret" if self.old else ""
            )
            raise ValueError(message)
        return self

    def _check_consumer(self) -> None:
        if not self.old:
            message = (
                "consumer_key is for version 1.1; 1.2 wants token_url, client_id and "
                "client_secret"
            )
            raise ValueError(message)
        if not (self.consumer_key and self.consumer_secret):
            message = "consumer_key and consumer_secret go together"
            raise ValueError(message)

    @model_validator(mode="after")
    def _address_of_this_version(self) -> Self:
        steps = urlsplit(self.url).path.split("/")
        for version, part in _PARTS.items():
            if part in steps and version != self.version:
                message = (
                    f'the url is one of version {version}: set version = "{version}", '
                    "or take the other url"
                )
                raise ValueError(message)
        return self

    @property
    def old(self) -> bool:
        """Whether it is version 1.1."""
        return self.version == "1.1"

    @property
    def may_write(self) -> bool:
        """Whether anything is written."""
        return self.writes != "none"

    def services(self, *, deletes: bool) -> dict[str, Service]:
        """The service with its secrets; ``deletes``: whether DELETE may be sent.

        Raises ``ConfigError`` for a secret that is missing.
        """
        return {SERVICE: Service(SERVICE, self.url, self._auth(deletes=deletes))}

    def _auth(self, *, deletes: bool) -> ClientCredentials | OAuth1:
        if self.consumer_key is not None and self.consumer_secret is not None:
            return OAuth1(
                self.consumer_key.reveal(), Secret(self.consumer_secret.reveal())
            )
        token = (self.token_url, self.client_id, self.client_secret)
        address, name, secret = token
        if address is None or name is None or secret is None:
            message = "the configuration was not checked"
            raise ValueError(message)
        scopes = self._scopes(deletes=deletes) if self.scopes is None else self.scopes
        return ClientCredentials(
            address, name.reveal(), Secret(secret.reveal()), scopes, "either"
        )

    def _scopes(self, *, deletes: bool) -> tuple[str, ...]:
        """No more than is needed: an unknown one may fail the whole token request."""
        names = [READ]
        if self.may_write:
            names += [WRITE, DELETE] if deletes else [WRITE]
        return tuple(SCOPE.format(_PARTS[self.version], name) for name in names)
