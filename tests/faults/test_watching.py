"""A watched folder: wherever its watcher is killed, and however drops arrive, each of
them has its run exactly once and is filed, and none is lost."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from time import sleep

import pytest

from sync.read.drop import whole_digest
from sync.sandbox import Sandbox
from sync.state import StateFolder, TargetState
from tests.faults.nursery import Before, Child
from tests.faults.places import TIMEBACK, Place, begun
from tests.faults.points import WATCH
from tests.faults.proofs import Line
from tests.faults.slowness import seeded
from tests.faults.tinies import tiny
from tests.support.districts import drop as written
from tests.support.workspace import TARGET

ARM = "tests.faults.points:arm"
KILLED = -9
FINAL = {0, 1, 3, 4}
HITS = {"a claim is kept": 5}
"""How often a claim is kept until its drop is filed; elsewhere the first hit counts."""
IN_RUN = (
    "after it is committed that the run is begun",
    "a change is on its way",
    "after it is committed that the run is ended",
    "before it is committed that the run is ended",
)
DROPS = 200
STALLS = 0.05
"""Of them stand still for longer than it takes to be claimed."""
SETTLE = 1.0
"""Seconds; a sender that pauses longer within a drop has told that it is complete."""
WEIGHTS = (5, 5, 1)
"""Of folders, zips and loose files, which wait for one another."""


def folder_of(place: Place) -> Path:
    folder = place.bench.workspace.folder / "in"
    folder.mkdir(exist_ok=True)
    return folder


def watching(place: Place, *options: str, before: Before | None = None) -> Child:
    given = ("watch", folder_of(place), "--target", TARGET, *options)
    return place.start(*given, before=before)


def once(place: Place, before: Before | None = None) -> Child:
    return watching(place, "--once", "--settle", "0s", before=before)


def tries() -> Iterator[tuple[str, int]]:
    for point in WATCH:
        name = point.name.partition(" ")[2]
        yield from ((point.name, hit + 1) for hit in range(HITS.get(name, 1)))
    yield from ((name, 1) for name in IN_RUN)


def had_their_run(place: Place) -> Counter[str]:
    """How often drops had a run that counts, by their digest."""
    state = StateFolder(place.bench.workspace.state)
    with TargetState.open(state, TARGET) as target:
        runs = target.runs()
    rows = runs.select("drop_sha256", "exit_code").iter_rows()
    return Counter(sha256 for sha256, code in rows if code in FINAL)


def claims(place: Place) -> list[Path]:
    return sorted(place.bench.workspace.state.glob("watches/*/claim-*"))


def filed(place: Place) -> list[Path]:
    """The drops that lie where they are filed."""
    return [
        one
        for shelf in ("done", "rejected", "held")
        for one in (folder_of(place) / shelf).glob("*")
        if ".report." not in one.name
    ]


def test_killed_at_each_step_of_claim_run_and_file_the_next_start_finishes(
    tmp_path: Path, served: Sandbox, proof: Callable[[str, str], Line]
) -> None:
    row = proof("W", "kill -9 at each step of claim, run and file")
    lost = twice = unreached = left = 0
    for number, (point, hit) in enumerate(tries()):
        place = begun(TIMEBACK, tmp_path / str(number), served, tiny())
        place.drop.rename(folder_of(place) / "night")
        killed = once(place, (ARM, [point, hit])).ended()
        unreached += killed.code != KILLED
        ended = once(place).ended()
        assert ended.code == 0, (point, hit, ended)
        row.times += 1
        lost += place.lost() + (not (folder_of(place) / "done" / "night").is_dir())
        twice += place.surplus() + had_their_run(place).total() - 1
        left += len(claims(place))
        report = folder_of(place) / "done" / "night.report.html"
        lost += b"</html>" not in report.read_bytes()
    row.zero("steps not reached", unreached)
    row.zero("lost", lost)
    row.zero("run twice", twice)
    row.zero("claims left", left)


def files_of(number: int, folder: Path) -> dict[str, bytes]:
    """A drop like no other; but for each third it is refused."""
    found = {one.name: one.read_bytes() for one in sorted(folder.iterdir())}
    text = found["students.csv"].decode()
    header, first, *rest = text.splitlines(keepends=True)
    if number % 3:
        header = header.replace("sourcedId", f"id{number}", 1)
    phone = f"+1-505-555-{number:04d}"
    names = header.rstrip().split(",")
    cells = first.rstrip("\n").split(",")
    cells[names.index("phone")] = phone
    changed = ",".join(cells) + "\n"
    return {**found, "students.csv": "".join([header, changed, *rest]).encode()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return whole.getvalue()


def digest_of(files: Mapping[str, bytes]) -> str:
    found = [(name, hashlib.sha256(data).digest()) for name, data in files.items()]
    return whole_digest(found)


@dataclass(slots=True)
class Sender:
    """Uploads drops in pieces, as servers of uploads do: by what they have opened."""

    folder: Path
    source: Path
    chance: Random
    sent: list[str] = field(default_factory=list)
    """The digests."""
    refused: int = 0
    failed: list[BaseException] = field(default_factory=list)

    def send_all(self) -> None:
        try:
            for number in range(DROPS):
                files = files_of(number, self.source)
                self.refused += number % 3 > 0
                ways = (self._folder, self._zip, self._loose)
                (way,) = self.chance.choices(ways, WEIGHTS)
                way(number, files)
                self.sent.append(digest_of(files))
        except BaseException as error:
            self.failed.append(error)
            raise

    def _folder(self, number: int, files: Mapping[str, bytes]) -> None:
        path = self.folder / f"night-{number % 7}"
        while True:  # the one of the same name is to be claimed first
            try:
                path.mkdir()
                break
            except FileExistsError:
                sleep(0.02)
        place = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name, data in files.items():
                file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=place)
                self._write({file: data}, last=name == list(files)[-1])
        finally:
            os.close(place)

    def _zip(self, number: int, files: Mapping[str, bytes]) -> None:
        name = f"night-{number}.zip"
        path = self.folder / f"{name}{self.chance.choice(['', '.part'])}"
        self._write({os.open(path, os.O_WRONLY | os.O_CREAT, 0o644): zipped(files)})
        if path.name != name:
            path.rename(self.folder / name)

    def _loose(self, number: int, files: Mapping[str, bytes]) -> None:
        while list(self.folder.glob("*.csv")):  # of one delivery at a time
            sleep(0.02)
        flags = os.O_WRONLY | os.O_CREAT
        opened = {
            os.open(self.folder / name, flags, 0o644): data
            for name, data in files.items()
        }
        self._write(opened)

    def _write(self, opened: Mapping[int, bytes], *, last: bool = True) -> None:
        """``last``: the drop is whole then, and may stay open for a while."""
        stall = last and self.chance.random() < STALLS
        for file, data in opened.items():
            middle = self.chance.randrange(len(data))
            for piece in (data[:middle], data[middle:]):
                os.write(file, piece)
                sleep(self.chance.uniform(0, 0.01))
        if stall:
            sleep(3 * SETTLE)
        for file in opened:
            os.close(file)


@pytest.mark.long
def test_drops_that_arrive_in_pieces_while_the_watcher_is_killed_are_run_once_each(
    tmp_path: Path, served: Sandbox, proof: Callable[[str, str], Line]
) -> None:
    row = proof("W", "drops in pieces, with kills, signals and restarts in between")
    place = begun(TIMEBACK, tmp_path, served, tiny())
    chance, kills, stops = seeded("watch"), 0, 0
    sender = Sender(folder_of(place), written(tiny(), tmp_path / "source"), chance)
    when = seeded("kills")
    sending = threading.Thread(target=sender.send_all)

    def filed_or_over(enough: int) -> bool:
        """By what was done, not by the clock: a busy machine gets there too."""
        return len(filed(place)) >= enough or not sending.is_alive()

    sending.start()
    while sending.is_alive():
        child = watching(place, "--settle", f"{SETTLE}s", "--quiet")
        enough = len(filed(place)) + when.randint(1, 10)
        assert child.until(partial(filed_or_over, enough)), child.ended()
        sleep(when.uniform(0, 0.5))
        if (kills + stops) % 4 == 3:
            child.signal(signal.SIGTERM)
            stops += 1
            assert child.ended().code in {0, 7}
        else:
            child.kill()
            kills += 1
            child.ended()
    assert not sender.failed
    last = watching(place, "--once", "--settle", f"{SETTLE}s").ended()
    assert last.code in FINAL, last.err
    runs, expected = had_their_run(place), Counter(sender.sent)
    row.times = len(sender.sent)
    shelves = Counter(one.parent.name for one in filed(place))
    row.zero("lost", (expected - runs).total())
    row.zero("run twice", sum(runs[one] - 1 for one in expected if runs[one] > 1))
    row.all_of("filed", shelves.total(), DROPS)
    row.all_of("rejected", shelves["rejected"], sender.refused)
    row.zero(
        "left behind", len(claims(place)) + len(list(folder_of(place).glob("*.*")))
    )
    row.least("kills", kills, 10)
