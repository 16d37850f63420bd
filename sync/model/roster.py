"""The drop on its way to a roster: raw tables, mapped tables, the validated roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from sync.model.entities import Entity, Mode

FILE = "_file"
ROW = "_row"
KEY = "_key"
KEEP = "_keep"

MANIFEST = "manifest.csv"
"""Of a OneRoster package (OneRoster CSV binding, section 2)."""


class DropKind(StrEnum):
    """How a drop is packed."""

    FOLDER = "folder"
    ZIP = "zip"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files of a drop are read; names in any case, with ``*`` and ``?``."""

    patterns: Sequence[str]
    """What the mapping reads."""
    aside: Sequence[str] = ()
    """What the layout knows and nobody reads."""
    absent: frozenset[str] = frozenset()
    """Names, in lower case, that the manifest declares absent: left alone, as is said
    where the manifest is read."""

    def reads(self, base: str) -> bool:
        """Whether a file of this name, without folders, is read."""
        return base.casefold() not in self.absent and matches(base, self.patterns)

    def sets_aside(self, base: str) -> bool:
        """Whether a file of this name is known to need no reading."""
        return matches(base, self.aside)


def matches(file: str, patterns: Iterable[str]) -> bool:
    """Whether a file's name, without folders, fits a pattern, in any case."""
    base = file.rpartition("/")[2].casefold()
    return any(_fits(base, pattern.casefold()) for pattern in patterns)


_MARKS = frozenset("*?[")


def _fits(base: str, pattern: str) -> bool:
    # Most patterns are whole names, and an expression is made of each of the others.
    plain = _MARKS.isdisjoint(pattern)
    return base == pattern if plain else fnmatchcase(base, pattern)


@dataclass(frozen=True, slots=True)
class RawTable:
    """One file of the drop as text.

    ``frame``: one String column per header cell, named as the header stands in the
    file with the spaces around it removed; cells as read, decoded and unquoted, not
    trimmed, never null (blank is ""); ``_row`` (UInt32) the physical line on which
    the row starts, from 1. Rows that were rejected for their width are not in it;
    ``unreadable`` counts them.
    """

    file: str
    frame: pl.DataFrame
    encoding: str
    delimiter: str
    newline: str
    unreadable: pl.DataFrame
    """``_row`` and ``cells`` (List[String]) of the rows of the wrong width."""
    ended: bool = True
    """Whether its last line has a line end."""
    aside: int = 0
    """Rows with nothing wrong that are not in ``frame``: nobody asked for them."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The header cells, trimmed, in order."""
        return tuple(name for name in self.frame.columns if name != ROW)

    @property
    def rows(self) -> int:
        """Rows read: good ones, here or aside, and rejected ones; no blank lines."""
        return self.frame.height + self.unreadable.height + self.aside


@dataclass(frozen=True, slots=True)
class Drop:
    """One delivery as it was found on disk, read into raw tables."""

    path: Path
    name: str
    kind: DropKind
    sha256: str
    tables: Mapping[str, RawTable]
    """By file (the path inside the drop, ``/`` between folders)."""


@dataclass(frozen=True, slots=True)
class Peeked:
    """One file: its path inside the drop, and its header as far as it can be read."""

    file: str
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peek:
    """What a drop looks like from outside, before anything of it is judged."""

    kind: DropKind
    files: tuple[Peeked, ...]
    manifest: RawTable | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One canonical table as mapped from one or several files.

    ``frame``: canonical columns (String, blank is null), in any case and form, those
    that the drop has and no others; ``_file`` and ``_row`` say where the row stands;
    ``_keep``, where it is there, names the fields of a row (between commas) that its
    file does not deliver.
    """

    entity: Entity
    mode: Mode
    frame: pl.DataFrame
    headers: Mapping[str, Mapping[str, str]]
    """file -> canonical column -> the header it came from."""
    ignored: Mapping[str, tuple[str, ...]]
    """file -> headers that nothing used."""
    joined: frozenset[str] = frozenset()
    """Files of which the rows have cells, though they are not theirs."""
    folded: int = 0
    """Rows of a derived table that said the same as another one and are not in it."""
    partial: bool = False
    """Whether a file that the entity also comes from is not in the drop, so that
    nothing may be removed for its absence."""
    optional: frozenset[str] = frozenset()
    """Columns that this layout may leave blank, though the entity requires them."""
    parts: tuple[Mapping[str, str], ...] = ()
    """Where one file gives rows in several ways, for each of them ``headers``."""
    part: pl.Series | None = None
    """Row by row, in which of these ways it came."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """All canonical tables of a drop, before validation."""

    drop: Drop
    layout: str
    tables: Mapping[Entity, Table]


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of the rows of one entity: read = accepted + merged + rejected."""

    read: int = 0
    accepted: int = 0
    merged: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Roster:
    """The canonical tables after validation, with what must not be touched.

    ``frames``: one row per accepted record, sorted by ``_key``; canonical columns
    (String, normalised, blank is null) that the drop has, ``_key`` (see
    ``normalise.key``), ``_file``, ``_row``, and ``_keep`` (the fields of this row,
    between commas, that count as not delivered; null for none). ``users`` has the
    encoded ``roles`` (see ``normalise.encode_roles``) in place of role, roleType and
    roleOrgSourcedId; ``students`` has ``roles`` too, null for a mere student.
    """

    frames: Mapping[Entity, pl.DataFrame]
    modes: Mapping[Entity, Mode]
    counts: Mapping[Entity, RowCounts]
    frozen: pl.DataFrame
    """``entity`` and ``_key`` of the remote records that a rejected row protects;
    agents and enrollments of a rejected person are found by ``frozen_people``."""
    frozen_people: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """sourcedIds whose links and enrollments are protected."""
    rejected: Mapping[Entity, pl.DataFrame] = field(default_factory=dict)
    """The rejected rows, normalised as far as they can be read: canonical columns,
    ``_key`` (null where it cannot be read)."""
    no_removals: frozenset[Entity] = frozenset()
    """Entities of which nothing is removed: a row without a readable key."""
    links_stated: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """In a delta: sourcedIds of people whose own row states all links that they have,
    so that those which it leaves out are ended."""

    def delivered(self, entity: Entity) -> tuple[str, ...]:
        """The canonical columns that the drop has for this entity."""
        frame = self.frames.get(entity)
        if frame is None:
            return ()
        return tuple(name for name in frame.columns if not name.startswith("_"))
