"""Which record each finding is about: its row moves from night to night, its key stays.

In: the findings of a run, each with file and line, and the roster that they were made
of. Out: the same findings with ``key`` and the digest of their row, null where no
record is known.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress

import polars as pl

from sync.flow.context import Context
from sync.flow.intake import Intake
from sync.flow.kept import FOUND
from sync.flow.known import KnownIntake, in_full
from sync.model.entities import Entity
from sync.model.finding import Findings
from sync.model.identifier import uuid5
from sync.model.roster import FILE, KEY, ROW, Roster

ROW_DIGEST = "row_digest"
"""Of all cells of a row, as far as they can be read."""
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "roster-sync.rows")

_PLACE = ["entity", "file", "line"]
_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("entity", "file"), pl.String()),
        "line": pl.UInt32(),
        "key": pl.String(),
        ROW_DIGEST: pl.String(),
    }
)


def with_keys(context: Context, intake: Intake) -> Findings:
    """The story's findings, with ``key``."""
    findings = context.story.findings.frame.drop("key", ROW_DIGEST, strict=False)
    asked = findings.select(_PLACE).drop_nulls().unique()
    known = _remembered(context, intake).join(asked, on=_PLACE, how="semi")
    unknown = asked.join(known, on=_PLACE, how="anti")
    if unknown.height:
        roster = in_full(intake).roster
        if roster is not None:
            known = pl.concat([known, *_looked_up(unknown, roster)])
    # A row of which several records are made is known by the first of them.
    first = known.sort("key").group_by(_PLACE).first()
    return Findings(
        findings.join(
            first, on=_PLACE, how="left", nulls_equal=True, maintain_order="left"
        )
    )


def _remembered(context: Context, intake: Intake) -> pl.DataFrame:
    """What an earlier night found out of the same drop, which is not read again."""
    if isinstance(intake, KnownIntake):
        path = context.folder.runs / intake.run / FOUND
        with suppress(OSError, pl.exceptions.PolarsError):
            return pl.read_parquet(path).select(_SCHEMA.names()).unique()
    return pl.DataFrame(schema=_SCHEMA)


def _looked_up(asked: pl.DataFrame, roster: Roster) -> Iterator[pl.DataFrame]:
    for (entity,), places in asked.partition_by("entity", as_dict=True).items():
        lines, own = places["line"].unique(), Entity(str(entity))
        for frames in (roster.rejected, roster.frames):
            frame = frames.get(own)
            if frame is not None and KEY in frame.columns:
                there = pl.col(ROW).is_in(lines.implode())
                rows = frame.filter(there, pl.col(KEY).is_not_null())
                yield (
                    rows.select(
                        pl.lit(entity).alias("entity"),
                        pl.col(FILE).alias("file"),
                        pl.col(ROW).alias("line"),
                        pl.col(KEY).alias("key"),
                        _digest(rows).alias(ROW_DIGEST),
                    )
                    .cast(_SCHEMA)
                    .join(places, on=_PLACE, how="semi")
                )


def _digest(rows: pl.DataFrame) -> pl.Series:
    """Of each row its cells under their names; a blank one tells nothing."""
    names = sorted(name for name in rows.columns if not name.startswith("_"))
    cells = [pl.concat_str(pl.lit(f"{name}="), name) for name in names]
    said = pl.concat_str(cells, separator="\x1f", ignore_nulls=True)
    return uuid5(NAMESPACE, rows.select(said).to_series())
