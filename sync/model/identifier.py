"""Identifiers made of texts: UUIDv5 (RFC 9562, section 5.5) of whole columns.

Level 0 of the house. polars has no SHA-1; hashing is all that is left to Python, over
the distinct texts, and the shape of the identifier is given to whole columns again.
"""

from __future__ import annotations

import hashlib
import uuid

import polars as pl

_VARIANT = {f"{nibble:x}": f"{nibble & 3 | 8:x}" for nibble in range(16)}


def uuid5(namespace: uuid.UUID, texts: pl.Series) -> pl.Series:
    """The identifier of each text in that namespace; null for null."""
    distinct = texts.drop_nulls().unique()
    space = namespace.bytes
    digests = pl.Series(
        "h",
        [
            hashlib.sha1(space + text.encode(), usedforsecurity=False).hexdigest()
            for text in distinct
        ],
        dtype=pl.String,
    )
    h = pl.col("h")
    shaped = digests.to_frame().select(
        pl.concat_str(
            h.str.slice(0, 8),
            h.str.slice(8, 4),
            pl.lit("5") + h.str.slice(13, 3),
            h.str.slice(16, 1).replace_strict(_VARIANT) + h.str.slice(17, 3),
            h.str.slice(20, 12),
            separator="-",
        )
    )
    return texts.replace_strict(
        distinct, shaped.to_series(), default=None, return_dtype=pl.String
    )
