"""Who is told how a run ended: the tables ``[notify.NAME]``.

Level 2, under ``sync.config``; loaded where a configuration has such a table. Nothing
is sent and no secret is read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sync.config.load import TARGET_NAME
from sync.config.model import PositiveDuration, Text
from sync.config.nearest import did_you_mean
from sync.config.problems import Problem, Reader
from sync.config.values import FOLDER, SecretRef, Table
from sync.model.loopback import is_loopback

Ending = Literal[
    "done",
    "partial",
    "refused",
    "held",
    "target_failed",
    "locked",
    "interrupted",
    "failed",
]
"""How a run may end: the exit codes 0, 1, 3 (and 2), 4, 5, 6, 7 and 8."""
USUAL: tuple[Ending, ...] = (
    *("partial", "refused", "held", "target_failed", "interrupted", "failed"),
)
"""A good night, and a second start while the first goes on, need nobody."""
_LONGEST = timedelta(minutes=5)
"""For so long a run may wait, at the most, until its message is taken."""
_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)
_URL = re.compile(r"https?://[^\s@\\<>\"]+", re.ASCII | re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9.:-]+", re.ASCII)


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        message = "is empty: name at least one"
        raise ValueError(message)
    return values


def _address(value: str) -> str:
    if not (value.isascii() and _ADDRESS.fullmatch(value)):
        message = "must be one e-mail address such as roster@district.example"
        raise ValueError(message)
    return value


def web_address(url: str) -> str:
    """That url, if a message may go there.

    Raises ``ValueError`` for anything but https, or http to this machine.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or port == 0 or not _URL.fullmatch(url) or parts.fragment:
        message = "must be an address such as https://host/path"
        raise ValueError(message)
    if parts.scheme.lower() == "http" and not is_loopback(host):
        message = "must be https; http is for this machine alone"
        raise ValueError(message)
    return url


def _place(value: object, info: ValidationInfo) -> str | SecretRef:
    if isinstance(value, str):
        return web_address(value)
    try:
        return SecretRef.model_validate(value, context=info.context)
    except ValidationError:
        message = 'must be an address, or { env = "NAME" } or { file = "path" }'
        raise ValueError(message) from None


Address = Annotated[str, AfterValidator(_address)]
WebAddress = Annotated[
    str | SecretRef, PlainValidator(_place, json_schema_input_type=str | SecretRef)
]
"""Where a message goes; for some receivers that is a secret itself."""


class Channel(Table):
    """What every way of telling people has."""

    on: Annotated[tuple[Ending, ...], AfterValidator(_some)] = USUAL
    on_new_only: StrictBool = False
    """Of ``done`` and ``partial`` only what is new: the others are always told."""
    targets: tuple[Text, ...] = ()
    """Whose runs are told; none: all."""
    timeout: PositiveDuration = timedelta(seconds=20)
    """For one message, from the first byte to the last."""
    ca_file: Path | None = None
    """The certificates to trust instead of the usual ones."""

    @field_validator("timeout")
    @classmethod
    def _bounded(cls, timeout: timedelta) -> timedelta:
        if timeout > _LONGEST:
            message = "must be at most 5 minutes: the command waits for it"
            raise ValueError(message)
        return timeout

    @field_validator("ca_file")
    @classmethod
    def _beside_the_configuration(
        cls, path: Path | None, info: ValidationInfo
    ) -> Path | None:
        if path is None:
            return None
        folder: Path = (info.context or {}).get(FOLDER, Path())
        return folder / path.expanduser()


class Mail(Channel):
    """E-mail by SMTP."""

    kind: Literal["mail"]
    host: Text
    port: Annotated[StrictInt, Field(ge=1, le=65535)] | None = None
    """Of the server; by default 587, with ``tls`` 465, with ``none`` 25."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Annotated[Address, Field(alias="from")]
    to: Annotated[tuple[Address, ...], AfterValidator(_some)]
    username: SecretRef | None = None
    password: SecretRef | None = None

    @field_validator("host")
    @classmethod
    def _a_host(cls, host: str) -> str:
        if not _HOST.fullmatch(host):
            message = "must be the name of a host, such as smtp.district.example"
            raise ValueError(message)
        return host

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            message = "username and password go together"
            raise ValueError(message)
        if self.security == "none" and not is_loopback(self.host):
            message = 'security = "none" is for this machine alone; use "starttls"'
            raise ValueError(message)
        return self


class Webhook(Channel):
    """A signed POST of one JSON document."""

    kind: Literal["webhook"]
    url: WebAddress
    secret: SecretRef
    """The key of the signature."""


KINDS: Mapping[str, type[Mail | Webhook]] = {"mail": Mail, "webhook": Webhook}


def channels(
    tables: object, targets: Mapping[str, Any], folder: Path, found: list[Problem]
) -> dict[str, Mail | Webhook]:
    """The channels by name; what is wrong with their tables is added to ``found``.

    ``targets``: those that are configured.
    """
    if not isinstance(tables, dict):
        found.append(Problem("notify", "must hold tables such as [notify.office]"))
        return {}
    read = {
        name: _channel(name, table, targets, Reader(("notify", name), folder, found))
        for name, table in tables.items()
    }
    return {name: channel for name, channel in read.items() if channel is not None}


def _channel(
    name: str, table: object, targets: Mapping[str, Any], reader: Reader
) -> Mail | Webhook | None:
    place = f"notify.{name}"
    if not TARGET_NAME.fullmatch(name):
        text = "its name has up to 64 letters, digits, - and _"
        reader.found.append(Problem(place, text))
        return None
    if not isinstance(table, dict):
        text = 'must be a table such as [notify.office] with kind = "mail"'
        reader.found.append(Problem(place, text))
        return None
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        near = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        text = f'must be "mail" or "webhook"{near}'
        reader.found.append(Problem(f"{place}.kind", text))
        return None
    channel = reader.read(KINDS[kind], table)
    for one in channel.targets if channel is not None else ():
        if one not in targets:
            text = f"there is no such target{did_you_mean(one, targets)}"
            reader.found.append(Problem(f"{place}.targets", text))
    return channel
