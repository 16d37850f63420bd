"""R19: a plan between any two rosters, carried out, leaves nothing to do.

On every kind, from any roster to any other of the same district: what is sent is what
the preview showed, byte for byte and phase by phase, as the sandbox logged it; the
report balances; and the next plan is empty.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from sync.sandbox import Sandbox
from tests.contract.bench import Bench, Sent
from tests.contract.harness import Harness
from tests.contract.kinds import KINDS
from tests.faults.places import read_once
from tests.faults.proofs import Line
from tests.faults.rosters import random_roster, universe
from tests.properties.test_nights import NO_GUARDS
from tests.support.workspace import Workspace, total

FIVE = [one for one in KINDS if not one.sibling]
PAIRS, CHAIN = 20, 5
"""So many pairs of rosters, so many of which follow one another on one sandbox."""


@dataclass(slots=True)
class Tried:
    """What one step from a roster to the next came to."""

    operations: int
    sent: int
    unlike: int
    early: int
    left: int
    unbalanced: int
    unconverged: int


def begun(harness: Harness, folder: Path, sandbox: Sandbox, number: int) -> Bench:
    """A sandbox with what the kind does not make itself, and a configuration."""
    sandbox.reset()
    sandbox.configure(**harness.settings)
    sandbox.load(harness.before(universe(9, number)))
    folder.mkdir()
    bench = Bench(harness, Workspace(folder, sandbox, dict(harness.environment)))
    bench.configure(guards=NO_GUARDS, removal={"users": "inactive"})
    return bench


def step(bench: Bench, drop: Path) -> Tried:
    """Plan, look, apply, plan again."""
    planned = bench.workspace.plan(drop)
    assert planned.code in {0, 1, 4}, planned.err
    path = planned.document["plan"]["path"]
    held = ("--approve", planned.document["digest"]) if planned.code == 4 else ()
    shown = bench.shown(path)
    bench.workspace.sandbox.clear_requests()
    applied = bench.workspace.run("apply", path, *held, "--json")
    assert applied.code in {0, 1}, applied.err
    sent = bench.sent()
    again = bench.workspace.plan(drop)
    assert again.code in {0, 1}, again.err
    reports = [planned.document, applied.document, again.document]
    return Tried(
        operations=total(applied.document, "operations", "planned"),
        sent=len(sent),
        unlike=unlike(sent, [one for _, one in shown]),
        early=early(sent, shown),
        left=total(again.document, "operations", "planned"),
        unbalanced=sum(not one["balanced"] for one in reports),
        unconverged=applied.document["converged"] is not True,
    )


def unlike(sent: list[Sent], shown: list[Sent]) -> int:
    """Requests that were sent and not shown, or shown and not sent."""
    one, other = Counter(sent), Counter(shown)
    return ((one - other) + (other - one)).total()


def early(sent: list[Sent], shown: list[tuple[int, Sent]]) -> int:
    """Requests that were sent after one of a later phase."""
    phases: dict[Sent, list[int]] = {}
    for phase, one in shown:
        phases.setdefault(one, []).append(phase)
    order = [phases[one].pop(0) for one in sent if phases.get(one)]
    return sum(b < a for a, b in itertools.pairwise(order))


@pytest.mark.parametrize("harness", FIVE, ids=[one.name for one in FIVE])
def test_a_plan_between_any_two_rosters_leaves_nothing_to_do(
    harness: Harness,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    tried: list[Tried] = []
    for number in range(PAIRS * rounds // CHAIN):
        chance = Random(f"{harness.name} {number}")  # noqa: S311 - no secret
        bench = begun(harness, tmp_path / str(number), served, number)
        for place in range(CHAIN):
            roster = random_roster(universe(9, number), chance)
            with read_once():
                tried.append(step(bench, bench.drop(roster, f"drop{place}")))
    row = proof("R19", f"random pairs of rosters, {harness.name}")
    row.times = len(tried)
    row.zero("left by the next plan", sum(one.left for one in tried))
    row.zero("unbalanced", sum(one.unbalanced for one in tried))
    row.zero("unlike the preview", sum(one.unlike for one in tried))
    row.zero("before their phase", sum(one.early for one in tried))
    row.zero("not converged", sum(one.unconverged for one in tried))
    row.least("requests", sum(one.sent for one in tried), len(tried))
