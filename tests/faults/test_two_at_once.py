"""The same night carried out by two, as a task engine does that takes a task for dead
and executes it again: the lock is held as long as its process lives, so that whoever
was taken for dead cannot write once another has begun."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

from sync.sandbox import Sandbox
from tests.faults.nursery import Child
from tests.faults.places import TIMEBACK, Place, begun, read_once
from tests.faults.proofs import Line
from tests.faults.slowness import Slowness, seeded, slow_changes
from tests.faults.tinies import tiny
from tests.support.ended import Ended

NIGHTS = 5
DONE, LOCKED = 0, 6
LATEST = 0.4
"""Seconds into sending."""
STALLED = 0.3
"""Seconds for which a stopped worker is watched beside another."""
AGAIN = 10
"""Executions of one task after which it never ends."""


@dataclass(slots=True)
class Told:
    """What the nights came to."""

    nights: int = 0
    lost: int = 0
    twice: int = 0
    both: int = 0
    """Two executions of one task that both went as far as sending."""
    stale: int = 0
    """Changes that came from a worker after another had taken over."""
    planned: int = 0
    ends: Counter[int] = field(default_factory=Counter)

    def into(self, row: Line) -> None:
        """The line of the table."""
        row.times = self.nights
        row.zero("lost", self.lost)
        row.zero("done twice", self.twice)
        row.zero("changes by one who had lost the lock", self.stale)
        row.zero("two that carried one night out at once", self.both)
        row.zero("operations of the next plan", self.planned)


def fresh(folder: Path, sandbox: Sandbox) -> Place:
    place = begun(TIMEBACK, folder, sandbox, tiny())
    place.bench.configure(limits={"concurrency": 2})
    place.bench.set({"edubridge_again": "another"})
    return place


def sending(place: Place, slowness: Slowness) -> Child:
    """A worker in the midst of the task."""
    child = place.night()
    assert child.until(place.in_flight), child.ended()
    sleep(slowness.chance.uniform(0, LATEST))
    return child


def executed(place: Place, count: int) -> list[Ended]:
    """As an engine does it: so many executions at once, again until one is done."""
    ends: list[Ended] = []
    for _ in range(AGAIN):
        workers = [place.night() for _ in range(count)]
        ends += [one.ended() for one in workers]
        if DONE in [one.code for one in ends]:
            return ends
    return ends


def judged(
    place: Place, right: Counter[str], told: Told, ends: Sequence[Ended]
) -> None:
    told.nights += 1
    told.lost += place.lost()
    told.twice += place.surplus() + (place.records() - right).total()
    told.ends.update(one.code for one in ends)
    with read_once():
        told.planned += place.planned()


def undisturbed(folder: Path, sandbox: Sandbox) -> Counter[str]:
    place = fresh(folder, sandbox)
    assert place.night().ended().code == DONE
    return place.records()


def test_a_killed_worker_and_two_executions_in_its_place_do_nothing_twice(
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof(
        "R16", "a worker killed in the midst, two executions begun in its place"
    )
    told, chance = Told(), seeded("killed")
    right = undisturbed(tmp_path / "undisturbed", served)
    for number in range(NIGHTS * rounds):
        place = fresh(tmp_path / f"{number}", served)
        with slow_changes(0.05, 0.1, chance) as slowness:
            first = sending(place, slowness)
            first.kill()
            assert first.ended().code < 0
            slowness.gone()
            ends = executed(place, 2)
        # One may begin when the other has ended; at once with it none may.
        told.both += sum(one.code not in {DONE, LOCKED} for one in ends)
        judged(place, right, told, ends)
    told.into(row)
    assert told.ends[DONE] >= told.nights


def test_a_stopped_worker_keeps_its_night_and_finishes_it_when_it_goes_on(
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof("R16", "a worker stopped in the midst, another beside it, then gone on")
    told, chance = Told(), seeded("stopped")
    right = undisturbed(tmp_path / "undisturbed", served)
    for number in range(NIGHTS * rounds):
        place = fresh(tmp_path / f"{number}", served)
        with slow_changes(0.05, 0.1, chance) as slowness:
            first = sending(place, slowness)
            first.signal(signal.SIGSTOP)
            sleep(STALLED)  # what it had sent by then has come in
            came = len(place.writes())
            beside = place.night().ended()
            told.stale += len(place.writes()) - came
            told.both += beside.code != LOCKED or str(first.pid) not in beside.line
            first.signal(signal.SIGCONT)
            ends = [first.ended()]
        judged(place, right, told, ends)
    told.into(row)
    assert told.ends == {DONE: told.nights}


def test_a_stopped_worker_that_is_given_up_writes_nothing_after_its_successor_began(
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof("R16", "a stopped worker killed while its successor waits for the lock")
    told, chance = Told(), seeded("given up")
    right = undisturbed(tmp_path / "undisturbed", served)
    for number in range(NIGHTS * rounds):
        place = fresh(tmp_path / f"{number}", served)
        with slow_changes(0.05, 0.1, chance) as slowness:
            first = sending(place, slowness)
            first.signal(signal.SIGSTOP)
            sleep(STALLED)
            came = len(place.writes())
            successor = place.start(*task(place), "--wait", "30s")
            sleep(STALLED)
            told.stale += len(place.writes()) - came
            first.signal(signal.SIGCONT)
            first.kill()
            slowness.gone()
            ends = [successor.ended()]
            told.both += first.ended().code >= 0
        judged(place, right, told, ends)
    told.into(row)
    assert told.ends == {DONE: told.nights}


def task(place: Place) -> tuple[object, ...]:
    return "run", place.drop, "--target", "district", "--json"
