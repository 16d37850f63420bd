"""Findings in the making: one row per finding, still tied to the row of its sheet.

Every step of validation gives such frames; ``publish`` turns them into findings for
people, with the header as it is written in the file and the cell as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import Entity
from sync.model.finding import FINDING_SCHEMA, Severity
from sync.model.roster import FILE, ROW
from sync.validate.sheet import NUMBER, Sheet

ROUGH = pl.Schema([(NUMBER, pl.UInt32), *FINDING_SCHEMA.items()])
"""``_n`` of the row in the sheet of ``entity``; ``column`` is canonical, ``value`` not
yet known."""


class Pile:
    """The findings made so far; the one thing that grows while a drop is judged."""

    def __init__(self) -> None:
        """No findings yet."""
        self._frames: list[pl.DataFrame] = []
        self._earlier: list[pl.DataFrame] = []
        self._known: dict[Entity, tuple[int, pl.DataFrame]] = {}
        """What was said of an entity when there were so many frames."""
        self.broken: Mapping[Entity, pl.DataFrame] = {}
        """Keys of rows of the wrong width, with what rejects them."""

    def know(self, earlier: pl.DataFrame) -> None:
        """Findings that an earlier stage has published: they reject, unsaid."""
        self._earlier.append(earlier)

    def add(self, *frames: pl.DataFrame) -> None:
        """Lay findings (a part of the columns of ``ROUGH``) on the pile."""
        self._frames.extend(frame for frame in frames if not frame.is_empty())

    @property
    def frame(self) -> pl.DataFrame:
        """All that were made here, in the order in which they were made."""
        whole = pl.concat([ROUGH.to_frame(), *self._frames], how="diagonal")
        return whole.select(ROUGH.names())

    def rejecting(self, entity: Entity) -> pl.DataFrame:
        """Those of an entity that reject their row."""
        frames = len(self._earlier) + len(self._frames)
        known = self._known.get(entity)
        if known is None or known[0] != frames:
            known = self._known[entity] = frames, self._rejecting(entity)
        return known[1]

    def _rejecting(self, entity: Entity) -> pl.DataFrame:
        parts = [
            frame.filter(
                (pl.col("entity") == entity.value)
                & (pl.col("severity") == Severity.REJECTED.value)
            )
            for frame in (*self._earlier, *self._frames)
        ]
        whole = pl.concat([ROUGH.to_frame(), *parts], how="diagonal")
        return whole.select(ROUGH.names())

    def rejected(self, entity: Entity) -> pl.Series:
        """The ``_n`` of an entity's rejected rows, sorted."""
        return self.rejecting(entity)[NUMBER].unique().sort()


def rows(
    failing: pl.DataFrame,
    sheet: Sheet,
    code: str,
    severity: Severity,
    **texts: pl.Expr | str | None,
) -> pl.DataFrame:
    """One finding for each row of ``failing`` (with ``_n``, ``_file`` and ``_row``).

    ``texts`` gives ``message`` and, where there are, ``hint``, ``column`` (canonical)
    and the three of the cause.
    """
    given = {
        name: value if isinstance(value, pl.Expr) else pl.lit(value, pl.String)
        for name, value in texts.items()
    }
    return failing.select(
        pl.col(NUMBER),
        pl.lit(code).alias("code"),
        pl.lit(severity.value).alias("severity"),
        pl.lit(sheet.entity.value).alias("entity"),
        pl.col(FILE).alias("file"),
        pl.col(ROW).cast(pl.UInt32).alias("line"),
        **given,
    )
