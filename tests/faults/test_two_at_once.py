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

import pytest

from sync.sandbox import Sandbox
from tests.faults.nursery import Child
from tests.faults.places import Place, read_once, sending, severe
from tests.faults.proofs import Line
from tests.faults.slowness import Slowness, seeded, slow_changes
from tests.support.ended import Ended

NIGHTS = 5
DONE, LOCKED = 0, 6
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
    place = severe(folder, sandbox)
    assert place.night().ended().code == DONE
    return place.records()


Course = Callable[[Place, Child, Slowness, Told], Sequence[Ended]]
"""What befalls a worker in the midst of its task, and how those after it ended."""


def disturbed(course: Course, count: int, folder: Path, sandbox: Sandbox) -> Told:
    """So many nights, each with a worker that this befalls."""
    told, chance = Told(), seeded(course.__name__)
    right = undisturbed(folder / "undisturbed", sandbox)
    for number in range(count):
        place = severe(folder / f"{number}", sandbox)
        with slow_changes(0.05, 0.1, chance) as slowness:
            first = sending(place, chance)
            ends = course(place, first, slowness, told)
        judged(place, right, told, ends)
    return told


def replaced(
    place: Place, first: Child, slowness: Slowness, told: Told
) -> Sequence[Ended]:
    """It is killed, and two are begun in its place."""
    first.kill()
    assert first.ended().code < 0
    slowness.gone()
    ends = executed(place, 2)
    # One may begin when the other has ended; at once with it none may.
    told.both += sum(one.code not in {DONE, LOCKED} for one in ends)
    return ends


def stalled(
    place: Place, first: Child, _slowness: Slowness, told: Told
) -> Sequence[Ended]:
    """It is stopped, another is begun beside it, and it goes on."""
    came = stopped(place, first)
    beside = place.night().ended()
    told.stale += len(place.writes()) - came
    told.both += beside.code != LOCKED or str(first.pid) not in beside.line
    first.signal(signal.SIGCONT)
    return [first.ended()]


def given_up(
    place: Place, first: Child, slowness: Slowness, told: Told
) -> Sequence[Ended]:
    """It is stopped, and killed while its successor waits."""
    came = stopped(place, first)
    successor = place.start(*task(place), "--wait", "30s")
    sleep(STALLED)
    told.stale += len(place.writes()) - came
    first.signal(signal.SIGCONT)
    first.kill()
    slowness.gone()
    ends = [successor.ended()]
    told.both += first.ended().code >= 0
    return ends


def stopped(place: Place, first: Child) -> int:
    """Changes that had come in when it stood still."""
    first.signal(signal.SIGSTOP)
    sleep(STALLED)  # what it had sent by then has come in
    return len(place.writes())


def task(place: Place) -> tuple[object, ...]:
    return "run", place.drop, "--target", "district", "--json"


COURSES: dict[str, Course] = {
    "a worker killed in the midst, two executions begun in its place": replaced,
    "a worker stopped in the midst, another beside it, then gone on": stalled,
    "a stopped worker killed while its successor waits for the lock": given_up,
}


@pytest.mark.parametrize("tried", COURSES)
def test_whatever_befalls_a_worker_nothing_is_done_twice_or_by_one_without_the_lock(
    tried: str,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    course = COURSES[tried]
    told = disturbed(course, NIGHTS * rounds, tmp_path, served)
    told.into(proof("R16", tried))
    assert told.ends[DONE] >= told.nights
    assert course is replaced or told.ends == {DONE: told.nights}
