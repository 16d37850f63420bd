"""What a roster becomes before it is written: files, and what is in none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from sync.model.entities import Mode

FOUR_FILES = "four-files"
ONEROSTER_1_1 = "oneroster-1.1"
ONEROSTER_1_2 = "oneroster-1.2"
LAYOUTS = (FOUR_FILES, ONEROSTER_1_1, ONEROSTER_1_2)
"""What a drop can be converted to."""


@dataclass(frozen=True, slots=True)
class OutFile:
    """One file: its columns in the order of its header, blank is null."""

    name: str
    mode: Mode | None
    """None for the manifest, which is no table of records."""
    frame: pl.DataFrame = field(repr=False)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not in the files, and why: so many rows, or cells of one column."""

    entity: str
    column: str | None
    """None where whole rows were left out."""
    count: int
    why: str


def sentences(left_out: Sequence[LeftOut]) -> list[str]:
    """For people: one sentence for each entity and reason, in order."""
    groups: dict[tuple[str, bool, str], list[LeftOut]] = {}
    for one in left_out:
        groups.setdefault((one.entity, one.column is None, one.why), []).append(one)
    return [
        f"{entity}: {_rows(found) if rows else _cells(found)}, because {why}"
        for (entity, rows, why), found in groups.items()
    ]


def _rows(found: Sequence[LeftOut]) -> str:
    count = sum(one.count for one in found)
    return f"{count:,} row{'' if count == 1 else 's'}"


def _cells(found: Sequence[LeftOut]) -> str:
    counts: dict[str, int] = {}
    for one in found:
        name = one.column or ""
        counts[name] = counts.get(name, 0) + one.count
    listed = ", ".join(f"{name} ({count:,})" for name, count in counts.items())
    return f"cells of {listed}"


@dataclass(frozen=True, slots=True)
class Package:
    """All files of one conversion, in the order of their names."""

    layout: str
    files: tuple[OutFile, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lacks_rows(self) -> bool:
        """Whether a whole row of the roster is in none of the files."""
        return any(one.column is None for one in self.left_out)
