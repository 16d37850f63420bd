"""A drop that is cut off anywhere ends nobody.

A zip tells by its own sums that it is not whole, a row without its last cells that the
file is not, and the memory of the last good drop that a file used to end with a line
end, and with other rows. One cut alone cannot be told, behind the last row but one:
byte for byte that is the file of a night in which the last row has left, and a row that
has left is to be ended. It is left out here.

After a good night comes the next drop, which is the same but for a few changes, with
one of its files cut off at some byte, or all of it in a zip that is cut off. Whether
anybody was ended is read in what the sandbox holds.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from sync.flow.intake import How, take_in
from sync.sandbox import Sandbox
from tests.faults.child import TODAY
from tests.faults.nights import FIVE, Home, Tried, home
from tests.faults.proofs import Line
from tests.support.districts import district, with_cell

STUDENTS = 60
FILES = ("students", "users", "agents", "enrollments")
TAIL = 4096
DONE = 0


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, served: Sandbox) -> Home:
    """A good night; the next drop, whole, lies in ``next``."""
    folder = tmp_path_factory.mktemp("cut")
    made = home(FIVE[0], folder, served, district(STUDENTS))
    tables = made.tables
    for number in (3, 30):
        key = f"stu-{number:06d}"
        tables = with_cell(tables, "students", key, phone=f"+1-617-555-01{number:02d}")
    made.harness.write_drop(tables, folder / "next")
    return made


@pytest.fixture
def after(good: Home, served: Sandbox) -> Home:
    """After the good night, whatever other tests have done since."""
    served.reset()
    served.configure(**good.harness.settings)
    good.restore()
    return good


@dataclass(slots=True)
class Cuts:
    """What became of drops that were cut."""

    after: Home
    ends: Counter[str] = field(default_factory=Counter)
    """How each ended: refused, held, partial, warned, or without a word."""
    removed: dict[str, int] = field(default_factory=dict)
    """Where a cut ended something, and how much."""

    def try_one(self, drop: Path, cut: str) -> None:
        """Sync a cut drop."""
        if _refused(drop) and sum(self.ends.values()) % 10:
            # The same judgement as that of a run, without its report.
            self.ends["refused"] += 1
            return
        tried = self.after.sync(drop)
        self.ends[_told(tried)] += 1
        if tried.ended_keys:
            self.removed[cut] = tried.ended_keys
        if tried.written or tried.code in {0, 1}:
            self.after.restore()

    def measure(self, row: Line) -> None:
        """Say so in the table."""
        row.times = sum(self.ends.values())
        row.zero("removals", sum(self.removed.values()))
        unsaid = self.ends.pop("silent", 0)
        row.total("without a word", unsaid, row.times / 100)


def _refused(drop: Path) -> bool:
    return take_in(drop, How(), TODAY).refused


def _told(tried: Tried) -> str:
    if tried.code != DONE:
        return {1: "partial", 3: "refused", 4: "held"}[tried.code]
    return "warned" if tried.ended.document["findings"] else "silent"


def cut_file(after: Home, file: str, length: int) -> Path:
    """The next drop with one file cut off behind so many bytes."""
    path = after.workspace.folder / "next" / f"{file}.csv"
    whole = path.read_bytes()
    folder = after.workspace.folder / "cut"
    folder.mkdir(exist_ok=True)
    for one in path.parent.iterdir():
        data = one.read_bytes()
        (folder / one.name).write_bytes(data[:length] if one == path else data)
    assert 0 <= length < len(whole)
    return folder


def cannot_tell(after: Home, file: str) -> int:
    """Where a cut leaves a whole file without its last row."""
    data = (after.workspace.folder / "next" / f"{file}.csv").read_bytes()
    return data[:-1].rindex(b"\n") + 1


def size_of(after: Home, file: str) -> int:
    """Bytes of a file of the next drop."""
    return (after.workspace.folder / "next" / f"{file}.csv").stat().st_size


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_off_at_random_ends_nobody(
    proof: Callable[[str, str], Line], rounds: int, file: str, after: Home
) -> None:
    chance, size = Random(file), size_of(after, file)  # noqa: S311 - by seed
    cuts = Cuts(after)
    places = set(chance.sample(range(size - 1), 30 * rounds))
    for length in sorted(places - {cannot_tell(after, file)}):
        cuts.try_one(cut_file(after, file, length), f"{file}:{length}")
    cuts.measure(proof("R10", "a file of a folder cut off at random"))
    assert not cuts.removed, cuts.removed


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_off_near_its_end_ends_nobody(
    proof: Callable[[str, str], Line], rounds: int, file: str, after: Home
) -> None:
    size = size_of(after, file)
    every = 1 if file == "students" else 4
    near = range(max(0, size - TAIL), size - 1, every)
    if rounds == 1:
        near = range(size - 1 - 160, size - 1, 16)
    cuts = Cuts(after)
    for length in sorted({*near} - {cannot_tell(after, file)}):
        cuts.try_one(cut_file(after, file, length), f"{file}:{length}")
    cuts.measure(proof("R10", "a file cut off at the bytes before its end"))
    assert not cuts.removed, cuts.removed


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_off_at_the_end_of_a_row_ends_nobody(
    proof: Callable[[str, str], Line], rounds: int, file: str, after: Home
) -> None:
    data = (after.workspace.folder / "next" / f"{file}.csv").read_bytes()
    cuts = Cuts(after)
    for length in sorted({*row_ends(data, rounds)} - {cannot_tell(after, file)}):
        cuts.try_one(cut_file(after, file, length), f"{file}:{length}")
    row = proof("R10", "a file cut off exactly at the end of a row")
    row.times = sum(cuts.ends.values())
    row.zero("removals", sum(cuts.removed.values()))
    assert not cuts.removed, cuts.removed


def row_ends(data: bytes, rounds: int) -> Iterator[int]:
    """The last few of them, with and without the line end, and some before."""
    ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")][1:-1]
    for length in ends[-3 * rounds :]:
        yield length
        yield length - 1
    yield from ends[: -3 * rounds : max(1, len(ends) // (3 * rounds))]


def test_a_zip_cut_off_anywhere_ends_nobody(
    proof: Callable[[str, str], Line], rounds: int, after: Home
) -> None:
    folder = after.workspace.folder
    whole, cut = folder / "whole.zip", folder / "cut.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in sorted((folder / "next").iterdir()):
            archive.write(one, one.name)
    data = whole.read_bytes()
    chance = Random("zip")  # noqa: S311 - by seed
    lengths = chance.sample(range(len(data)), 40)
    lengths += range(len(data) - (30 if rounds == 1 else TAIL), len(data))
    cuts = Cuts(after)
    for length in lengths:
        cut.write_bytes(data[:length])
        cuts.try_one(cut, f"zip:{length}")
    row = proof("R10", "a zip cut off anywhere")
    cuts.measure(row)
    row.all_of("refused", cuts.ends["refused"], row.times)


def test_the_whole_drop_is_done(after: Home) -> None:
    tried = after.sync(after.workspace.folder / "next")
    assert (tried.code, tried.ended_keys, len(tried.written)) == (0, 0, 2)
