"""The selection as configured, and what its patterns meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

STAR = "*"
EVERYTHING = (STAR,)


@dataclass(frozen=True, slots=True)
class Selection:
    """Values of which one must be met; ``*`` at the end stands for any rest.

    Every key narrows: a record must meet all of those that ask for something it has.
    """

    orgs: tuple[str, ...] = EVERYTHING
    grades: tuple[str, ...] = EVERYTHING
    roles: tuple[str, ...] = EVERYTHING
    classes: tuple[str, ...] = EVERYTHING
    courses: tuple[str, ...] = EVERYTHING


def open_to_all(patterns: Sequence[str]) -> bool:
    """Whether the patterns leave nothing out."""
    return STAR in patterns


def meets(value: pl.Expr, patterns: Sequence[str]) -> pl.Expr:
    """Whether a value is one of these, or begins like one that ends with ``*``.

    Null for null.
    """
    exact = [one for one in patterns if not one.endswith(STAR)]
    heads = [one.removesuffix(STAR) for one in patterns if one.endswith(STAR)]
    met = value.is_in(exact)
    for head in heads:
        met |= value.str.starts_with(head)
    return pl.when(value.is_not_null()).then(met)
