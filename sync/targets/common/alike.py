"""What a target says of all operations alike, where nothing tells them apart."""

from __future__ import annotations

import polars as pl


def none_of(frame: pl.DataFrame) -> pl.Series:
    """False for each row."""
    return pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)


def one_wave(operations: pl.DataFrame) -> pl.Series:
    """Nothing waits for anything: all are of the first wave."""
    return pl.repeat(0, operations.height, dtype=pl.UInt8, eager=True).alias("wave")
