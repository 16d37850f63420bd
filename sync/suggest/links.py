"""Which columns hold what stands in a key of another file: joins by containment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from sync.model.roster import RawTable
from sync.suggest.shapes import Profile, cells

Place = tuple[str, str]
"""File and header."""

SAMPLE = 2000
"""Different values of a column that are looked for in the keys."""
_FEWEST = 2
"""Different values below which containment is an accident."""
_WORDS = 0.98
_KEY = 0.75
"""Share of different cells from which a column may be a key: files have doubles, and
several rows for those who are at several schools."""


@dataclass(frozen=True, slots=True)
class Links:
    """How much of each column is found in each key of the files, 0 to 1."""

    shares: Mapping[Place, Mapping[Place, float]]
    """Column -> key -> share of the column's different cells."""
    naming: Mapping[Place, Mapping[Place, float]]
    """The same from the other side: key -> column -> share."""
    unique: Mapping[Place, float]
    """The share of different cells in each key."""
    distinct: Mapping[Place, int]
    """How many different cells each column has."""

    def share(self, place: Place, key: Place) -> float | None:
        """How much of a column stands in that key; None where nobody has looked."""
        return self.shares.get(place, {}).get(key)

    def best(self, place: Place, file: str) -> tuple[str, float] | None:
        """The key of a file in which most of a column stands, and how much."""
        keys = self.shares.get(place, {}).items()
        there = [(header, share) for (one, header), share in keys if one == file]
        return max(there, key=lambda one: one[1], default=None)

    def named_by(self, key: Place, least: float) -> int:
        """How many different records of this key the column names that names most.

        Small numbers stand in many keys by accident; that which names more is meant.
        """
        counts = (
            self.distinct[place]
            for place, share in self.naming.get(key, {}).items()
            if share >= least and place[0] != key[0]
        )
        return max(counts, default=0)


def links(
    tables: Mapping[str, RawTable], profiles: Mapping[str, Mapping[str, Profile]]
) -> Links:
    """Compare all columns that could be references with all that could be keys."""
    samples = [
        _sample(tables[file], file, header) for file, header in _references(profiles)
    ]
    keys = list(_keys(profiles))
    shares: dict[Place, dict[Place, float]] = {}
    naming: dict[Place, dict[Place, float]] = {}
    for key in keys if samples else ():
        there = cells(tables[key[0]].frame.get_column(key[1])).unique()
        for place, share in _found(pl.concat(samples), there):
            if place != key:
                shares.setdefault(place, {})[key] = share
                naming.setdefault(key, {})[place] = share
    distinct = {
        (file, header): profile.distinct
        for file, columns in profiles.items()
        for header, profile in columns.items()
    }
    unique = {(file, header): profiles[file][header].unique for file, header in keys}
    return Links(shares, naming, unique, distinct)


def _found(values: pl.DataFrame, there: pl.Series) -> Iterator[tuple[Place, float]]:
    """The share of each column that stands among the values of a key."""
    counted = (
        values.with_columns(pl.col("value").is_in(there.implode()).alias("found"))
        .group_by("file", "header")
        .agg(pl.col("found").mean())
        .sort("file", "header")
    )
    for file, header, share in counted.iter_rows():
        yield (file, header), share


def _references(profiles: Mapping[str, Mapping[str, Profile]]) -> Iterator[Place]:
    for file, columns in profiles.items():
        for header, profile in columns.items():
            many = profile.separator is not None
            if profile.distinct >= _FEWEST and (many or profile.share("word") > _WORDS):
                yield file, header


def _keys(profiles: Mapping[str, Mapping[str, Profile]]) -> Iterator[Place]:
    for file, columns in profiles.items():
        for header, profile in columns.items():
            if profile.filled and profile.unique >= _KEY and profile.share("iso") < 1:
                yield file, header


def _sample(table: RawTable, file: str, header: str) -> pl.DataFrame:
    """Some different values of a column, the items of lists one by one."""
    column = table.frame.get_column(header)
    items = cells(column).str.replace_all(r"[|;]", ",").str.split(",").explode()
    values = items.str.strip_chars().unique().sort().head(SAMPLE)
    return pl.DataFrame(
        {"value": values},
        schema={"value": pl.String},
    ).with_columns(pl.lit(file).alias("file"), pl.lit(header).alias("header"))
