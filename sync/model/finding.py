"""Findings: what is wrong with the input, as data and never as exceptions.

A frame of ``FINDING_SCHEMA``; each stage makes some, ``Findings`` gathers them. They
are for people: they carry cell values, so no finding ever goes into a log line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypedDict, Unpack

import polars as pl


class Severity(StrEnum):
    """What a finding does: refuse the drop, reject its row, or only say so."""

    REFUSED = "refused"
    REJECTED = "rejected"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Code:
    """What one finding code means; ``explain`` and the documentation print it."""

    code: str
    severity: Severity
    title: str
    explanation: str
    remedy: str


FINDING_SCHEMA = pl.Schema(
    {
        "code": pl.String,
        "severity": pl.String,
        "entity": pl.String,
        "file": pl.String,
        "line": pl.UInt32,
        "column": pl.String,
        "value": pl.String,
        "message": pl.String,
        "hint": pl.String,
        "cause_file": pl.String,
        "cause_line": pl.UInt32,
        "cause_code": pl.String,
    }
)
"""``file`` inside the drop; ``line`` the physical line on which the row starts, from
1; ``column`` the header as it stands in the file; ``value`` the raw cell; ``cause_*``
the rejected row that brought this one down. Null where there is none."""

FINDING_ORDER = ["file", "line", "code", "column", "value", "message"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding made singly (about a file or the drop, mostly)."""

    code: str
    severity: Severity
    message: str
    entity: str | None = None
    file: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None
    hint: str | None = None


class Place(TypedDict, total=False):
    """Where a finding is and what stands there; see ``Finding``."""

    entity: str | None
    file: str | None
    line: int | None
    column: str | None
    value: str | None
    hint: str | None


def found(code: Code, message: str, **place: Unpack[Place]) -> Finding:
    """One finding of a code, with the severity that the code has.

    What refuses a drop always says what to do: the code's remedy, unless another hint
    is given.
    """
    if code.severity is Severity.REFUSED and place.get("hint") is None:
        place["hint"] = code.remedy
    return Finding(code.code, code.severity, message, **place)


@dataclass(frozen=True, slots=True)
class Findings:
    """An immutable bag of findings, always ordered by file, line and code."""

    frame: pl.DataFrame

    @classmethod
    def none(cls) -> Findings:
        """No findings."""
        return cls(_no_rows())

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Findings:
        """A bag of single findings."""
        rows = [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "entity": finding.entity,
                "file": finding.file,
                "line": finding.line,
                "column": finding.column,
                "value": finding.value,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in findings
        ]
        frames = [pl.DataFrame(rows, schema=FINDING_SCHEMA)] if rows else []
        return cls.from_frames(frames)

    @classmethod
    def from_frames(cls, frames: Sequence[pl.DataFrame]) -> Findings:
        """A bag of frames whose columns are a part of ``FINDING_SCHEMA``."""
        filled = [frame for frame in frames if frame.height]
        if not filled:  # most of them, and a frame costs a tenth of a millisecond
            return cls.none()
        whole = pl.concat([_no_rows(), *filled], how="diagonal")
        return cls(
            whole.select(FINDING_SCHEMA.names()).sort(FINDING_ORDER, nulls_last=False)
        )

    def __add__(self, other: Findings) -> Findings:
        """Both bags in one, in order."""
        if not len(other):
            return self
        return Findings.from_frames([self.frame, other.frame])

    def __len__(self) -> int:
        """How many findings there are."""
        return self.frame.height

    def of_severity(self, severity: Severity) -> pl.DataFrame:
        """The findings of one severity."""
        return self.frame.filter(pl.col("severity") == severity.value)

    @property
    def refuses(self) -> bool:
        """Whether one of them refuses the drop."""
        return not self.of_severity(Severity.REFUSED).is_empty()

    def by_code(self) -> dict[str, int]:
        """How many there are of each code, by code."""
        counts = self.frame.group_by("code").len().sort("code")
        return dict(counts.rows())

    def by_severity(self) -> dict[str, int]:
        """How many there are of each severity; all four are there."""
        counts = dict(self.frame.group_by("severity").len().rows())
        return {severity.value: counts.get(severity.value, 0) for severity in Severity}


@cache
def _no_rows() -> pl.DataFrame:
    return FINDING_SCHEMA.to_frame()
