"""One answer in five is lost after the request had its effect.

Nothing is made twice and nothing is lost, also where the system makes another record
whenever it is asked again, or gives what it makes an identifier of its own; and what
the run says of itself is what the system holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.contract import edubridge, oneroster, openedx, schoology, timeback
from tests.contract.harness import Dump, Fact, Harness
from tests.faults.benches import QUICK, Nights, counted, finished, twice, wanted
from tests.faults.proofs import Line
from tests.faults.watch import Watch
from tests.support.districts import district
from tests.support.meddler import Heard, Trouble

SHARE = 0.2
LIMITS = {**QUICK, "timeout": "5s", "retries": 9}
"""Where one read in five is answered in vain, each needs some patience."""


def seats_by_class(dump: Dump) -> Iterator[Fact]:
    """Who is in which class, whatever the identifiers of the enrollments."""
    for one in timeback.rows_held(dump):
        yield "enrollment", *one[2:]


def wanted_by_class(tables: Tables) -> Iterator[Fact]:
    """The same of a drop."""
    for one in timeback.rows_wanted(tables):
        yield "enrollment", *one[2:]


NAMING = replace(
    oneroster.V1P2,
    name="oneroster-naming",
    before=edubridge.people,
    held=seats_by_class,
    wanted=wanted_by_class,
    settings={**oneroster.V1P2.settings, "allocate_ids": True},
)
"""A server that knows the people and gives each enrollment an identifier of its own."""
AGAIN = replace(edubridge.HARNESS, settings={"edubridge_again": "another"})
"""Enrolling twice makes two."""
REALMS = replace(
    schoology.JSON,
    name="schoology-realm",
    table=lambda url: {**schoology.table(url), "route": "realm"},
)
"""Section by section, so that there are many answers to lose."""


@dataclass(frozen=True, slots=True)
class System:
    """A system, and so many students that some 150 records are to be made there."""

    harness: Harness
    students: int
    changes: dict[str, Any]


SYSTEMS = [
    System(timeback.EDUBRIDGE, 12, {}),
    System(oneroster.V1P2, 12, {}),
    System(NAMING, 18, {"guards": {"first_run": "pass"}}),
    System(AGAIN, 20, {}),
    System(schoology.JSON, 20, {}),
    System(REALMS, 20, {}),
    System(openedx.HARNESS, 40, {}),
]


@dataclass(slots=True)
class Loss:
    """That to the first change and one in five others, chosen by the seed and the
    number of the request."""

    seed: int
    lost: int = 0

    def __call__(self, heard: Heard) -> Trouble | None:
        """Whether this one is lost."""
        chance = Random(f"{self.seed}:{heard.n}")  # noqa: S311 - repeatable
        first = heard.writes and not self.lost
        if chance.random() >= SHARE and not first:
            return None
        self.lost += heard.writes
        return Trouble(forward=True)


@pytest.mark.parametrize(
    "system", [pytest.param(one, id=one.harness.name) for one in SYSTEMS]
)
def test_a_lost_answer_makes_nothing_twice_and_loses_nothing(
    system: System,
    proof: Callable[[str, str], Line],
    rounds: int,
    tmp_path: Path,
    served: Sandbox,
) -> None:
    nights = Nights(system.harness, tmp_path, served)
    for n in range(rounds):
        row = proof("R3", f"20 % of the answers lost, {system.harness.name}")
        tables = district(system.students, seed=10 + n)
        bench = nights.bench(tables)
        loss = Loss(seed=n)
        drop = bench.workspace.folder / "drop"
        with Watch(bench.workspace.sandbox.url, loss) as proxy:
            bench.configure(proxy.url, limits=LIMITS, **system.changes)
            first = bench.sync(drop)
        meant, held = wanted(bench, tables), bench.held()
        row.times = counted(first, "planned")
        done, doubtful = counted(first, "done"), counted(first, "in_doubt")
        row.zero("told as done and not there", max(0, done - held.total()))
        row.zero("there and not told", max(0, held.total() - done - doubtful))
        bench.configure(limits=QUICK, **system.changes)
        finished(bench, first)
        held = bench.held()
        row.zero("made twice", twice(held) + (held - meant).total())
        row.zero("lost", (meant - held).total())
        row.least("answers to changes lost", loss.lost, 1)
        assert row.times == meant.total()
