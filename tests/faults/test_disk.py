"""A disk that is full, broken or cannot be written, wherever that begins: nothing is
sent without its intent on the disk, the journal is whole, and a later run converges."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.sandbox import Sandbox
from tests.faults.disk import BROKEN, FULL, READ_ONLY, Disk, failing
from tests.faults.places import TIMEBACK, Place, begun, read_once
from tests.faults.proofs import Line
from tests.faults.tinies import tiny
from tests.support.ended import Ended

STEP = 10_000
"""Bytes by which files may be longer from try to try."""
LIMITED, AS_ANYBODY = "tests.faults.disk:limited", "tests.faults.disk:as_anybody"
SHARE = 6
"""One in so many steps fails in the short form, each of them in the long one."""
TROUBLES = (FULL, READ_ONLY, BROKEN)
LOCAL_FAILED = 8


@dataclass(slots=True)
class Told:
    """What the tries came to."""

    times: int = 0
    without_intent: int = 0
    damaged: int = 0
    other_codes: int = 0
    not_converged: int = 0
    failed: int = 0

    def into(self, row: Line) -> None:
        """The line of the table."""
        row.times = self.times
        row.zero("changes sent without an intent on the disk", self.without_intent)
        row.zero("journals damaged", self.damaged)
        row.zero("ends other than 8 and done", self.other_codes)
        row.zero("later runs that do not converge", self.not_converged)
        row.least("runs that the disk ended", self.failed, 1)


def fresh(folder: Path, sandbox: Sandbox) -> Place:
    return begun(TIMEBACK, folder, sandbox, tiny())


def judged(place: Place, ended: Ended, told: Told) -> None:
    """What a run on such a disk left behind, and what comes after it."""
    told.times += 1
    told.failed += ended.code == LOCAL_FAILED
    done = ended.code == 0 and not place.lost()
    told.other_codes += not done and ended.code != LOCAL_FAILED
    intents = sum(tries for states in place.states() for _, tries in states)
    told.without_intent += max(0, len(place.writes()) - intents)
    told.damaged += sum(not whole(one) for one in place.journals())
    again = place.bench.sync(place.drop)
    right = again.code == 0 and not place.lost() and not place.surplus()
    told.not_converged += not right or place.planned() > 0


def whole(journal: Path) -> bool:
    with closing(sqlite3.connect(journal)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    return bool(verdict == "ok")


def test_files_that_may_not_grow_stop_the_run_before_anything_goes_unrecorded(
    tmp_path: Path, served: Sandbox, proof: Callable[[str, str], Line]
) -> None:
    row, told = proof("R12", "files may not grow, at each 10 KB step"), Told()
    code, size = LOCAL_FAILED, 0
    with read_once():
        while code:
            place = fresh(tmp_path / f"{size}", served)
            ended = place.night((LIMITED, [size])).ended()
            judged(place, ended, told)
            code, size = ended.code, size + STEP
    told.into(row)
    row.least("bytes at which it fits", size, 5 * STEP)


def steps(place: Place) -> int:
    """How many writing steps a night has."""
    disk = Disk(FULL)
    with failing(disk, place.bench.workspace.state):
        assert place.bench.sync(place.drop).code == 0
    return disk.steps


@pytest.mark.parametrize("part", range(2))
def test_a_disk_that_fails_from_any_writing_step_on_leaves_nothing_unrecorded(
    part: int,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    row = proof("R12", "full, read-only or broken from the n-th writing step on")
    told, share = Told(), SHARE if rounds == 1 else 1
    with read_once():
        last = steps(fresh(tmp_path / "undisturbed", served))
        for number in range(1 + part * share, last + 1, 2 * share):
            place = fresh(tmp_path / f"{number}", served)
            disk = Disk(TROUBLES[number // share % len(TROUBLES)], fails_at=number)
            with failing(disk, place.bench.workspace.state):
                ended = place.bench.workspace.run(*night(place))
            judged(place, ended, told)
    told.into(row)
    row.least("writing steps of a night", last, 50)


def night(place: Place) -> tuple[object, ...]:
    return "run", place.drop, "--target", "district", "--json"


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Within it neither the folder nor one below it can be written."""
    below = [folder, *(one for one in folder.rglob("*") if one.is_dir())]
    for one in below:
        one.chmod(0o500)
    try:
        yield
    finally:
        for one in below:
            one.chmod(0o700)


@pytest.mark.parametrize("name", [".", "targets", "mirrors", "runs"])
def test_a_folder_that_cannot_be_written_stops_the_run_before_anything_is_sent(
    name: str, tmp_path: Path, served: Sandbox, proof: Callable[[str, str], Line]
) -> None:
    row, told = proof("R12", "a folder that cannot be written, for its owner"), Told()
    place = fresh(tmp_path, served)
    assert place.call("plan", *night(place)[1:]).code == 0
    with read_once():
        with unwritable(place.bench.workspace.state / name):
            ended = place.night((AS_ANYBODY, [])).ended()
        assert ended.code == LOCAL_FAILED, ended
        sent = len(place.writes())
        judged(place, ended, told)
    told.into(row)
    row.zero("changes sent", sent)


def test_a_file_in_the_place_of_the_state_folder_stops_the_run_at_once(
    tmp_path: Path, served: Sandbox, proof: Callable[[str, str], Line]
) -> None:
    row = proof("R12", "a file in the place of the state folder or above it")
    place = fresh(tmp_path, served)
    config = (tmp_path / "roster-sync.toml").read_text("utf-8")
    (tmp_path / "file").write_text("", "utf-8")
    codes = []
    for where in ("file", "file/state"):
        changed = config.replace('state_dir = "state"', f'state_dir = "{where}"')
        (tmp_path / "roster-sync.toml").write_text(changed, "utf-8")
        codes.append(place.call(*night(place)).code)
    row.times = len(codes)
    row.zero("requests", len(served.requests()))
    row.all_of("ended with 8", codes.count(LOCAL_FAILED), len(codes))
