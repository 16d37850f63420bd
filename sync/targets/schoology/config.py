"""The keys of a Schoology target in ``roster-sync.toml``.

Schoology is one service with one key: two-legged OAuth 1.0a, in which the key is the
user who owns it, so that every call has that user's rights.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from sync.config import SecretRef, Table
from sync.wire.auth import OAuth1, Secret, Service

SERVICE = "schoology"
REALM = "Schoology API"
"""Of the Authorization header (Schoology REST API, Authentication)."""

Route = Literal["section-code", "codes", "multi-realm", "realm"]
OF_SECTIONS = ("section-code", "codes")
"""Routes that import by codes know course sections only."""
Number = Annotated[str, Field(pattern=r"^[0-9]+$")]


class SchoologySettings(Table):
    """All keys that only this kind has."""

    url: str
    """Up to and including ``/v1``."""
    consumer_key: SecretRef
    consumer_secret: SecretRef
    signature: Literal["PLAINTEXT", "HMAC-SHA1"] = "PLAINTEXT"
    format: Literal["json", "xml"] = "json"
    route: Route = "section-code"
    """By which request enrollments are made."""
    grading_periods: tuple[Number, ...] = ()
    """Schoology's ids of the grading periods in which codes are looked for."""
    realm: Literal["section", "group"] = "section"
    """What people are enrolled in."""

    @model_validator(mode="before")
    @classmethod
    def _groups_have_their_own_default(cls, table: Any) -> Any:
        if isinstance(table, dict) and table.get("realm") == "group":
            return {"route": "multi-realm"} | table
        return table

    @field_validator("url")
    @classmethod
    def _whole_address(cls, url: str) -> str:
        if not url.rstrip("/").endswith("/v1"):
            message = (
                "must end in /v1, such as https://api.schoology.com/v1 "
                "(the address that people see in the browser is another one)"
            )
            raise ValueError(message)
        return url

    @field_validator("grading_periods", mode="before")
    @classmethod
    def _numbers_as_text(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        plain = [
            str(one) if isinstance(one, int) and not isinstance(one, bool) else one
            for one in value
        ]
        return list(dict.fromkeys(plain))

    @model_validator(mode="after")
    def _keys_that_go_together(self) -> Self:
        if self.realm == "group" and self.route in OF_SECTIONS:
            message = (
                f'route = "{self.route}" is for course sections only; with realm = '
                '"group" leave route out, or choose "multi-realm" or "realm"'
            )
            raise ValueError(message)
        if self.route == "codes" and not self.grading_periods:
            message = (
                'route = "codes" needs grading_periods = ["…"], the ids of the '
                "grading periods whose sections are meant"
            )
            raise ValueError(message)
        if self.route != "codes" and self.grading_periods:
            message = 'grading_periods has an effect with route = "codes" only'
            raise ValueError(message)
        return self

    def services(self) -> dict[str, Service]:
        """The service with its secrets. Raises ``ConfigError`` for a missing one."""
        auth = OAuth1(
            self.consumer_key.reveal(),
            Secret(self.consumer_secret.reveal()),
            self.signature,
            REALM,
            token_parameter=True,
        )
        return {SERVICE: Service(SERVICE, self.url, auth)}
