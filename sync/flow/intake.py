"""A drop taken in: read, mapped, validated. No network, no memory of earlier drops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sync import mapping as mappings
from sync.model.entities import Entity
from sync.model.finding import Finding, Findings, Severity
from sync.model.roster import Drop, Mapped, Roster
from sync.read import read_drop
from sync.validate import validate

FOUR_FILES = "four-files"


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


@dataclass(frozen=True, slots=True)
class Intake:
    """A drop as far as it came: ``roster`` is null where it was refused."""

    drop: Drop
    mapped: Mapped | None
    roster: Roster | None
    findings: Findings

    @property
    def refused(self) -> bool:
        """Whether nothing of it may be carried out."""
        return self.findings.refuses or self.roster is None

    @property
    def rejected(self) -> bool:
        """Whether a row of it was rejected."""
        return not self.findings.of_severity(Severity.REJECTED).is_empty()


Stage = Callable[[str], "object"]


def take_in(path: Path, how: How, today: date) -> Intake:
    """Read, map and validate a drop.

    Everything wrong with it is in the findings; ``UsageError`` only where there is
    nothing at ``path``, ``ConfigError`` for a faulty mapping.
    """
    mapping = mappings.load(how.mapping or FOUR_FILES)
    drop, found = read_drop(path, mappings.patterns(mapping))
    if found.refuses:
        return Intake(drop, None, None, found)
    mapped, more = mappings.apply(drop, mapping, delta=how.delta)
    found = mappings.name_entities(found, mapping, mapped) + more
    if found.refuses:
        return Intake(drop, mapped, None, found)
    roster, judged = validate(
        mapped, same_username=how.same_username, today=today, earlier=found
    )
    found += judged + Findings.of(_refusals(roster, how))
    return Intake(drop, mapped, roster, found)


def _refusals(roster: Roster, how: How) -> Iterator[Finding]:
    for entity in how.require:
        if entity not in roster.modes:
            yield Finding(
                "RS401",
                Severity.REFUSED,
                f"the drop has no {entity.value}, which this target requires",
                entity=entity.value,
                hint="deliver the file, or take the entity out of require",
            )
    for entity, counts in roster.counts.items():
        if how.rejection.exceeded(counts.rejected, counts.read):
            yield Finding(
                "RS403",
                Severity.REFUSED,
                f"{counts.rejected:,} of {counts.read:,} rows of {entity.value} are "
                f"rejected, which is more than {how.rejection.percent:g} %",
                entity=entity.value,
                hint="mend the most frequent finding first",
            )


def with_findings(intake: Intake, more: Findings) -> Intake:
    """The intake with further findings."""
    return replace(intake, findings=intake.findings + more)
