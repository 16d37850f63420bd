"""Killed at any instant and carried on, over all five systems: nothing is lost, nothing
is done twice, and the end is that of a night that nobody disturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.contract.harness import Facts
from tests.faults.nursery import Child
from tests.faults.places import FIVE, Place, begun, named
from tests.faults.proofs import Line
from tests.faults.slowness import Slowness, seeded, slow_changes
from tests.support.districts import district, slim
from tests.support.ended import Ended
from tests.support.workspace import total

KILLS = 20
"""Of one kind in the short form."""
LATEST = 0.6
"""Seconds into sending in which a process is killed."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How much a night of a kind is, and how slowly it is sent."""

    students: int = 0
    """None is the slim district."""
    in_flight: int = 4
    around: tuple[float, float] = (0.1, 0.08)
    """Seconds before and after an effect."""


MANNERS = {
    "timeback": Manner(),
    "edubridge": Manner(8),
    "oneroster-1.2": Manner(),
    "schoology": Manner(30, 2, (0.3, 0.2)),
    "openedx": Manner(30, 2, (0.2, 0.1)),
}
TWICE = {"edubridge_again": "another"}
"""What is enrolled twice is there twice: the severest server."""


@dataclass(slots=True)
class Told:
    """What the nights of one kind came to."""

    kills: int = 0
    in_flight: int = 0
    lost: int = 0
    twice: int = 0
    unlike: int = 0
    sent_again: int = 0
    dropped: int = 0
    """Requests in flight at a kill that had no effect."""
    unbalanced: int = 0
    not_done: int = 0
    planned: int = 0
    doubles: Counter[str] = field(default_factory=Counter)
    """Records that are there beyond those of an undisturbed night, by list."""
    ends: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What one night leaves behind that nobody disturbs."""

    facts: Facts
    records: Counter[str]
    requests: int


def fresh(kind: str, folder: Path, sandbox: Sandbox) -> Place:
    """Before the first night, with requests that are long in flight."""
    manner = MANNERS[kind]
    tables = district(manner.students) if manner.students else slim()
    place = begun(named(kind), folder, sandbox, tables)
    place.bench.configure(limits={"concurrency": manner.in_flight})
    place.bench.set(TWICE)
    return place


def undisturbed(kind: str, folder: Path, sandbox: Sandbox) -> Undisturbed:
    place = fresh(kind, folder, sandbox)
    ended = place.night().ended()
    assert ended.code == 0, ended.err
    assert not place.lost()
    assert not place.surplus()
    return Undisturbed(place.bench.held(), place.records(), len(place.writes()))


def killed(place: Place, child: Child, slowness: Slowness, told: Told) -> bool:
    """Kill a process so long after its first change; False where it ended before."""
    before = len(place.writes())
    if not child.until(lambda: len(place.writes()) > before):
        return False
    sleep(slowness.chance.uniform(0, LATEST))
    flying = place.in_flight()
    child.kill()
    if child.ended().code >= 0:
        return False
    slowness.gone()
    told.kills += 1
    told.in_flight += flying
    return True


def carried_out(place: Place, slowness: Slowness, told: Told, most: int) -> Ended:
    """One night with all its kills; how the last process ended."""
    planned = place.bench.workspace.plan(place.drop)
    assert planned.code == 0, planned.err
    child = place.start("apply", planned.document["plan"]["path"], "--json")
    while told.kills < most and killed(place, child, slowness, told):
        child = place.start("resume", "--json")
    return child.ended()


def accounted(place: Place, ended: Ended) -> dict[str, Any]:
    """The report of the run that was finished last: by the last process, or, where it
    found nothing open, by the one that was killed when all was done."""
    if "balanced" in ended.document:
        return ended.document
    assert "nothing is open" in ended.err, ended.err
    reports = (place.bench.workspace.state / "runs").glob("*/report.json")
    newest = max(reports, key=lambda path: path.stat().st_mtime_ns)
    return place.bench.workspace.report(newest.parent.name)


def judged(place: Place, ended: Ended, right: Undisturbed, told: Told) -> None:
    """Compare what is there with what an undisturbed night leaves behind."""
    held, records = place.bench.held(), place.records()
    told.ends[ended.code] += 1
    told.lost += (right.facts - held).total()
    told.doubles += records - right.records
    told.twice += (held - right.facts).total() + (records - right.records).total()
    told.unlike += (held, records) != (right.facts, right.records)
    told.sent_again += max(0, len(place.writes()) - right.requests)
    report = accounted(place, ended)
    told.unbalanced += report["balanced"] is not True or report["converged"] is not True
    operations = [total(report, "operations", one) for one in ("planned", "done")]
    told.not_done += operations[0] - operations[1]
    told.planned += place.planned()


@pytest.mark.parametrize("kind", [one.name for one in FIVE])
def test_kill_at_any_instant_then_resume_ends_like_an_undisturbed_night(
    kind: str,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof("R1", "kill -9 at a random instant of apply and of resume, five kinds")
    chance, told, cycle = seeded(kind), Told(), 0
    right = undisturbed(kind, tmp_path / "undisturbed", served)
    while told.kills < KILLS * rounds:
        cycle += 1
        place = fresh(kind, tmp_path / f"night-{cycle}", served)
        with slow_changes(*MANNERS[kind].around, chance) as slowness:
            ended = carried_out(place, slowness, told, KILLS * rounds)
        told.dropped += slowness.dropped
        judged(place, ended, right, told)
    row.times = told.kills
    row.zero("lost", told.lost)
    row.zero("done twice", told.twice)
    row.zero("nights that ended unlike an undisturbed one", told.unlike)
    row.zero("last reports not balanced or not converged", told.unbalanced)
    row.zero("operations of them not done", told.not_done)
    row.zero("operations of the next plan", told.planned)
    limit = told.kills * MANNERS[kind].in_flight
    row.total("requests sent again", told.sent_again, limit)
    row.least("in flight at a kill, on average", told.in_flight / told.kills, 0.5)
    row.least("of them dropped without effect, of each kind", told.dropped, 1)
    assert told.ends == Counter({0: cycle})
    assert not told.doubles
