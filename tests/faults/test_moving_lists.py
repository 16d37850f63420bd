"""A list moves while it is read: with each page somebody comes, goes, or both.

Whoever was there throughout is in the mirror, or else the read is not called complete:
then the run ends with 5, and nothing is removed. An exchange, one record gone from the
front and one come to the end, leaves the announced total as it is; where places are
changed twice the number of records that were read is right as well, and only the pages,
which do not join, show it. Open edX's list is reached by links to numbered pages, which
cannot be made to join: there exchanges are not tried.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.fetch.complete import Whole
from sync.samples import Tables
from sync.sandbox import Sandbox
from sync.targets.base import ID
from tests.contract import edubridge
from tests.contract.bench import Bench
from tests.contract.harness import Harness
from tests.faults.benches import FIVE, QUICK, bench_for
from tests.faults.moving import (
    PLACE_OF,
    WAYS,
    Busy,
    Place,
    settle_in,
    there,
)
from tests.faults.proofs import Line
from tests.support.districts import district, without_students
from tests.support.meddler import Meddler

Proof = Callable[[str, str], Line]
PAGES = 50
STAYS, PASSES = 10**9, 41
"""Pages after which it is quiet."""
ORDERLY = {**QUICK, "concurrency": 1}
"""One page after the other, so that what happens between two of them is known."""
LEAVERS = 3
STUDENTS = 40
HOLDING: dict[str, Any] = {"first_run": "pass", "removals": {"percent": 50}, "by": []}


def narrow(students: int) -> Tables:
    """A district in which each student has one enrollment, and nobody else any."""
    tables = district(students)
    rows = tables.enrollments.filter(role="student").sort("sourcedId")
    pupils = rows.unique("userSourcedId", keep="first", maintain_order=True)
    return replace(tables, enrollments=pupils)


def with_people(harness: Harness) -> tuple[Harness, dict[str, Any]]:
    """Where people can be ended, they are there before, and nothing else is synced."""
    if harness.name not in {"timeback", "oneroster-1.2"}:
        return harness, {}
    return replace(harness, before=edubridge.people), {
        "entities": ["students", "users"]
    }


def leavers(tables: Tables) -> list[str]:
    """Students who are not in the next drop."""
    return tables.students["sourcedId"].sort().tail(LEAVERS).to_list()


def in_force(bench: Bench, mine: set[str]) -> set[str]:
    """What of ours is in force: people of ours, or else enrollments."""
    if "entities" in with_people(bench.harness)[1]:
        people = bench.workspace.sandbox.dump()["users"]
        return {one["sourcedId"] for one in people if one["status"] == "active"} & mine
    found = {" ".join(one) for one in bench.held()}
    others = " aaa", " zzz", " teacher"
    return {one for one in found if not any(mark in one for mark in others)}


@contextmanager
def believing(place: Place) -> Iterator[list[set[str]]]:
    """The records of each read of the list that the program takes for complete."""
    found: list[set[str]] = []
    honest = Whole.__init__

    def made(whole: Whole, frame: pl.DataFrame, complete: bool, *rest: Any) -> None:
        honest(whole, frame, complete, *rest)
        # Open edX's records are named by course, learner and more.
        parts = [one.lower().split("\x1f") for one in frame[ID].drop_nulls()]
        names = {one[1] if len(one) > 1 else one[0] for one in parts}
        if complete and place.mark in names:
            found.append(names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Whole, "__init__", made)
        yield found


@dataclass(frozen=True, slots=True)
class Quiet:
    """After a good night of one kind; others have come to the front of the list."""

    bench: Bench
    place: Place
    changes: dict[str, Any]
    remote: dict[str, Any]
    kept: Path

    def again(self) -> None:
        """As it was then, whatever has been done since."""
        work = self.bench.workspace
        work.sandbox.reset()
        work.sandbox.configure(**self.bench.harness.settings)
        work.sandbox.load(self.remote)
        shutil.rmtree(work.state)
        shutil.copytree(self.kept, work.state)


def quiet_night(
    harness: Harness, tables: Tables, folder: Path, served: Sandbox
) -> Quiet:
    """A good night of a kind."""
    place = PLACE_OF[harness.name]
    known, changes = with_people(harness)
    bench = bench_for(known, tables, folder, served)
    if not place.later:
        settle_in(served, place)
    changes = {**changes, "guards": HOLDING, "full_read_every": "1s"}
    bench.configure(limits=QUICK, **changes)
    ended = bench.sync(folder / "drop")
    assert ended.code == 0, ended.err
    if place.later:
        settle_in(served, place)
    kept = shutil.copytree(bench.workspace.state, folder / "kept")
    return Quiet(bench, place, changes, served.dump(), kept)


@pytest.fixture(scope="module")
def quiet(
    tmp_path_factory: pytest.TempPathFactory, served: Sandbox, rounds: int
) -> Callable[[Harness], Quiet]:
    """The good night of a kind, made when it is first asked for."""
    nights: dict[str, Quiet] = {}

    def made(harness: Harness) -> Quiet:
        if harness.name not in nights:
            folder = tmp_path_factory.mktemp(harness.name)
            tables = narrow(STUDENTS * rounds)
            nights[harness.name] = quiet_night(harness, tables, folder, served)
        nights[harness.name].again()
        return nights[harness.name]

    return made


CASES = [
    pytest.param((harness, way, enough), id=f"{harness.name}-{way}-{enough}")
    for harness in FIVE
    for way, enough in (
        ("comes", STAYS),
        ("goes", STAYS),
        ("comes and goes", PASSES),
        ("is exchanged", STAYS),
        ("is exchanged", PASSES),
        ("changes places", PASSES),
    )
    if harness.name != "openedx" or way in {"comes", "goes", "comes and goes"}
]


@pytest.mark.parametrize("case", CASES)
def test_whoever_stayed_was_read_or_nothing_is_removed(
    case: tuple[Harness, str, int],
    proof: Proof,
    rounds: int,
    quiet: Callable[[Harness], Quiet],
    served: Sandbox,
) -> None:
    harness, way, enough = case
    row = proof("R8", f"somebody {way} with each page, {harness.name}")
    tables, night = narrow(STUDENTS * rounds), quiet(harness)
    bench, place, changes = night.bench, night.place, night.changes
    served.configure(**place.pages)
    before = there(served, place)
    mine = set(tables.students["sourcedId"])
    held = in_force(bench, mine)
    drop = bench.drop(without_students(tables, *leavers(tables)), "fewer")
    busy = Busy(served, place, WAYS[way], enough)
    with Meddler(served.url, busy) as proxy, believing(place) as reads:
        bench.configure(proxy.url, limits=ORDERLY, **changes)
        ended = bench.sync(drop)
    stayed = before & there(served, place)
    row.times = busy.asked
    row.least("pages of a list", busy.asked, PAGES * rounds)
    missed = sum(len(stayed - one) for one in reads)
    row.zero("missed in a read that counts as complete", missed)
    lost = held - in_force(bench, mine)
    if not reads:
        row.zero("not told by 5", ended.code != 5)
        row.zero("removed after an unproven read", len(lost))
    else:
        row.zero("not carried out", ended.code not in {0, 1})
        row.zero("removed and not left", max(0, len(lost) - LEAVERS))
