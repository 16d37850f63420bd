"""How a run ended, as people and monitors are told: without a cell of a roster.

In: the account of a run, or the error that ended it before there was one. Out:
``Ended`` and the few worst problems of it, each by its code and its first line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from sync.errors import ExitCode
from sync.model.entities import ENTITIES
from sync.model.finding import Severity
from sync.report import Account, Cause, causes, header_is_open

ENDINGS: Mapping[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.PARTIAL: "partial",
    ExitCode.USAGE: "refused",
    ExitCode.REFUSED: "refused",
    ExitCode.HELD: "held",
    ExitCode.TARGET_FAILED: "target_failed",
    ExitCode.LOCKED: "locked",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.LOCAL_FAILED: "failed",
}
"""The words of ``on``, and the label ``outcome`` of the metrics."""
WORST = 3
"""So many problems are told; the report has the others."""

_REFUSED, _FAILED, _REJECTED, _UNSURE, _LEFT, _WARNING = range(6)
_OF_FINDINGS = {
    Severity.REFUSED.value: _REFUSED,
    Severity.REJECTED.value: _REJECTED,
    Severity.WARNING.value: _WARNING,
}
_OF_OPERATIONS = {
    "failed": _FAILED,
    "in_doubt": _UNSURE,
    "skipped": _LEFT,
    "blocked": _LEFT,
}


Rank = tuple[int, bool, int, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """One run that has ended, or could not begin."""

    target: str
    exit_code: ExitCode
    at: datetime
    """With the time zone of the configuration."""
    account: Account | None
    """Null where there is no report."""
    said: str | None
    """What the ``roster-sync:`` line said, where it may be repeated."""
    report: Path | None
    """The page for people."""
    host: str
    """The machine that it is on."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What each finding code means, in a few words."""

    @property
    def ending(self) -> str:
        """One of ``ENDINGS``."""
        return ENDINGS[self.exit_code]

    @property
    def news(self) -> int:
        """How many findings, notes apart, and failures the last night had not."""
        if self.account is None:
            return 0
        found = self.account.findings.frame
        new = 0
        if "new" in found.columns:
            told = found.filter("new", pl.col("severity") != Severity.NOTE.value)
            new = told.height
        return new + sum(self.account.new_failures.values())


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: a kind of finding, or of failure."""

    severity: str
    code: str
    what: str
    file: str | None
    line: int | None
    column: str | None
    count: int
    new: int | None
    since: str | None

    @property
    def place(self) -> str:
        """``file:line``, as far as there is one."""
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}" if self.file else ""

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        return {name: getattr(self, name) for name in self.__slots__}


def worst(ended: Ended) -> tuple[list[Problem], int]:
    """The worst problems, those that are new before those that are not, and how many
    kinds there are besides."""
    account = ended.account
    if account is None:
        return [], 0
    ranked = [
        *(_ranked(each, ended.titles) for each in causes(account.findings, news=True)),
        *_failures(account.tally),
    ]
    told = _merged(sorted(filter(None, ranked), key=lambda one: one[0]))
    return told[:WORST], max(len(told) - WORST, 0)


def _merged(ranked: Sequence[tuple[Rank, Problem]]) -> list[Problem]:
    """One problem for each code and file: all missing columns, say."""
    kinds: dict[tuple[object, ...], Problem] = {}
    for _, one in ranked:
        kind = (one.severity, one.code, one.what, one.file)
        first = kinds.get(kind)
        kinds[kind] = one if first is None else _both(first, one)
    return list(kinds.values())


def _both(first: Problem, other: Problem) -> Problem:
    days = [day for day in (first.since, other.since) if day is not None]
    news = (first.new, other.new)
    return replace(
        first,
        column=None,
        count=first.count + other.count,
        new=None if None in news else sum(new or 0 for new in news),
        since=min(days, default=None),
    )


def _ranked(cause: Cause, titles: Mapping[str, str]) -> tuple[Rank, Problem] | None:
    rank = _OF_FINDINGS.get(cause.severity)
    if rank is None:
        return None
    problem = Problem(
        severity=cause.severity,
        code=cause.code,
        what=titles.get(cause.code, "see the report"),
        file=cause.file,
        line=cause.line,
        column=cause.column if _is_a_name(cause.column) else None,
        count=cause.count,
        new=cause.new,
        since=cause.since,
    )
    return (rank, cause.new == 0, -cause.count, cause.code), problem


_COLUMNS = {one.name.casefold() for spec in ENTITIES.values() for one in spec.columns}


def _is_a_name(column: str | None) -> bool:
    """Whether a header is known to be one: in a file without any, it is somebody."""
    return column is not None and (
        column.casefold() in _COLUMNS or header_is_open(column)
    )


def _failures(tally: pl.DataFrame) -> Iterator[tuple[Rank, Problem]]:
    for row in tally.filter(pl.col("state").is_in(list(_OF_OPERATIONS))).to_dicts():
        answer = row["status"]
        code = row["code"] or "unknown" if answer is None else str(answer)
        state = row["state"].replace("_", " ")
        problem = Problem(
            severity=row["state"],
            code=code,
            what=f"{row['verb']} of {row['entity']}: {state}",
            file=row["file"],
            line=row["line"],
            column=None,
            count=row["count"],
            new=row["new"],
            since=None,
        )
        rank = _OF_OPERATIONS[row["state"]]
        yield (rank, row["new"] == 0, -row["count"], code), problem
