"""What the fault suite proves, and the table in which it says so.

A test asks the fixture ``proof`` for a line of the table, says how often something was
tried, and measures it against what must be. Lines of one name are added up over the
tests (and processes) that feed it; one number that is not as it must be is red.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

RISKS = {
    "R1": "killed at any instant",
    "R2": "a crash at every named failure point",
    "R3": "answers lost after the effect",
    "R4": "a flaky target",
    "R5": "a target that never answers",
    "R6": "many starts at once",
    "R7": "changed by others after the plan",
    "R8": "a list that moves while it is read",
    "R9": "pages without an end",
    "R10": "a drop that is cut off",
    "R11": "an old drop, a wrong clock",
    "R12": "a full disk, a folder that cannot be written",
    "R13": "power loss",
    "R14": "signals",
    "R15": "undo",
    "R16": "the same night carried out by two",
    "R17": "a reader that lies",
    "R18": "the same inputs, another plan",
    "R19": "a second run that is not empty",
    "R21": "a cron job that is silent",
    "W": "a watched folder, killed and restarted",
    "D": "disasters in the drop",
    "S1": "personal data in logs",
    "S2": "files that others can read",
    "S3": "formulas in reports",
    "S4": "markup in reports",
    "S5": "zip bombs",
    "S6": "paths out of the folder",
    "S7": "links and redirects to strangers",
    "S8": "proxies from the environment",
    "S9": "TLS",
    "S10": "secrets at rest",
    "S11": "plans that were tampered with",
    "S12": "ways around the guards",
    "S13": "hostile answers",
    "S14": "hostile files",
    "S15": "mappings as code",
    "S19": "messages to people and monitors",
    "S20": "supply chain",
    "S21": "the wrong student",
}
"""Every proof that the table must have, in its order."""
TRIES = {
    "R1": 100,
    "R2": 40,
    "R3": 1_000,
    "R4": 2_000,
    "R6": 50,
    "R7": 100,
    "R8": 50,
    "R10": 200,
    "R15": 50,
    "R17": 500,
    "R19": 100,
    "W": 200,
    "D": 50,
    "S5": 30,
    "S7": 60,
    "S11": 1_000,
}
"""How often something must be tried at least, over all lines of a proof."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number and what it must be."""

    name: str
    value: float
    limit: float
    how: str
    """``total`` (added up, at most), ``worst`` (the highest, at most), ``least`` (the
    lowest, at least), ``all`` (added up, exactly)."""

    @property
    def holds(self) -> bool:
        """Whether it is as it must be."""
        if self.how == "least":
            return self.value >= self.limit
        if self.how == "all":
            return self.value == self.limit
        return self.value <= self.limit

    @property
    def required(self) -> str:
        """What it must be, in a few characters."""
        sign = {"least": "≥", "all": "="}.get(self.how, "≤" if self.limit else "=")
        return f"{self.name} {sign} {self.limit:,.4g}"

    @property
    def measured(self) -> str:
        """What it was."""
        return f"{self.name} {self.value:,.4g}{'' if self.holds else '  RED'}"

    def with_another(self, other: Measure) -> Measure:
        """The two as one."""
        if self.how in {"total", "all"}:
            value, limit = self.value + other.value, self.limit + other.limit
        elif self.how == "worst":
            value, limit = max(self.value, other.value), min(self.limit, other.limit)
        else:
            value, limit = min(self.value, other.value), max(self.limit, other.limit)
        return Measure(self.name, value, limit, self.how)


@dataclass(slots=True)
class Line:
    """One line of the table while a test fills it in."""

    proof: str
    tried: str
    times: int = 0
    measures: list[Measure] = field(default_factory=list)

    def zero(self, name: str, value: float) -> None:
        """Something that must never happen."""
        self.measures.append(Measure(name, value, 0, "total"))

    def total(self, name: str, value: float, limit: float) -> None:
        """A count that may be this high at most; counts and limits are added up."""
        self.measures.append(Measure(name, value, limit, "total"))

    def worst(self, name: str, value: float, limit: float) -> None:
        """A figure of which the highest counts."""
        self.measures.append(Measure(name, value, limit, "worst"))

    def least(self, name: str, value: float, limit: float) -> None:
        """A figure of which the lowest counts, and must be this high."""
        self.measures.append(Measure(name, value, limit, "least"))

    def all_of(self, name: str, value: float, of: float) -> None:
        """Something that must be so each time."""
        self.measures.append(Measure(name, value, of, "all"))

    def red(self) -> list[str]:
        """What is not as it must be."""
        if not self.times or not self.measures:
            return [f"{self.proof}: nothing was tried"]
        wrong = [one for one in self.measures if not one.holds]
        return [
            f"{self.proof}: {one.measured}, must be {one.required}" for one in wrong
        ]


def as_facts(line: Line) -> dict[str, Any]:
    """A line as JSON carries it from process to process."""
    return asdict(line)


def from_facts(facts: Mapping[str, Any]) -> Line:
    """The line again."""
    measures = [Measure(**one) for one in facts["measures"]]
    return Line(facts["proof"], facts["tried"], facts["times"], measures)


def added_up(lines: Iterable[Line]) -> list[Line]:
    """One line for each thing that was tried, in the order of the proofs."""
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        known = found.setdefault((line.proof, line.tried), Line(line.proof, line.tried))
        known.times += line.times
        held = {one.name: one for one in known.measures}
        for one in line.measures:
            before = held.get(one.name)
            held[one.name] = one if before is None else before.with_another(one)
        known.measures = list(held.values())
    order = list(RISKS)
    return sorted(found.values(), key=lambda one: (order.index(one.proof), one.tried))


def table(lines: Iterable[Line]) -> list[str]:
    """The table as text, a row for each measure."""
    rows = [("proof", "what was tried", "how often", "required", "measured")]
    for line in added_up(lines):
        head = (line.proof, line.tried, f"{line.times:,}")
        for one in line.measures:
            rows.append((*head, one.required, one.measured))
            head = ("", "", "")
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def missing(lines: Iterable[Line]) -> list[str]:
    """Proofs that no test has fed, or not often enough."""
    tried = Counter[str]()
    for line in lines:
        tried[line.proof] += line.times
    return [
        f"{one}: {what}: {tried[one]:,} of {TRIES.get(one, 1):,}"
        for one, what in RISKS.items()
        if tried[one] < TRIES.get(one, 1)
    ]
