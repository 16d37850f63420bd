"""Findings by their root cause: one mistake, one entry, its consequences beneath it.

In: the findings of a run. Out: a few ``Cause``, worst first, for people to act on;
grouping is done by polars, so that a million findings cost as little as ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from sync.model.finding import Findings, Severity

MORE_LINES = 3
"""So many further lines are named with a cause."""

_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}
_GROUP = ("severity", "code", "file", "column")
_ROOT = ("code", "file", "line")


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of mistake in one column of one file."""

    severity: str
    code: str
    file: str | None
    column: str | None
    line: int | None
    """Where it stands first."""
    value: str | None
    message: str
    hint: str | None
    count: int
    more: tuple[int, ...]
    """Lines of the next few rows with the same mistake."""
    consequences: int
    """Findings that are there only because of these."""
    new: int | None = None
    """How many of them the last night had not; null where that is not known."""
    since: str | None = None
    """The day since when the oldest of them is there."""

    @property
    def place(self) -> str:
        """``file:line``, as far as there is one."""
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file or 'the drop'}{line}"

    @property
    def others(self) -> int:
        """How many rows there are besides the first."""
        return self.count - 1


def causes(findings: Findings, *, news: bool = False) -> list[Cause]:
    """The causes, refusals first, then rejections, warnings and notes, most rows first.

    With ``news`` without the findings that somebody accepted as known.
    """
    frame = findings.frame
    if news and "known" in frame.columns:
        frame = frame.filter(~pl.col("known").fill_null(value=False))
    rows = _grouped(_with_consequences(_dated(frame))).rows(named=True)
    return [_cause(row) for row in rows]


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    """With ``new`` and ``since``, null where nobody has compared with other nights."""
    kinds = {"new": pl.Boolean(), "since": pl.String()}
    missing = {n: pl.lit(None, k) for n, k in kinds.items() if n not in frame.columns}
    return frame.with_columns(**missing)


def _with_consequences(frame: pl.DataFrame) -> pl.DataFrame:
    """Root findings, each with the number of findings that name it as their cause."""
    is_root = pl.col("cause_code").is_null()
    named = (
        frame.filter(~is_root)
        .group_by("cause_code", "cause_file", "cause_line")
        .agg(pl.len().alias("consequences"))
        .rename({f"cause_{name}": name for name in _ROOT})
    )
    roots = frame.filter(is_root).join(
        named, on=_ROOT, how="left", nulls_equal=True, maintain_order="left"
    )
    first_of_row = pl.struct(_ROOT).is_first_distinct()
    return roots.with_columns(
        pl.when(first_of_row).then("consequences").fill_null(0).alias("consequences")
    )


def _grouped(roots: pl.DataFrame) -> pl.DataFrame:
    return (
        roots.group_by(_GROUP, maintain_order=True)
        .agg(
            pl.len().alias("count"),
            pl.col("line", "value", "message", "hint").first(),
            pl.col("line").slice(1, MORE_LINES).alias("more"),
            pl.col("consequences").sum(),
            pl.when(pl.col("new").is_not_null().any()).then(pl.col("new").sum()),
            pl.col("since").min(),
        )
        .sort(
            pl.col("severity").replace_strict(_RANK, return_dtype=pl.UInt8),
            -pl.col("count").cast(pl.Int64),
            *("code", "file", "column"),
        )
    )


def _cause(row: dict[str, Any]) -> Cause:
    more = tuple(line for line in row.pop("more") if line is not None)
    return Cause(**row, more=more)
