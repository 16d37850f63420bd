"""A mapping file as it is written: tables, their files, and the steps of each column.

pydantic, because it comes from outside; ``load`` turns its complaints into a
``ConfigError`` that names file, table, column and the nearest right key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sync.model.entities import Entity, Mode

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _steps(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


Headers = Annotated[
    list[str],
    BeforeValidator(_several, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]
"""One header or several."""


class Steps(BaseModel):
    """How one canonical column comes from the headers of a file.

    The steps are taken in the order in which they stand here, whatever their order in
    the file; cells are trimmed before the first of them.
    """

    model_config = _STRICT

    from_: Headers | None = Field(default=None, alias="from")
    """The first of these headers whose cell is not blank."""
    aliases: list[str] = []
    """Known misspellings, taken with a note where none of ``from`` is there."""
    template: str | None = None
    """Text with headers in braces; blank where one of their cells is blank."""
    value: str | None = None
    """A constant."""
    trim: bool = False
    regex: str | None = None
    """What ``replace`` replaces (Rust syntax, ``${1}`` for the first group)."""
    replace: str | None = None
    lower: bool = False
    upper: bool = False
    title: bool = False
    strip_zeros: bool = False
    """Without the zeros at the beginning."""
    zfill: int | None = Field(default=None, ge=1, le=255)
    """Filled up with zeros at the beginning to so many characters."""
    values: dict[str, str] | None = None
    """Translations, in any case; what is not in it is rejected or the default."""
    as_: Literal["date", "boolean", "grades", "role", "phone"] | None = Field(
        default=None, alias="as"
    )
    """Read as this; what cannot be read so stays for validation to name."""
    format: str | None = None
    """Of a date, such as ``%m/%d/%Y``."""
    prefix: str | None = None
    suffix: str | None = None
    default: str | None = None
    """What stands for a blank cell, as it is written here."""


class TableModel(BaseModel):
    """One canonical table, from the files whose names match."""

    model_config = _STRICT

    entity: Annotated[Entity, Field(strict=False)]
    files: Headers
    """File names, in any case, with ``*`` and ``?``."""
    where: dict[str, Headers] = {}
    """Keep the rows whose cell is one of these values, in any case."""
    metadata: bool = False
    """Whether columns named ``metadata.*`` are carried along."""
    columns: dict[
        str,
        Annotated[Steps, BeforeValidator(_steps, json_schema_input_type=str | Steps)],
    ]
    """Canonical column -> header, or its steps."""


class MappingFile(BaseModel):
    """One layout."""

    model_config = _STRICT

    name: str = Field(min_length=1)
    title: str
    mode: Annotated[Mode, Field(strict=False)] = Mode.BULK
    tables: list[TableModel] = Field(min_length=1)
