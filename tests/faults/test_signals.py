"""Signals at random while a run is sending: the first one drains and leaves nothing in
doubt, the second ends it at once; both times ``resume`` finishes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from sync.sandbox import Sandbox
from tests.faults.nursery import Child
from tests.faults.places import LATEST, Place, read_once, rows_of, sending, severe
from tests.faults.proofs import Line
from tests.faults.slowness import Slowness, seeded, slow_changes
from tests.support.ended import Ended
from tests.support.workspace import total

SIGNALS = 10
"""Of each sort in the short form: one signal, and two."""
NUMBERS = (signal.SIGTERM, signal.SIGINT)
INTERRUPTED = 7
LONG_ANSWERS = 60.0
"""Seconds that a drain would have to wait for."""


@dataclass(slots=True)
class Told:
    """What the signals came to."""

    signals: int = 0
    other_codes: int = 0
    in_doubt: int = 0
    unsaid: int = 0
    waited: int = 0
    """Ends for which everything in flight was answered."""
    sent_again: int = 0
    lost: int = 0
    twice: int = 0
    planned: int = 0

    def into(self, row: Line) -> None:
        """The line of the table."""
        row.times = self.signals
        row.zero("ends other than 7", self.other_codes)
        row.zero("ends that do not name resume", self.unsaid)
        row.zero("lost", self.lost)
        row.zero("done twice", self.twice)
        row.zero("operations of the next plan", self.planned)


def finished(place: Place, told: Told) -> None:
    """``resume`` after the signal, and what there is then."""
    before = {one["path"] for one in place.writes() if one["status"] is not None}
    count = len(place.writes())
    with read_once():
        ended = place.call("resume", "--json")
        assert ended.code == 0, ended.err
        assert ended.document["balanced"] is True
        done, planned = (
            total(ended.document, "operations", one) for one in ("done", "planned")
        )
        told.lost += place.lost() + planned - done
        told.twice += place.surplus()
        told.planned += place.planned()
    posts = {"POST"}
    again = [one for one in place.writes()[count:] if one["method"] not in posts]
    told.sent_again += sum(one["path"] in before for one in again)


def test_a_signal_drains_what_is_in_flight_and_resume_finishes(
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof("R14", "SIGTERM or SIGINT at a random instant of sending")
    chance, told, number = seeded("one"), Told(), 0
    while told.signals < SIGNALS * rounds:
        number += 1
        place = severe(tmp_path / f"{number}", served)
        with slow_changes(0.05, 0.1, chance) as slowness:
            child = sending(place, chance)
            child.signal(chance.choice(NUMBERS))
            ended = child.ended()
        if ended.code == 0:  # the last answer was there before the signal
            continue
        told.signals += 1
        told.other_codes += ended.code != INTERRUPTED
        told.unsaid += "resume" not in ended.err
        told.in_doubt += place.in_doubt()
        slowness.gone()
        finished(place, told)
    told.into(row)
    row.zero("rows left in doubt", told.in_doubt)
    row.zero("records sent again by resume", told.sent_again)


def settled(place: Place) -> int:
    """How many operations the journal has an answer for."""
    states = [state for journal in place.journals() for state, _ in rows_of(journal)]
    return len(states) - states.count("planned") - states.count("sent")


def twice_signalled(place: Place, child: Child, slowness: Slowness) -> Ended:
    """Two signals while answers take longer than anybody waits."""
    slowness.after = LONG_ANSWERS
    came = len(place.writes())
    assert child.until(lambda: len(place.writes()) > came and settled(place) > 0)
    numbers = [slowness.chance.choice(NUMBERS) for _ in range(2)]
    child.signal(numbers[0])
    sleep(slowness.chance.uniform(0.05, LATEST))
    assert child.code is None, "it did not wait for what is in flight"
    child.signal(numbers[1])
    return child.ended()


def test_a_second_signal_ends_it_at_once_and_resume_finishes(
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof("R14", "a second signal while the first one drains")
    chance, told = seeded("two"), Told()
    for number in range(SIGNALS * rounds // 2):
        place = severe(tmp_path / f"{number}", served)
        with slow_changes(0.02, 0.02, chance) as slowness:
            child = sending(place, chance)
            ended = twice_signalled(place, child, slowness)
            told.waited += not place.in_flight()
            slowness.after = 0
            slowness.gone()
        told.signals += 1
        told.other_codes += ended.code != INTERRUPTED
        told.unsaid += "ended at once by SIG" not in ended.err
        told.in_doubt += place.in_doubt()
        finished(place, told)
    told.into(row)
    row.zero("ends that waited for what was in flight", told.waited)
    row.least("rows left in doubt, for resume to settle", told.in_doubt, 1)
