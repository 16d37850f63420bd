"""The power fails at any moment: what the journal has acknowledged is there when the
machine starts again, the journal is whole, and a file is the old one or the new one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import polars as pl
import pytest

from sync.errors import LocalError
from sync.model.outcome import Outcome, State
from sync.report.files import write_private
from sync.state import Journal, write_atomic
from sync.state.database import Connect
from tests.faults.names import Files, powered_files
from tests.faults.power import NEVER, Power, powered
from tests.faults.proofs import Line
from tests.faults.slowness import seeded

CUTS = 500
PARTS = 4
OPERATIONS = 40
WORKERS = 4
SMALL_PAGES = "PRAGMA wal_autocheckpoint = 8"
"""So that checkpoints come every few commits."""


@dataclass(slots=True)
class Acknowledged:
    """What the journal has said to be on the disk."""

    made: bool = False
    sent: set[str] = field(default_factory=set)
    settled: dict[str, str] = field(default_factory=dict)
    closed: bool = False


def operations() -> pl.DataFrame:
    ids = [f"students:{number:03}" for number in range(OPERATIONS)]
    return pl.DataFrame({"id": ids, "entity": "students"})


async def write(
    path: Path, connect: Connect, said: Acknowledged, *, checkpoints: bool
) -> None:
    """A run's journal from beginning to end, written by several at once."""
    journal = Journal.create(path, operations(), connect=connect)
    said.made = True
    if checkpoints:
        journal._connection.execute(SMALL_PAGES)
    waiting = iter(operations()["id"])

    async def work() -> None:
        for one in waiting:
            await journal.sent([one])
            said.sent.add(one)
            await journal.settle([Outcome(one, State.DONE, 201, f"r-{one}")])
            said.settled[one] = f"r-{one}"

    try:
        async with anyio.create_task_group() as group:
            for _ in range(WORKERS):
                group.start_soon(work)
    finally:
        journal.close()


def night(
    power: Power, path: Path, *, careless: bool, checkpoints: bool
) -> Acknowledged:
    """As much of it as there is power for."""
    said = Acknowledged()
    with powered(power, careless=careless) as connect:
        try:
            anyio.run(lambda: write(path, connect, said, checkpoints=checkpoints))
        except* LocalError:
            pass
    return said


def missing(folder: Path, said: Acknowledged) -> tuple[int, bool]:
    """How much of what was acknowledged is not there, and whether the rest is whole."""
    path = folder / "journal.sqlite"
    count = len(said.sent) + len(said.settled)
    if not path.exists():
        return count + said.made, True
    try:
        with Journal.open(path) as journal:
            found = journal.states()
    except LocalError:
        return (count, False) if said.made else (0, True)
    if found.height != OPERATIONS:
        return count + 1, True
    states = {one: (state, remote) for one, state, remote in _rows(found)}
    lost = [one for one in said.sent if states[one][0] == State.PLANNED.value]
    wrong = [
        one
        for one, remote in said.settled.items()
        if states[one] != (State.DONE.value, remote)
    ]
    return len(lost) + len(wrong), True


def _rows(found: pl.DataFrame) -> list[tuple[str, str, str | None]]:
    return found.select("id", "state", "remote_id").rows()


def cut(
    folder: Path, seed: str, length: int, *, careless: bool = False
) -> tuple[int, bool, int]:
    """One power failure: what is lost, whether the journal is whole, and how much had
    been acknowledged."""
    chance = seeded(seed)
    power = Power(chance, fails_at=chance.randint(1, length))
    before, after = folder / "before", folder / "after"
    before.mkdir(parents=True)
    after.mkdir()
    path = before / "journal.sqlite"
    checkpoints = chance.random() < 0.5
    said = night(power, path, careless=careless, checkpoints=checkpoints)
    power.survivors(after)
    lost, whole = missing(after, said)
    return lost, whole, len(said.sent) + len(said.settled)


def length(folder: Path) -> int:
    """How many things are done to the disk in a night with checkpoints."""
    power = Power(seeded("0"), fails_at=NEVER)
    said = night(power, folder / "journal.sqlite", careless=False, checkpoints=True)
    assert len(said.settled) == OPERATIONS
    return power.done


@pytest.mark.parametrize("part", range(PARTS))
def test_after_a_power_failure_everything_acknowledged_is_there(
    part: int, tmp_path: Path, proof: Callable[[str, str], Line], rounds: int
) -> None:
    row = proof("R13", "the power fails under the journal, un-synced sectors scrambled")
    whole_length, times = length(tmp_path), CUTS * rounds // PARTS
    lost = damaged = acknowledged = 0
    for number in range(times):
        gone, whole, said = cut(
            tmp_path / f"{number}", f"{part}-{number}", whole_length
        )
        lost, damaged, acknowledged = (
            lost + gone,
            damaged + (not whole),
            acknowledged + said,
        )
    row.times = times
    row.zero("acknowledged operations lost", lost)
    row.zero("journals damaged", damaged)
    row.least("acknowledged before a cut, on average", acknowledged / times, 10)


def test_the_same_failures_lose_much_where_nothing_is_synced(tmp_path: Path) -> None:
    whole_length = length(tmp_path)
    fates = [
        cut(tmp_path / f"{number}", f"careless-{number}", whole_length, careless=True)
        for number in range(10)
    ]
    assert sum(lost for lost, _, _ in fates) > 50


FILES = 250
"""Cuts for each of the two ways in which a file is replaced."""
WRITES = 4
STEPS_EACH = 3
"""A sync of the file, the name, a sync of the folder."""
WAYS: dict[str, Callable[[Path, bytes], None]] = {
    "state": write_atomic,
    "report": write_private,
}


@pytest.mark.parametrize("way", list(WAYS))
def test_after_a_power_failure_a_file_is_the_old_one_or_the_new_one(
    way: str, tmp_path: Path, proof: Callable[[str, str], Line], rounds: int
) -> None:
    row = proof("R13", "the power fails while files are replaced")
    chance, lost, torn = seeded(way), 0, 0
    for _ in range(FILES * rounds):
        written = [chance.randbytes(chance.randint(0, 9_000)) for _ in range(WRITES)]
        files = Files(chance, chance.randint(1, WRITES * STEPS_EACH + 1))
        said = 0
        with powered_files(files), suppress(LocalError, OSError):
            for content in written:
                WAYS[way](tmp_path / "file", content)
                said += 1
        found = files.survivors().get("file")
        torn += found is not None and found not in written
        lost += found not in written[max(0, said - 1) :] and said > 0
    row.times = FILES * rounds
    row.zero("files that returned and are gone or old", lost)
    row.zero("files that are neither", torn)
