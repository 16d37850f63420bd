"""The account as one page for the person who reads it first in the morning.

In: an account and the table of operations. Out: one HTML file without script and
without outside resources; everything that came from a file or a server is escaped by
the only template environment of the program, which also makes it harmless to read.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sync.model.counted import number
from sync.model.finding import Severity
from sync.model.operation import Verb
from sync.model.outcome import State
from sync.model.plain import plain
from sync.report.as_csv import NEWS
from sync.report.balance import Account, balance, equations
from sync.report.causes import Cause, causes
from sync.report.changes import Change, changes, fair_share, shown_verbs
from sync.report.drift import with_drift
from sync.report.mask import masked_cell, masked_sentence, without_addresses
from sync.report.sentences import (
    approval,
    drift_advice,
    duration,
    headline,
    holding,
    once_more,
    remarks,
    since,
    would,
)

KIND = ["entity", "verb"]
MAX_SHOWN = 500
"""Changes, and findings, on the page; the sheets have all of them."""
MAX_CAUSES = 12
MAX_TROUBLES = 25
EXAMPLES = 5
"""So many records are named with a reason for which changes were not made."""
MAX_BARS = 120

_NOT_ASKED = {"drift", "blocked", "interrupted", "halted", "held"}
"""Codes of ours, for what nobody was asked, or of which no answer was kept."""
_TROUBLE = (State.FAILED, State.SENT, State.SKIPPED, State.BLOCKED)
_MOODS = {"done": "good", "partial": "look", "held": "look", "preview": "calm"}


def page(account: Account, table: pl.DataFrame, *, reveal: bool = False) -> str:
    """The page; ``table`` is a frame of ``as_csv.operations_table``.

    Names, e-mail addresses and telephone numbers are masked unless ``reveal``.
    """
    every = table.filter(pl.col("verb").is_in([verb.value for verb in Verb]))
    operations = shown_verbs(every) if account.undoes else every
    found = account.findings.frame
    return _ENVIRONMENT.get_template("report.html.j2").render(
        account=account,
        mood=_mood(account),
        headline=headline(account),
        remarks=remarks(account),
        holding=holding(account),
        command=approval(account, anywhere=True),
        would=would(account),
        once_more=once_more(account),
        proposals=account.proposals.head(MAX_SHOWN).rows(named=True),
        proposal_count=account.proposals.height,
        confirm=account.confirm,
        causes=_causes(account, reveal=reveal),
        troubles=_troubles(with_drift(operations, account.drift, reveal=reveal)),
        drift_advice=drift_advice(account),
        left=_left(account.left),
        stopped=_stopped(account),
        equations=equations(account),
        broken=balance(account),
        changes=changes(fair_share(operations, KIND, MAX_SHOWN), reveal=reveal),
        change_count=operations.height,
        kinds=_kinds(operations),
        findings=_findings(fair_share(found, ["code"], MAX_SHOWN), reveal=reveal),
        finding_count=found.height,
        aged="new" in found.columns and not found["new"].all(),
        chart=chart(account.timeline),
        style_hash=_style_hash(),
        reveal=reveal,
    )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Changes of one entity that were not made, all for the same reason."""

    entity: str
    state: str
    status: int | None
    code: str | None
    said: str
    count: int
    new: int | None
    """How many of them the last night had not."""
    since: str | None
    """The day since when the oldest of them is there."""
    examples: list[dict[str, Any]]
    """``key``, ``file``, ``line``, ``changed`` of the first few."""

    @property
    def answer(self) -> str:
        """What the remote system said to it, or that it said nothing."""
        if self.status is not None:
            return f"The remote system answered {self.status} {self.code or ''}".strip()
        if self.code is None or self.code in _NOT_ASKED:
            return ""
        return f"The remote system has not answered ({self.code.replace('_', ' ')})"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart, in its units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Requests per second as bars in a field of 720 by 120."""

    bars: tuple[Bar, ...]
    peak: int
    mean: float
    seconds: int


def chart(timeline: Sequence[int]) -> Chart | None:
    """The chart of a timeline, at most ``MAX_BARS`` bars; null if nothing was sent."""
    peak = max(timeline, default=0)
    if peak == 0:
        return None
    step = -(-len(timeline) // MAX_BARS)
    means = [
        sum(part) / len(part)
        for part in (timeline[i : i + step] for i in range(0, len(timeline), step))
    ]
    wide = 720 / len(means)
    bars = (
        Bar(
            x=round(place * wide, 2),
            y=round(120 - 120 * mean / peak, 2),
            width=round(max(wide - 1, wide / 2), 2),
            height=round(120 * mean / peak, 2),
        )
        for place, mean in enumerate(means)
    )
    return Chart(tuple(bars), peak, sum(timeline) / len(timeline), len(timeline))


def _mood(account: Account) -> str:
    if balance(account):
        return "bad"
    if account.outcome == "done" and account.exit_code:
        return "look"
    return _MOODS.get(account.outcome, "bad")


def _causes(account: Account, *, reveal: bool) -> list[Cause]:
    """The worst causes that are news and that somebody can mend."""
    worst = [
        cause
        for cause in causes(account.findings, news=True)
        if cause.severity != Severity.NOTE
    ]
    return [each if reveal else _masked(each) for each in worst[:MAX_CAUSES]]


def _masked(cause: Cause) -> Cause:
    return replace(
        cause,
        value=masked_cell(cause.column, cause.value),
        message=masked_sentence(cause.message, cause.column, cause.value),
        hint=masked_sentence(cause.hint, cause.column, cause.value),
    )


def _findings(frame: pl.DataFrame, *, reveal: bool) -> list[dict[str, Any]]:
    """Findings as the page lists them; ``frame`` is already cut to a few hundred."""
    rows = list(frame.iter_rows(named=True))
    if reveal:
        return rows
    return [
        {
            **row,
            "value": masked_cell(row["column"], row["value"]),
            "message": masked_sentence(row["message"], row["column"], row["value"]),
            "hint": masked_sentence(row["hint"], row["column"], row["value"]),
        }
        for row in rows
    ]


def _troubles(operations: pl.DataFrame) -> list[Trouble]:
    """What failed first, then what is in doubt, left alone, and held up by others;
    one entry for all that have the same reason."""
    rank = {state.value: place for place, state in enumerate(_TROUBLE)}
    dated = set(NEWS) <= set(operations.columns)
    groups = (
        operations.filter(pl.col("state").is_in(list(rank)))
        .with_columns(said=pl.coalesce("message", "reason"))
        .group_by("state", "status", "code", "said", "entity", maintain_order=True)
        .agg(
            pl.len().alias("count"),
            pl.col("new").sum() if dated else pl.lit(None).alias("new"),
            pl.col("since").min() if dated else pl.lit(None).alias("since"),
            pl.struct("key", "file", "line", "changed")
            .head(EXAMPLES)
            .alias("examples"),
        )
        .sort(
            pl.col("state").replace_strict(rank, return_dtype=pl.UInt8),
            -pl.col("count").cast(pl.Int64),
            maintain_order=True,
        )
    )
    return [
        Trouble(**{**row, "said": without_addresses(row["said"] or "")})
        for row in groups.head(MAX_TROUBLES).rows(named=True)
    ]


def _left(left: pl.DataFrame) -> list[dict[str, Any]]:
    """What an undo leaves: one entry for all records of an entity and a reason."""
    groups = (
        left.group_by("entity", "reason", maintain_order=True)
        .agg(pl.len().alias("count"), pl.col("key").head(EXAMPLES).alias("keys"))
        .head(MAX_TROUBLES)
    )
    return [
        {**row, "reason": without_addresses(row["reason"] or "")}
        for row in groups.rows(named=True)
    ]


def _stopped(account: Account) -> str | None:
    """What a run that was refused or failed asks of a person."""
    ended = account.outcome in {"refused", "target_failed", "interrupted"}
    return account.advice if ended and account.exit_code else None


def _changes_by_kind(shown: Sequence[Change]) -> list[tuple[str, list[Change]]]:
    """Changes under headings such as ``update students``, in the order they came."""
    kinds: dict[str, list[Change]] = {}
    for change in shown:
        kinds.setdefault(f"{change.verb} {change.entity}", []).append(change)
    return list(kinds.items())


def _kinds(operations: pl.DataFrame) -> dict[str, int]:
    """How many changes there are under each heading."""
    named = operations.select(pl.format("{} {}", "verb", "entity").alias("heading"))
    return dict(named.group_by("heading").len().sort("heading").rows())


def _moment(value: object, like: datetime | None = None) -> str:
    """A time as people read it, in the time zone of the run."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return str(value)
    local = value if like is None else value.astimezone(like.tzinfo)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}"


def _harmless(value: object) -> object:
    """What templates print, but for markup of their own."""
    if isinstance(value, Markup):
        return value
    return plain(value) if isinstance(value, str) else value


def _style_hash() -> str:
    """What the page's content policy allows as its only style."""
    style = _ENVIRONMENT.get_template("report.css").render()
    digest = hashlib.sha256(style.encode("utf-8")).digest()
    return base64.b64encode(digest).decode("ascii")


_ENVIRONMENT = Environment(
    loader=PackageLoader("sync.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_harmless,
)
_ENVIRONMENT.filters.update(
    by_kind=_changes_by_kind,
    day=since,
    duration=duration,
    moment=_moment,
    number=number,
)
