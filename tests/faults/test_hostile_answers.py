"""Answers that no honest server gives: a clean end, little memory, nothing removed.

Each attack answers the lists of a target that has had its good night, and the writes of
another's first night, in a process whose memory is measured. After attacked writes an
honest night must bring what the drop says, each thing once.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.sandbox import Sandbox
from tests.contract.bench import Bench
from tests.contract.conftest import begin
from tests.contract.harness import facts
from tests.contract.kinds import KINDS
from tests.faults.captive import Captive
from tests.faults.hostile_answers import ATTACKS, Hostile
from tests.faults.proofs import Line
from tests.support.districts import slim
from tests.support.ended import Ended
from tests.support.workspace import TARGET

FIVE = [one for one in KINDS if not one.sibling]
Proof = Callable[[str, str], Line]
MOST_MEMORY = 300 * 1024
"""Kibibytes of the whole process."""
CLEAN = {0, 1, 4, 5}
LISTS = len(FIVE)
"""In the short form each attack meets the lists of one kind,"""
WRITES = 2 * len(FIVE)
"""and half of them the writes of one."""
LIMITS = {"retries": 0, "timeout": "5s", "concurrency": 1}
"""One answer at a time: several that are as large as may be need their sum."""


def share(place: int, rounds: int, every: int) -> list[str]:
    """The attacks of one kind; in the long form all of them."""
    names = list(ATTACKS)
    return names if rounds > 1 else names[place::every]


def clean(row: Line, name: str, ended: Ended) -> None:
    """What must hold of every end."""
    row.times += 1
    told = ended.out + ended.err
    wrong = "Traceback" in told or "defect" in told or ended.code not in CLEAN
    if wrong:
        sys.stderr.write(f"{name}: {ended.code} {ended.err[-600:]}\n")
    row.zero("traces", "Traceback" in told or "defect" in told)
    row.all_of("ended cleanly", ended.code in CLEAN, 1)
    row.all_of("told in one line", len(ended.lines) == bool(ended.code), 1)


@pytest.mark.parametrize("place", range(len(FIVE)), ids=[one.name for one in FIVE])
def test_hostile_answers_to_lists_end_cleanly_and_remove_nothing(
    place: int, tmp_path: Path, sandbox: Sandbox, rounds: int, proof: Proof
) -> None:
    row = proof("S13", "hostile answers to lists, five kinds")
    harness = FIVE[place]
    bench = begin(harness, tmp_path, sandbox)
    assert bench.sync(tmp_path / "drop").code == 0
    shutil.copytree(bench.workspace.state, tmp_path / "kept")
    before = bench.held()
    with (
        Hostile(sandbox.url) as proxy,
        Captive(bench.workspace.environment) as captive,
    ):
        bench.configure(proxy.url, limits=LIMITS)
        proxy.where = lambda method, path: method == "GET" and "token" not in path
        for name in share(place, rounds, LISTS):
            _restore(bench, tmp_path / "kept")
            proxy.attack, proxy.attacks = ATTACKS[name], 0
            ended = captive.run(tmp_path, "run", "drop", "--target", TARGET)
            clean(row, name, ended)
            row.least("answers", proxy.attacks, 1)
            row.zero("records ended", (before - bench.held()).total())
        row.worst("KiB of memory", captive.peak, MOST_MEMORY)


@pytest.mark.parametrize("place", range(len(FIVE)), ids=[one.name for one in FIVE])
def test_hostile_answers_to_writes_end_cleanly_and_make_nothing_twice(
    place: int, tmp_path: Path, sandbox: Sandbox, rounds: int, proof: Proof
) -> None:
    row = proof("S13", "hostile answers to writes, five kinds")
    harness = FIVE[(place + 2) % len(FIVE)]
    command = ("run", "drop", "--target", TARGET)
    with Hostile(sandbox.url) as proxy, Captive(harness.environment) as captive:
        proxy.where = lambda method, path: method != "GET" and "token" not in path
        proxy.most = 3
        for name in share(place, rounds, WRITES):
            (folder := tmp_path / name.replace(" ", "-")).mkdir()
            bench = begin(harness, folder, sandbox)
            bench.configure(proxy.url, limits=LIMITS)
            proxy.attack, proxy.attacks = ATTACKS[name], 0
            clean(row, name, captive.run(folder, *command))
            row.least("answers", proxy.attacks, 1)
            row.zero("more than the drop says", _surplus(bench))
            proxy.attack = None
            good = captive.run(folder, *command)
            row.all_of("good the next night", good.code == 0, 1)
            row.zero("not as the drop says", _differs(bench))
        row.worst("KiB of memory", captive.peak, MOST_MEMORY)


def _restore(bench: Bench, kept: Path) -> None:
    shutil.rmtree(bench.workspace.state)
    shutil.copytree(kept, bench.workspace.state)


def _surplus(bench: Bench) -> int:
    return (bench.held() - facts(bench.harness.wanted(slim()))).total()


def _differs(bench: Bench) -> int:
    wanted = facts(bench.harness.wanted(slim()))
    return (bench.held() - wanted).total() + (wanted - bench.held()).total()
