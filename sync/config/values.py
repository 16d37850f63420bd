"""The small values of the configuration: durations, date ranges, secrets.

Level 2, under ``sync.config``: TOML values come in, typed values go out. A mistake is
a ``ValueError`` whose text never repeats what stood in the file, because that might be
a secret in the wrong place.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from sync.errors import ConfigError

FOLDER = "folder"
"""Under this name the validation context holds the folder of the file."""

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_LONGEST_DAYS = 3650
_NOT_A_DURATION = 'must be a duration such as "30s", "30m", "24h" or "7d"'
_NOT_A_RANGE = 'must be a date range such as "2026-06-15/2026-08-20"'
_NOT_A_PLACE = 'must be { env = "NAME" } or { file = "path" }'


class Table(BaseModel):
    """One table of the configuration: frozen, and unknown keys are mistakes.

    The models of the kinds and of their services derive from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


def parse_duration(value: object) -> timedelta:
    """A duration from ``"30s"``, ``"1.5h"``, ``"7d"`` or a number of seconds.

    The units are ms, s, m, h and d, one in each text. Raises ``ValueError``.
    """
    if isinstance(value, timedelta):
        return value
    seconds = _seconds(value)
    if seconds is None:
        raise ValueError(_NOT_A_DURATION)
    if not 0 <= seconds <= _LONGEST_DAYS * _SECONDS["d"]:
        message = f"must be a duration from 0 to {_LONGEST_DAYS} days"
        raise ValueError(message)
    return timedelta(seconds=seconds)


def _seconds(value: object) -> float | None:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        return float(match[1]) * _SECONDS[match[2]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_DURATION.pattern}$"},
                {"type": "number", "minimum": 0},
            ],
            "description": 'Such as "30s", "30m", "24h", "7d", or seconds.',
        }
    ),
]
"""A ``timedelta`` in a model, written as ``parse_duration`` reads it."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Whether that day lies in the range."""
        return self.first <= day <= self.last


def parse_date_range(value: object) -> DateRange:
    """A range from ``"2026-06-15/2026-08-20"``. Raises ``ValueError``."""
    if isinstance(value, DateRange):
        return value
    if not isinstance(value, str):
        raise ValueError(_NOT_A_RANGE)  # noqa: TRY004 - pydantic collects ValueError
    first, slash, last = value.partition("/")
    try:
        days = DateRange(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        raise ValueError(_NOT_A_RANGE) from None
    if not slash or days.last < days.first:
        message = f"{_NOT_A_RANGE}, the earlier day first"
        raise ValueError(message)
    return days


Days = Annotated[
    DateRange,
    BeforeValidator(parse_date_range),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}$",
            "description": "First and last day, both included.",
        }
    ),
]
"""A ``DateRange`` in a model."""


class SecretRef(BaseModel):
    """Where a secret stands; the secret itself is read by ``reveal`` and not kept.

    ``{ env = "NAME" }`` or ``{ file = "path" }``, the path relative to the
    configuration; never a literal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Annotated[str, Field(pattern=_VARIABLE)] | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _relative_to_the_configuration(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, SecretRef):
            return value
        if not isinstance(value, dict):
            message = f"{_NOT_A_PLACE}; a secret never stands in the configuration"
            raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueErrors
        file = value.get("file")
        if not isinstance(file, str | Path):
            return value
        if not str(file):
            raise ValueError(_NOT_A_PLACE)
        folder = (info.context or {}).get(FOLDER, Path())
        return value | {"file": folder / Path(file).expanduser()}

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.env) == bool(self.file):
            message = f"{_NOT_A_PLACE}, one of the two"
            raise ValueError(message)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say to editors that it is the one or the other."""
        text = {"type": "string", "minLength": 1}
        return {
            "description": "Where the secret stands; never the secret itself.",
            "oneOf": [
                {
                    "type": "object",
                    "properties": {place: text},
                    "required": [place],
                    "additionalProperties": False,
                }
                for place in ("env", "file")
            ],
        }

    def reveal(self) -> str:
        """The secret, read now. Raises ``ConfigError`` naming the place, no value."""
        return _from_file(self.file) if self.file else _from_environment(self.env or "")


def _from_environment(name: str) -> str:
    secret = os.environ.get(name, "")
    if not secret:
        problem = f"the environment variable {name}, which holds a secret, is not set"
        raise ConfigError(None, None, problem, do=f"set {name} for this command")
    return secret


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            secret = stream.read().decode()
    except OSError as error:
        problem = f"the secret cannot be read: {error.strerror}"
        do = "write the secret into it, readable by this user only"
        raise ConfigError(path, None, problem, do=do) from None
    except UnicodeDecodeError:
        raise ConfigError(path, None, "the secret is not UTF-8 text") from None
    if stat.S_IMODE(mode) & 0o077:
        problem = f"the secret can be read by others (mode {stat.S_IMODE(mode):04o})"
        raise ConfigError(path, None, problem, do=f"chmod 600 {path}")
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise ConfigError(path, None, "the file is empty", do="write the secret there")
    return secret
