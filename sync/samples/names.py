"""Names of people: cultures and draws come in, names in their own script go out."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from sync.samples.chance import Chance, chosen


@dataclass(frozen=True, slots=True)
class Names:
    """The names of all cultures of one kind (given or family), one after the other."""

    native: list[str]
    latin: list[str]
    start: list[int]
    count: list[int]


@cache
def given_names() -> Names:
    """Return the given names of every culture."""
    return _read("given")


@cache
def family_names() -> Names:
    """Return the family names of every culture."""
    return _read("family")


@cache
def culture_of_share() -> list[int]:
    """Return the culture at each of a hundred places, as often as its weight says."""
    weights = [int(culture["weight"]) for culture in _cultures()]
    return [index for index, weight in enumerate(weights) for _ in range(weight)]


def culture(number: pl.Expr, purpose: str, chance: Chance) -> pl.Expr:
    """Return the number of a culture for each person or family."""
    places = pl.Series(culture_of_share(), dtype=pl.Int64)
    return pl.lit(places).gather(chance.below(number, purpose, len(places)))


def name_index(names: Names, culture_number: pl.Expr, draw: pl.Expr) -> pl.Expr:
    """Return the place in `names` of one name of the culture."""
    start = pl.lit(pl.Series(names.start, dtype=pl.UInt64)).gather(culture_number)
    count = pl.lit(pl.Series(names.count, dtype=pl.UInt64)).gather(culture_number)
    return start + draw % count


def native(names: Names, index: pl.Expr) -> pl.Expr:
    """Return the name as its bearer writes it."""
    return chosen(names.native, index)


def latin(names: Names, index: pl.Expr) -> pl.Expr:
    """Return the name in lower-case Latin letters, for user names and addresses."""
    return chosen(names.latin, index)


def _cultures() -> list[dict[str, Any]]:
    text = files("sync.samples").joinpath("names.toml").read_text("utf-8")
    cultures: list[dict[str, Any]] = tomllib.loads(text)["cultures"]
    return cultures


def _read(kind: str) -> Names:
    names = Names([], [], [], [])
    for entry in _cultures():
        names.start.append(len(names.native))
        names.count.append(len(entry[kind]))
        for name in entry[kind]:
            written, _, romanised = name.partition("|")
            names.native.append(written)
            names.latin.append(_plain(romanised or written))
    return names


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in letters if "a" <= letter <= "z")
