"""What the row readers hand back: good rows, rows that are wrong by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sync.model.finding import Code
from sync.model.roster import ROW

ODD_SCHEMA = pl.Schema(
    {
        ROW: pl.UInt32(),
        "cells": pl.List(pl.String()),
        "behind_quote": pl.Boolean(),
    }
)
"""``behind_quote``: text stands behind a closing quote; else the width is wrong."""

LONGEST_CELL = 131_072
"""Characters; the limit of Python's csv module, and a thousand times what is needed."""

BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the whole file is refused, and on which physical line."""

    code: Code
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Body:
    """The rows of one file.

    ``frame``: one String column per header cell, named by its place (``0``, ``1``,
    ...), and ``_row``; ``odd``: a frame of ``ODD_SCHEMA``.
    """

    frame: pl.DataFrame
    odd: pl.DataFrame
    refusal: Refusal | None = None


def columns(width: int) -> list[str]:
    """The names that the columns have until the header is put over them."""
    return [str(place) for place in range(width)]


def no_rows(width: int) -> pl.DataFrame:
    """A frame of good rows with none in it."""
    schema = dict.fromkeys(columns(width), pl.String())
    return pl.DataFrame(schema={**schema, ROW: pl.UInt32()})
