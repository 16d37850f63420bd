"""Fifty starts at once: one runs, the others end with 6 and name it, and the moment it
is killed the next one runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sync.sandbox import Sandbox
from tests.faults.nursery import Child
from tests.faults.places import TIMEBACK, Place, begun, read_once
from tests.faults.proofs import Line
from tests.faults.slowness import seeded, slow_changes
from tests.faults.tinies import tiny
from tests.support.commands import PATIENCE

STARTS = 50
LOCKED = 6
PAUSE = 0.1
"""Seconds between two looks at all of them."""
FOREVER = 120.0
"""Seconds before the first effect: the one that runs is in the midst of sending."""
GATE = "tests.faults.gate:wait_for"
"""What each start waits at, so that they are let go at once."""


def started(place: Place, command: Sequence[object]) -> list[Child]:
    """Fifty processes that wait for the gate, and are let go."""
    gate = place.bench.workspace.folder / "gate"
    children = [
        place.start(*command, before=(GATE, [str(gate)])) for _ in range(STARTS)
    ]
    gate.touch()
    return children


def holder_of(children: Sequence[Child]) -> Child:
    """The one that runs, once all the others have ended."""
    end = time.monotonic() + PATIENCE
    while len(running := [one for one in children if one.code is None]) > 1:
        assert time.monotonic() < end, f"{len(running)} are at work"
        time.sleep(PAUSE)
    return running[0]


def test_of_fifty_starts_at_once_exactly_one_runs(
    tmp_path: Path, served: Sandbox, proof: Callable[[str, str], Line]
) -> None:
    row = proof("R6", "fifty starts at once, the one that runs killed, one more start")
    place = begun(TIMEBACK, tmp_path, served, tiny())
    place.bench.configure(limits={"timeout": f"{FOREVER:g}s"})
    planned = place.call("plan", place.drop, "--target", "district", "--json")
    command = ("apply", planned.document["plan"]["path"], "--json")
    with slow_changes(FOREVER, 0, seeded("fifty")) as slowness:
        children = started(place, command)
        holder = holder_of(children)
        ends = [one.ended() for one in children if one is not holder]
        assert holder.until(place.in_flight), holder.ended()
        asking = place.in_flight()
        holder.kill()
        assert holder.ended().code < 0
        slowness.before = 0
        slowness.gone()
    with read_once():
        again = place.bench.sync(place.drop)
    row.times = len(children)
    row.all_of("ran", len(children) - len(ends), 1)
    row.all_of("ended with 6", [one.code for one in ends].count(LOCKED), STARTS - 1)
    named = [one for one in ends if f"process {holder.pid} on" in one.line]
    row.all_of("naming the one that runs", len(named), STARTS - 1)
    row.least("changes of it in flight by then", asking, 1)
    row.all_of("ran at once after the kill", int(again.code == 0), 1)
    row.zero("lost", place.lost())
    row.zero("done twice", place.surplus())
