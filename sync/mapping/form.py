"""What may be written in a mapping file: its keys, their types and what they mean.

pydantic, because it comes from outside; ``judge`` turns its complaints into a
``ConfigError`` that names file, table, column and the nearest right key. What was found
right is read by ``model``, whose fields are these.
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
    hash: list[str] | None = Field(default=None, min_length=1)
    """A stable identifier (UUIDv5) made of the cells of these headers, in any case and
    with spaces around them; blank where one of them is blank."""
    optional: bool = False
    """The file may lack it and its cells may be blank, though the entity needs it."""
    split: str | None = Field(default=None, min_length=1)
    """The separator of a list in one cell: one row for each item. Several such columns
    of a table go side by side; items that are blank are passed over."""
    part: int | None = None
    """With ``split``: this item only, from 1, or from the end with -1; no more rows."""
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
    """Translations, in any case, "" for blank; what is not in it is rejected or the
    default."""
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


class Join(BaseModel):
    """Another file of the drop, whose headers a table may use as ``NAME.header``."""

    model_config = _STRICT

    files: Headers
    """File names, in any case, with ``*`` and ``?``."""
    on: str = Field(min_length=1)
    """The header of the table's own file, or of a join that stands before this one."""
    key: str | None = Field(default=None, min_length=1)
    """The header of the other file that holds the same; the same name unless said."""
    many: bool = False
    """Whether a key may have several different rows: each gives a row of the table.
    Otherwise such rows are rejected, because none of them may be picked."""


class TableModel(BaseModel):
    """One canonical table, from the files whose names match.

    A file may give rows to several tables, and an entity may come from several.
    """

    model_config = _STRICT

    entity: Annotated[Entity, Field(strict=False)]
    files: Headers
    """File names, in any case, with ``*`` and ``?``."""
    join: dict[str, Join] = {}
    """Name -> another file, by a key."""
    where: dict[str, Headers] = {}
    """Keep the rows whose cell is one of these values, in any case ("" is blank); of a
    joined file: the rows for which one of its rows has it."""
    unless: dict[str, Headers] = {}
    """Leave out the rows whose cell is one of these values, as with ``where``."""
    filled: list[str] = []
    """Keep the rows in which these headers are not blank."""
    combine: dict[str, Literal["first"]] | None = None
    """For a table that is derived from rows of other records: rows that say the same
    are one, without a finding, and so are rows that differ in these columns only."""
    unused: list[str] = []
    """Headers that the layout has and nobody needs: no note is made of them."""
    optional: bool = False
    """Whether a file may lack what the table needs of it, and then gives no rows."""
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
    guessed: bool = False
    """Whether columns were guessed, not taken from the vendor's documentation."""
    oneroster: Literal["1.1", "1.2"] | None = None
    """A OneRoster package of this version, with its manifest."""
    aside: list[str] = []
    """Files of the layout that are known and not read."""
    tables: list[TableModel] = Field(min_length=1)
