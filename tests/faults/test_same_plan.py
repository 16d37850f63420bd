"""R18: the same inputs make the same plan, whoever plans, with however many threads.

Each plan is made by a process of its own, with its own seed of hashes and number of
threads. Of the same files the digest and every byte of the operations are the same;
of files whose rows stand in another order every operation and request is, and only the
lines differ on which the rows stand.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from sync.plan import read_plan
from sync.sandbox import Sandbox
from sync.state import StateFolder
from tests.contract.bench import Bench
from tests.contract.harness import Harness
from tests.faults.proofs import Line
from tests.faults.rosters import random_roster, shuffled, universe
from tests.faults.test_converges import FIVE, begun

TRIES = 4
"""Plans of each kind: every other one of shuffled files."""
WHERE = ("file", "line")


@dataclass(frozen=True, slots=True)
class Made:
    """What one process planned."""

    digest: str
    content: bytes
    """Of ``operations.parquet``."""
    operations: pl.DataFrame
    requests: list[dict[str, Any]]


def made(bench: Bench, drop: Path, number: int) -> Made:
    """The plan of a process with its own threads and seed."""
    workspace = bench.workspace
    workspace.environment |= {
        "POLARS_MAX_THREADS": str(1 + number // 2 % 2),
        "PYTHONHASHSEED": str(number * 7919),
    }
    ended = workspace.process("plan", drop, "--target", "district", "--json")
    assert ended.code in {0, 1, 4}, ended.err
    path = Path(ended.document["plan"]["path"])
    shown = workspace.run("show", path, "--requests", "--json").out
    with zipfile.ZipFile(path) as archive:
        content = archive.read("operations.parquet")
    frame = read_plan(path, StateFolder(workspace.state)).operations
    requests = json.loads(shown)["requests"]
    return Made(ended.document["digest"], content, frame, requests)


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two plans do the same, wherever the rows stood."""
    return one.drop(WHERE).equals(other.drop(WHERE))


@pytest.mark.parametrize("harness", FIVE, ids=[one.name for one in FIVE])
def test_the_same_inputs_make_the_same_plan(
    harness: Harness,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    chance = Random(harness.name)  # noqa: S311 - no secret
    bench = begun(harness, tmp_path / "office", served, 1)
    first = bench.drop(random_roster(universe(9, 1), chance), "first")
    assert bench.sync(first).code in {0, 1}
    second = random_roster(universe(9, 1), chance)
    drop = bench.drop(second, "second")
    tries = range(1, TRIES * rounds)
    base = made(bench, drop, 0)
    again = [made(bench, drop, n) for n in tries if n % 2 == 0]
    moved = [
        made(bench, bench.drop(shuffled(second, chance), f"moved-{n}"), n)
        for n in tries
        if n % 2
    ]
    row = proof("R18", "plans of the same files by other processes")
    row.times = 1 + len(again)
    row.zero("other digest", sum(one.digest != base.digest for one in again))
    row.zero("other operations", sum(one.content != base.content for one in again))
    row = proof("R18", "plans of the same files with their rows shuffled")
    row.times = len(moved)
    row.zero(
        "other operations",
        sum(not same(one.operations, base.operations) for one in moved),
    )
    row.zero("other requests", sum(one.requests != base.requests for one in moved))
    assert base.operations.height > 3, "there was nothing to plan"
