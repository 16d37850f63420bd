"""The keys of an Open edX target in ``roster-sync.toml``."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, StrictBool

from sync.config import SecretRef, Table
from sync.targets.openedx.courses import is_course_key
from sync.wire.auth import ClientCredentials, Secret, Service

SERVICE = "lms"
TOKEN_PATH = "/oauth2/access_token"  # noqa: S105 - a path
"""Of the stock platform; no slash behind it."""


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.path.strip("/") or parts.query or parts.fragment:
        message = "must be the origin of the LMS, without a path"
        raise ValueError(message)
    return value


def _course_key(value: str) -> str:
    if not is_course_key(value):
        message = "must be a course key such as course-v1:Org+Number+Run"
        raise ValueError(message)
    return value


class OpenedxSettings(Table):
    """All keys that only this kind has."""

    url: Annotated[str, AfterValidator(_origin)]
    token_url: str | None = None
    client_id: SecretRef
    client_secret: SecretRef
    identifier: Literal["email", "username"] = "email"
    auto_enroll: StrictBool = True
    """Whether people without an account are enrolled when they register."""
    email_students: StrictBool = False
    preserve_mode: StrictBool = False
    """Whether who comes back keeps the mode that he had."""
    courses: tuple[Annotated[str, AfterValidator(_course_key)], ...] = ()
    """The courses that are ours; none: those that drop or ledger name."""

    def services(self) -> dict[str, Service]:
        """The LMS with its secrets. Raises ``ConfigError`` for a missing one."""
        credentials = ClientCredentials(
            self.token_url or self.url.rstrip("/") + TOKEN_PATH,
            self.client_id.reveal(),
            Secret(self.client_secret.reveal()),
            style="body",
            form=(("token_type", "bearer"),),
        )
        return {SERVICE: Service(SERVICE, self.url, credentials)}
