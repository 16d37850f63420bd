"""A mapping as the rest of the package reads it: tables, their files, their columns.

In: the content of a TOML file of the right form. The fields are those of ``form``,
where their meaning stands. A shipped mapping is read without it: the form of what is
shipped is tested, and to judge it at each start would double the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from sync.model.entities import Entity, Mode

_RENAMED = {"from": "from_", "as": "as_"}
"""Keys that are words of Python."""


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _each(values: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    return {name: _several(value) for name, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How one canonical column comes from the headers of a file."""

    from_: list[str] | None = None
    aliases: list[str] = field(default_factory=list)
    template: str | None = None
    value: str | None = None
    hash: list[str] | None = None
    optional: bool = False
    split: str | None = None
    part: int | None = None
    trim: bool = False
    regex: str | None = None
    replace: str | None = None
    lower: bool = False
    upper: bool = False
    title: bool = False
    strip_zeros: bool = False
    zfill: int | None = None
    values: dict[str, str] | None = None
    as_: str | None = None
    format: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    default: str | None = None
    written: frozenset[str] = frozenset()
    """The fields that stand in the file, whatever they say there."""

    @classmethod
    def of(cls, content: str | Mapping[str, Any]) -> Self:
        """The steps as they are written; a text is the header that is taken."""
        said = {"from": content} if isinstance(content, str) else content
        given: dict[str, Any] = {
            _RENAMED.get(key, key): value for key, value in said.items()
        }
        if "from_" in given:
            given["from_"] = _several(given["from_"])
        return cls(written=frozenset(given), **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Another file of the drop, whose headers a table may use as ``NAME.header``."""

    files: list[str]
    on: str
    key: str | None = None
    many: bool = False

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The join as it is written."""
        return cls(**{**content, "files": _several(content["files"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class TableModel:
    """One canonical table, from the files whose names match."""

    entity: Entity
    files: list[str]
    join: dict[str, Join] = field(default_factory=dict)
    where: dict[str, list[str]] = field(default_factory=dict)
    unless: dict[str, list[str]] = field(default_factory=dict)
    filled: list[str] = field(default_factory=list)
    combine: dict[str, str] | None = None
    unused: list[str] = field(default_factory=list)
    optional: bool = False
    metadata: bool = False
    columns: dict[str, Steps]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The table as it is written."""
        joins = content.get("join", {}).items()
        read: dict[str, Any] = {
            "entity": Entity(content["entity"]),
            "files": _several(content["files"]),
            "join": {name: Join.of(one) for name, one in joins},
            "where": _each(content.get("where", {})),
            "unless": _each(content.get("unless", {})),
            "columns": {n: Steps.of(one) for n, one in content["columns"].items()},
        }
        return cls(**{**content, **read})


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """One layout."""

    name: str
    title: str
    mode: Mode = Mode.BULK
    guessed: bool = False
    oneroster: str | None = None
    aside: list[str] = field(default_factory=list)
    tables: list[TableModel]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The layout as it is written; the form must be right."""
        read: dict[str, Any] = {
            "mode": Mode(content.get("mode", Mode.BULK)),
            "tables": [TableModel.of(one) for one in content["tables"]],
        }
        return cls(**{**content, **read})
