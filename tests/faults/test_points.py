"""A crash at every named point: what follows converges in two runs at most, does
nothing twice, and leaves nothing to do. Each point is really reached."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.faults.nursery import Before, Child
from tests.faults.places import TIMEBACK, Place, begun, named, read_once
from tests.faults.points import (
    APPLY,
    BATCHES,
    CHANGES,
    LEFT,
    NIGHT,
    POINTS,
    PREVIEW,
    RESUME,
    Point,
)
from tests.faults.proofs import Line
from tests.faults.tinies import changed, tiny
from tests.support.districts import slim
from tests.support.workspace import TARGET

ARM = "tests.faults.points:arm"
KILLED = -9
FEWEST = 40
"""Points there must be at least."""
HITS = 3
"""The first hits of a point that the long form tries."""
ON_ITS_WAY = "a change is on its way"


@dataclass(frozen=True, slots=True)
class Kept:
    """A moment to begin from again: what the remote system and the folder held."""

    remote: dict[str, Any]
    folder: Path


def at(kept: Kept, folder: Path, sandbox: Sandbox, tables: Tables) -> Place:
    """The same moment in another folder."""
    place = begun(TIMEBACK, folder, sandbox, tables)
    sandbox.load(kept.remote)
    shutil.copytree(kept.folder / "state", place.bench.workspace.state)
    return place


def kept(place: Place) -> Kept:
    """This moment."""
    return Kept(place.sandbox.dump(), place.bench.workspace.folder)


def after_a_night(folder: Path, sandbox: Sandbox) -> Kept:
    place = begun(TIMEBACK, folder, sandbox, tiny())
    ended = place.night().ended()
    assert ended.code == 0, ended.err
    return kept(place)


def left_behind(folder: Path, sandbox: Sandbox) -> Kept:
    """A run that died with changes on their way."""
    place = begun(TIMEBACK, folder, sandbox, tiny())
    assert place.night((ARM, [ON_ITS_WAY, 2])).ended().code == KILLED
    assert place.in_doubt()
    return kept(place)


Begin = Callable[[Path, Sandbox], Place]
Start = Callable[[Place, Before], Child]


def night(place: Place, before: Before) -> Child:
    return place.night(before)


def applied(place: Place, before: Before) -> Child:
    planned = place.bench.workspace.plan(place.drop)
    assert planned.code == 0, planned.err
    path = planned.document["plan"]["path"]
    return place.start("apply", path, "--json", before=before)


def previewed(place: Place, before: Before) -> Child:
    out = place.bench.workspace.folder / "out.rsplan"
    given = ("--target", TARGET, "--out", out)
    return place.start("plan", place.drop, *given, before=before)


def resumed(place: Place, before: Before) -> Child:
    return place.start("resume", "--json", before=before)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens until the crash."""

    points: Sequence[Point]
    start: Start
    kind: str = "timeback"
    tables: Callable[[], Tables] = tiny
    before: Callable[[Path, Sandbox], Kept] | None = None


def half(points: Sequence[Point], which: int) -> Sequence[Point]:
    """Every third, so that tests are short."""
    return points[which::3]


STORIES = {
    "first-night-1": Story(half(NIGHT, 0), night),
    "first-night-2": Story(half(NIGHT, 1), night),
    "first-night-3": Story(half(NIGHT, 2), night),
    "second-night": Story(CHANGES, night, tables=changed, before=after_a_night),
    "plan": Story(PREVIEW, previewed),
    "apply": Story(APPLY, applied),
    "resume": Story(RESUME, resumed, before=left_behind),
    "left-behind": Story(LEFT, night, before=left_behind),
    "schoology": Story(BATCHES, night, "schoology", slim),
}


def converged(place: Place, *, resume: bool) -> int:
    """How many runs it takes until one ends well; 99 where none does."""
    for count in (1, 2):
        if resume and count == 1:
            ended = place.call("resume", "--json")
            if ended.code == 0 and "run" in ended.document:
                return count
        elif place.bench.sync(place.drop).code == 0:
            return count
    return 99


@dataclass(slots=True)
class Told:
    """What the crashes of one story came to."""

    crashes: int = 0
    unreached: int = 0
    runs: int = 0
    lost: int = 0
    twice: int = 0
    in_doubt: int = 0
    planned: int = 0


def undisturbed(begin: Begin, folder: Path, sandbox: Sandbox) -> Counter[str]:
    """How many records of each sort a night leaves behind that nobody disturbs."""
    place = begin(folder, sandbox)
    assert place.night().ended().code == 0
    assert (place.lost(), place.surplus()) == (0, 0)
    return place.records()


def beginning(story: Story, folder: Path, sandbox: Sandbox) -> Begin:
    """How each crash of a story begins."""
    if story.before is None:
        return lambda here, there: begun(named(story.kind), here, there, story.tables())
    moment = story.before(folder, sandbox)
    return lambda here, there: at(moment, here, there, story.tables())


@pytest.mark.parametrize("name", list(STORIES))
def test_a_crash_at_each_point_converges_in_two_runs_and_does_nothing_twice(
    name: str,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof("R2", "a crash at every named failure point")
    story, told = STORIES[name], Told()
    begin = beginning(story, tmp_path / "before", served)
    right = undisturbed(begin, tmp_path / "undisturbed", served)
    with read_once():
        for number, (point, hit) in enumerate(tries(story.points, rounds)):
            place = begin(tmp_path / f"{number}", served)
            ended = story.start(place, (ARM, [point.name, hit])).ended()
            if ended.code == KILLED:
                judged(place, right, told, resume=bool(number % 2))
            else:
                told.unreached += hit == 1
                assert hit > 1, (point.name, ended)
    row.times = told.crashes
    row.least("points", len(POINTS), FEWEST)
    row.zero("points not reached", told.unreached)
    row.worst("runs until it converges", told.runs, 2)
    row.zero("lost", told.lost)
    row.zero("done twice", told.twice)
    row.zero("left in doubt", told.in_doubt)
    row.zero("operations of the next plan", told.planned)


def tries(points: Iterable[Point], rounds: int) -> list[tuple[Point, int]]:
    """Each point with the hits at which to crash."""
    hits = range(1, (HITS if rounds > 1 else 1) + 1)
    return [(one, hit) for one in points for hit in hits]


def judged(place: Place, right: Counter[str], told: Told, *, resume: bool) -> None:
    told.crashes += 1
    told.runs = max(told.runs, converged(place, resume=resume))
    told.lost += place.lost()
    told.twice += place.surplus() + (place.records() - right).total()
    told.in_doubt += place.in_doubt()
    told.planned += place.planned()
