"""A drop taken in: read, mapped, validated. No network, no memory of earlier drops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sync import mapping as mappings
from sync.errors import RefusedError, RosterSyncError
from sync.flow.sifting import sift
from sync.model.entities import Entity
from sync.model.finding import Finding, Findings, Severity
from sync.model.roster import Drop, Mapped, Roster
from sync.read import peek, read_drop
from sync.report import Stage
from sync.validate import Aside, validate


@dataclass(frozen=True, slots=True)
class Rejection:
    """The share of rejected rows beyond which a drop is refused (``guards.rejected``),
    for files of at least ``floor`` rows."""

    percent: float = 5
    count: int | None = None
    floor: int = 20

    def exceeded(self, rejected: int, read: int) -> bool:
        """Whether more are rejected than may be."""
        if read < self.floor:
            return False
        over = self.count is not None and rejected > self.count
        return over or rejected * 100 > self.percent * read


@dataclass(frozen=True, slots=True)
class How:
    """How a drop is to be taken in."""

    mapping: str | None = None
    delta: bool = False
    same_username: str = "reject"
    require: Sequence[Entity] = ()
    rejection: Rejection = Rejection()
    whole: bool = True
    """Whether the rows that nothing is wrong with are wanted too."""


@dataclass(frozen=True, slots=True)
class Intake:
    """A drop as far as it came: ``roster`` is null where it was refused."""

    drop: Drop
    mapped: Mapped | None
    roster: Roster | None
    findings: Findings
    stages: tuple[Stage, ...] = ()
    absent: frozenset[Entity] = frozenset()
    """Entities of which the drop itself says that it has none."""
    columns: Mapping[str, list[str]] = field(default_factory=dict)
    """Patterns of a file -> its headers that decide on more than their own field."""

    @property
    def refused(self) -> bool:
        """Whether nothing of it may be carried out."""
        return self.findings.refuses or self.roster is None

    @property
    def rejected(self) -> bool:
        """Whether a row of it was rejected."""
        return not self.findings.of_severity(Severity.REJECTED).is_empty()


def _unwatched(_: Stage) -> None:
    """Nobody wants to know how far it is."""


def take_in(
    path: Path, how: How, today: date, watch: Callable[[Stage], None] = _unwatched
) -> Intake:
    """Read, map and validate a drop; ``watch`` is told of each step when it is done.

    Everything wrong with it is in the findings; ``UsageError`` only where there is
    nothing at ``path``, ``ConfigError`` for a faulty mapping.
    """
    began = time.perf_counter()
    layout = mappings.recognise(peek(path), how.mapping, delta=how.delta)
    drop, found, aside = _read(path, layout, how, today)
    found += Findings.of(layout.findings)
    rows = sum(table.rows for table in drop.tables.values())
    stages: tuple[Stage, ...] = (Stage("read", time.perf_counter() - began, rows),)
    watch(stages[-1])
    if found.refuses:
        mapped = Mapped(drop, layout.mapping.name, {})
        named = mappings.name_entities(found, layout.mapping, mapped)
        return Intake(drop, mapped, None, named, stages)
    began = time.perf_counter()
    mapped, more = mappings.apply(drop, layout, delta=how.delta)
    found = mappings.name_entities(found + more, layout.mapping, mapped)
    stages = (*stages, Stage("map", time.perf_counter() - began, rows))
    watch(stages[-1])
    if found.refuses:
        return Intake(drop, mapped, None, found, stages)
    began = time.perf_counter()
    roster, judged = validate(
        mapped,
        same_username=how.same_username,
        today=today,
        earlier=found,
        aside=aside,
    )
    found += judged + Findings.of(_refusals(mapped, roster, how))
    stages = (*stages, Stage("validate", time.perf_counter() - began, rows))
    watch(stages[-1])
    columns = mappings.columns_read(drop, layout.mapping)
    absent = layout.absent_entities
    return Intake(drop, mapped, roster, found, stages, absent, columns)


def _read(
    path: Path, layout: mappings.Layout, how: How, today: date
) -> tuple[Drop, Findings, Mapping[Entity, Aside]]:
    """All rows of the drop; or, where nobody wants the others, those that something
    may be wrong with, and what is known of the others."""
    sifted = None if how.whole else sift(path, layout, today, delta=how.delta)
    if sifted is not None:
        return sifted.drop, sifted.findings, sifted.aside
    drop, findings = read_drop(path, mappings.wanted(layout))
    return drop, findings, {}


def refusal(intake: Intake, more: str) -> RosterSyncError:
    """The error of a refused drop: the first thing to mend, and where the rest is."""
    found = intake.findings.frame.filter(severity="refused")
    first = found.row(0, named=True)
    place = ":".join(str(first[n]) for n in ("file", "line") if first[n] is not None)
    what = f"{place}: {first['message']}" if place else first["message"]
    others = found.height - 1
    also = f" (and {others} more)" if others else ""
    # About the drop as a whole the line says it all, also to whoever reads no report.
    do = first["hint"] if not place else None
    return RefusedError(
        f"the drop is refused: {what}{also}", do=f"{do}; {more}" if do else more
    )


def _refusals(mapped: Mapped, roster: Roster, how: How) -> Iterator[Finding]:
    for entity in how.require:
        table = mapped.tables.get(entity)
        if table is None or table.partial:
            some = "no" if table is None else "not all files of"
            yield Finding(
                "RS401",
                Severity.REFUSED,
                f"the drop has {some} {entity.value}, which this target requires",
                entity=entity.value,
                hint="deliver the file, or take the entity out of require",
            )
    empty = [one.value for one, counts in roster.counts.items() if not counts.read]
    why = f"{_listed(empty)} came without rows, so " if empty else ""
    for entity, counts in roster.counts.items():
        if how.rejection.exceeded(counts.rejected, counts.read):
            yield Finding(
                "RS403",
                Severity.REFUSED,
                f"{why}{counts.rejected:,} of {counts.read:,} rows of {entity.value} "
                f"are rejected, which is more than {how.rejection.percent:g} %",
                entity=entity.value,
                hint=f"deliver {_listed(empty)} again, whole"
                if empty
                else "mend the most frequent finding first",
            )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
