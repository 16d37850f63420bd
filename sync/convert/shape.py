"""A table brought into the form of a file of OneRoster's."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from sync.convert.binding import HEADERS
from sync.convert.moment import as_text
from sync.convert.package import OutFile
from sync.model.entities import METADATA_PREFIX, Mode

OURS = "metadata.rosterSync."
"""Columns so named are written for our own reader."""
STATUS = f"{OURS}status"
CHANGED = "dateLastModified"
LISTED = "agentSourcedIds"


def with_status(frame: pl.DataFrame, mode: Mode, moment: datetime) -> pl.DataFrame:
    """The table with ``status`` and ``dateLastModified`` as its mode wants them.

    Bulk leaves both blank; a delta knows active and tobedeleted. What the file cannot
    say stands in ``metadata.rosterSync.status``. (CSV binding, processing modes.)
    """
    there = "status" in frame.columns
    status = pl.col("status") if there else pl.lit(None, pl.String)
    if mode is Mode.BULK:
        said = status.is_null() | (status == "active")
        blank = pl.lit(None, pl.String)
        own = [blank.alias("status"), blank.alias(CHANGED)]
    else:
        ends = status == "tobedeleted"
        said = status.is_null() | status.is_in(["active", "tobedeleted"])
        word = pl.when(ends).then(status).otherwise(pl.lit("active"))
        own = [word.alias("status"), pl.lit(as_text(moment)).alias(CHANGED)]
    return frame.with_columns(*own, pl.when(~said).then(status).alias(STATUS))


def out_file(layout: str, name: str, mode: Mode, frame: pl.DataFrame) -> OutFile:
    """The table under its full header, ``metadata.*`` sorted behind it, by sourcedId.

    Columns of our own in which nothing stands are left out, and so is
    ``agentSourcedIds`` where the table does not have it: a blank one would say that
    nobody has a guardian.
    """
    header = [
        pl.col(one) if one in frame.columns else pl.lit(None, pl.String).alias(one)
        for one in HEADERS[layout][name]
        if one != LISTED or one in frame.columns
    ]
    metadata = sorted(n for n in frame.columns if n.startswith(METADATA_PREFIX))
    spoken = [
        n
        for n in metadata
        if not n.startswith(OURS) or frame[n].null_count() < frame.height
    ]
    return OutFile(
        f"{name}.csv", mode, frame.select(*header, *spoken).sort("sourcedId")
    )
