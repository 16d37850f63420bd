"""Draws that are equal on every machine and with every version of polars.

Beneath everything else in this package: a whole-number column comes in, a column of
mixed 64-bit numbers goes out. The mixing is splitmix64 (Steele, Lea, Flood, "Fast
splittable pseudorandom number generators", 2014) in plain wrapping arithmetic, because
the hash functions of polars may change between its versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import polars as pl

_STEP = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_WORD = 1 << 64
# Of three hundred identifiers, those that look otherwise.
_UUID, _SLASH, _AT = 0, 1, 2


def _whole(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)


def _mixed(number: pl.Expr) -> pl.Expr:
    number = (number ^ (number // _whole(1 << 30))) * _whole(_FIRST)
    number = (number ^ (number // _whole(1 << 27))) * _whole(_SECOND)
    return number ^ (number // _whole(1 << 31))


@dataclass(frozen=True, slots=True)
class Chance:
    """All draws of one district, or of one of its nights: a seed and nothing else.

    A draw follows from the seed, a purpose and a number alone, so that neither the
    order of rows nor the other draws have a say in it.
    """

    seed: int

    def draw(self, number: pl.Expr, purpose: str) -> pl.Expr:
        """Return a UInt64 for each number, evenly spread."""
        salt = (self.seed * _STEP + (crc32(purpose.encode()) << 17)) % _WORD
        return _mixed(_mixed(number.cast(pl.UInt64) + _whole(salt)) + _whole(_STEP))

    def below(self, number: pl.Expr, purpose: str, limit: int) -> pl.Expr:
        """Return a whole number of at least zero and less than `limit` for each."""
        return self.draw(number, purpose) % _whole(limit)

    def share(self, number: pl.Expr, purpose: str, per_mille: int) -> pl.Expr:
        """Return true for about so many of a thousand."""
        return self.below(number, purpose, 1000) < per_mille

    def pick(self, number: pl.Expr, purpose: str, values: Sequence[str]) -> pl.Expr:
        """Return one of the values for each number."""
        return chosen(values, self.below(number, purpose, len(values)))


def chosen(values: Sequence[str], index: pl.Expr) -> pl.Expr:
    """Return the value at each index."""
    return pl.lit(pl.Series(values, dtype=pl.String)).gather(index)


def padded(number: pl.Expr, width: int = 6) -> pl.Expr:
    """Return the number as text with leading zeros."""
    return number.cast(pl.String).str.zfill(width)


def source_id(prefix: str, number: pl.Expr, chance: Chance) -> pl.Expr:
    """Return identifiers such as `stu-000001`; one in a hundred looks otherwise.

    Real districts have some that came from another system. Each shape ends with the
    number (before an `@`), so that `number_of` finds it again.
    """
    purpose = f"{prefix} identifier"
    plain = pl.lit(f"{prefix}-") + padded(number)
    shape = chance.below(number, purpose, 300)
    uuid = (
        pl.lit("5f0c")
        + padded(chance.below(number, f"{purpose} uuid", 10_000), 4)
        + pl.lit("-6b1e-4d7a-9c")
        + padded(chance.below(number, f"{purpose} variant", 100), 2)
        + pl.lit("-")
        + padded(number, 12)
    )
    return (
        pl.when(shape == _UUID)
        .then(uuid)
        .when(shape == _SLASH)
        .then(pl.lit(f"{prefix}/") + padded(number))
        .when(shape == _AT)
        .then(plain + "@sis.example")
        .otherwise(plain)
    )


def number_of(identifier: pl.Expr) -> pl.Expr:
    """Return the number that `source_id` was given."""
    return identifier.str.extract(r"(\d{6,})(?:@[a-z.]+)?$").cast(pl.Int64)
