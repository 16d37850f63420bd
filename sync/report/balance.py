"""What one run has to say, and whether it adds up.

In: the counts of every stage, gathered by the flow. Out: an ``Account``, which each
renderer of this package shows in its own way, and the sums that every account must
satisfy. They are computed from the counts, so a row that got lost anywhere shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from sync.model.finding import Findings
from sync.model.operation import DRIFT_SCHEMA
from sync.model.plan import Guard
from sync.model.renames import PROPOSAL_SCHEMA
from sync.report.as_csv import UNTOUCHED_SCHEMA
from sync.report.stage import Stage

PARTS: Mapping[str, tuple[str, ...]] = {
    "rows": ("read", "accepted", "merged", "rejected"),
    "diff": (
        *("unchanged", "create", "update", "reactivate", "remove"),
        *("proposed", "frozen", "blocked", "deferred", "unsupported"),
    ),
    "remote": (
        *("total", "matched", "remove", "kept", "frozen", "out_of_scope"),
        "proposed",
    ),
    "operations": (
        *("planned", "done", "failed", "skipped", "blocked", "in_doubt"),
        "not_reached",
    ),
}
"""The counts of one entity, section by section, in the order of the report. The first
of ``rows``, ``remote`` and ``operations`` is the sum of its others; those of ``diff``
make up ``rows.accepted``."""

TALLY_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("entity", "verb", "state"), pl.String()),
        "status": pl.Int64(),
        "code": pl.String(),
        "count": pl.UInt32(),
        "new": pl.UInt32(),
        "file": pl.String(),
        "line": pl.UInt32(),
    }
)
"""Operations counted by what was to be done and what became of it: ``state`` is a part
of ``operations``; ``status`` and ``code`` of the answer where it was not done, ``new``
how many of these the last night had not, ``file`` and ``line`` of the first."""

OUTCOMES = (
    *("done", "partial", "refused", "held", "target_failed", "interrupted"),
    "preview",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that did not read back as it was written."""

    entity: str
    key: str
    field: str


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that one run has to say; no personal data but in ``findings`` and
    ``drift``.

    The frame of ``findings`` may carry columns more: ``key`` (the record that it is
    about), ``since`` (when the same finding was first seen), ``new`` (the last night
    had it not) and ``known`` (accepted until a date, so no news). A
    section that the run did not reach is left out of its entity, never zeros.
    """

    run: str
    target: str
    kind: str
    outcome: str
    """One of ``OUTCOMES``."""
    exit_code: int
    started: datetime
    finished: datetime
    """Both with a time zone; people are shown the time in that zone."""
    drop: Mapping[str, str | None]
    """``name``, ``sha256``, ``mode``."""
    entities: Mapping[str, Mapping[str, Mapping[str, int]]]
    """Counts by entity, section and part (``PARTS``)."""
    tally: pl.DataFrame = field(default_factory=TALLY_SCHEMA.to_frame)
    guards: tuple[Guard, ...] = ()
    findings: Findings = field(default_factory=Findings.none)
    new_findings: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    """Changes that were not made, and values that do not read back, by code."""
    new_failures: Mapping[str, int] = field(default_factory=dict)
    known: int = 0
    requests: Mapping[str, int] = field(default_factory=dict)
    """``sent``, ``retried``, ``throttled``."""
    stages: tuple[Stage, ...] = ()
    notes: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()
    proposals: pl.DataFrame = field(default_factory=PROPOSAL_SCHEMA.to_frame)
    """Of ``PROPOSAL_SCHEMA``: who may be whom under another id."""
    accepted: int = 0
    """So many renames that somebody had confirmed."""
    confirm: str | None = None
    """The command that accepts what is left in ``renames.csv``."""
    drift: pl.DataFrame = field(default_factory=DRIFT_SCHEMA.to_frame)
    """Of ``DRIFT_SCHEMA``: why operations were skipped."""
    converged: bool | None = None
    """Null when nothing was read back."""
    approved: Mapping[str, Any] | None = None
    """``user``, ``host``, ``at``, ``digest``."""
    plan: Mapping[str, Any] | None = None
    """``path``, ``id``, ``valid_until``, ``held``."""
    digest: str | None = None
    advice: str | None = None
    """What stands behind ``roster-sync:`` when the run did not end with 0."""
    command: str = "roster-sync"
    """How the program is called for this configuration, for commands to copy."""
    anywhere: str = "roster-sync"
    """The same from any folder: for whoever reads the page or a message."""
    timeline: tuple[int, ...] = ()
    """Requests sent in each second from the first one on."""
    undoes: str | None = None
    """The run that this one takes back. Its rows are then the records that that run
    had changed, all of them accepted, and ``diff`` says what becomes of each."""
    left: pl.DataFrame = field(default_factory=UNTOUCHED_SCHEMA.to_frame)
    """Of ``UNTOUCHED_SCHEMA``: records that an undo has to leave, and why."""

    def total(self, section: str, part: str) -> int:
        """One count over all entities."""
        return sum(
            sections.get(section, {}).get(part, 0)
            for sections in self.entities.values()
        )


@dataclass(frozen=True, slots=True)
class Equation:
    """One sum that must hold: a count and the parts it is made of."""

    entity: str
    name: str
    total: int
    parts: tuple[tuple[str, int], ...]

    @property
    def holds(self) -> bool:
        """Whether the parts make up the total, none of them negative."""
        counts = [count for _, count in self.parts]
        return self.total == sum(counts) and min(counts, default=0) >= 0

    def sentence(self) -> str:
        """The equation in words, with its numbers."""
        parts = " + ".join(f"{name} {count:,}" for name, count in self.parts)
        relation = "=" if self.holds else "is not"
        return f"{self.entity}: {self.name} {self.total:,} {relation} {parts}"


def equations(account: Account) -> list[Equation]:
    """Every sum of the report, entity by entity, of the sections that were reached."""
    return [
        equation
        for entity, sections in account.entities.items()
        for equation in _equations(entity, sections)
    ]


def balance(account: Account) -> list[str]:
    """The sums that do not hold, as sentences; none means that it balances."""
    broken = [each.sentence() for each in equations(account) if not each.holds]
    return broken + list(_strangers(account))


def _equations(
    entity: str, sections: Mapping[str, Mapping[str, int]]
) -> Iterator[Equation]:
    rows = sections.get("rows")
    if rows is not None:
        yield _sum(entity, rows, "rows", "rows read")
    if rows is not None and "diff" in sections:
        parts = _parts(sections["diff"], PARTS["diff"])
        yield Equation(entity, "rows accepted", rows.get("accepted", 0), parts)
    if "remote" in sections:
        yield _sum(entity, sections["remote"], "remote", "remote total")
    if "operations" in sections:
        yield _sum(entity, sections["operations"], "operations", "operations planned")


def _sum(entity: str, counts: Mapping[str, int], section: str, name: str) -> Equation:
    whole, *others = PARTS[section]
    return Equation(entity, name, counts.get(whole, 0), _parts(counts, tuple(others)))


def _parts(
    counts: Mapping[str, int], names: tuple[str, ...]
) -> tuple[tuple[str, int], ...]:
    return tuple((name, counts.get(name, 0)) for name in names)


def _strangers(account: Account) -> Iterator[str]:
    """Counts under a name that no sum knows would vanish from the report unseen."""
    for entity, sections in account.entities.items():
        for section, counts in sections.items():
            for name in sorted(set(counts) - set(PARTS.get(section, ()))):
                yield f"{entity}: {section} has a part that no sum knows, {name}"
