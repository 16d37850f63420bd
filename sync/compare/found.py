"""What a comparison of two drops finds: for each file the rows that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from sync.compare.changes import CHANGE_SCHEMA
from sync.model.finding import Findings


@dataclass(frozen=True, slots=True)
class Columns:
    """What the mapping knows of the columns of a file."""

    entity: str | None = None
    """Whose rows the file holds; null where no mapping knows."""
    key: tuple[str, ...] = ()
    """The headers of which the key consists; none where whole rows are compared."""
    canonical: Mapping[str, str] = field(default_factory=dict)
    """Header -> the canonical column that it becomes as it is."""


@dataclass(frozen=True, slots=True)
class Sides:
    """A number of each side."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class FileChanges:
    """One file of both drops, or of one of them."""

    file: str
    columns: Columns
    rows: Sides
    """All rows that are not blank."""
    there: tuple[bool, bool] = (True, True)
    """Whether the drop of either side has the file. If one has not, all rows of the
    other were added or removed, and ``changes`` does not list them."""
    added: int = 0
    removed: int = 0
    changed: int = 0
    repeated: int = 0
    """Keys with several rows on a side of which some differ: these rows are listed as
    removed and added ones."""
    unreadable: Sides = Sides(0, 0)
    """Differing rows that have not as many cells as the header, or whose quotes stand
    oddly: they are counted here only."""
    only: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Headers that only the file before, and only the file after, has: their cells are
    not compared."""
    changes: pl.DataFrame = field(default_factory=CHANGE_SCHEMA.to_frame)

    @property
    def cells(self) -> dict[str, int]:
        """Column -> in how many rows it changed, the commonest first."""
        counted = (
            self.changes.filter(pl.col("column").is_not_null())
            .group_by("column")
            .len()
            .sort("len", "column", descending=[True, False])
        )
        return dict(counted.rows())

    @property
    def differs(self) -> bool:
        """Whether anything of the file is not as it was."""
        counts = (self.added, self.removed, self.changed)
        sides = (self.unreadable.before, self.unreadable.after)
        return any((*counts, *sides, *self.only)) or not all(self.there)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one drop to another."""

    before: Path
    after: Path
    layout: str
    """The mapping that knows the keys of the files."""
    files: tuple[FileChanges, ...]
    """Those that could be compared, by their names."""
    refused: Findings = field(default_factory=Findings.none)
    """Why the others could not."""
