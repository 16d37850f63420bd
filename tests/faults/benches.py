"""Districts of any size at the sandbox of any kind, and what came of a night there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.contract.bench import Bench
from tests.contract.harness import Facts, Harness, facts
from tests.contract.kinds import KINDS
from tests.support.ended import Ended
from tests.support.workspace import Workspace, total

FIVE = tuple(one for one in KINDS if not one.sibling)
"""The five kinds, each in its usual configuration."""
CLEAN: Mapping[str, Any] = {"faults": "", "latency": 0.0}
QUICK: Mapping[str, Any] = {
    "requests_per_second": 1000.0,
    "burst": 50,
    "concurrency": 16,
    "timeout": "10s",
    "retries": 5,
}
"""Limits under which a sandbox on this machine is the slower one of the two."""

over_five = pytest.mark.parametrize("harness", FIVE, ids=[one.name for one in FIVE])


def bench_for(
    harness: Harness, tables: Tables, folder: Path, sandbox: Sandbox, **changes: Any
) -> Bench:
    """A sandbox of this kind with the schools of these tables, and a ``drop`` of them;
    ``changes`` are settings of the sandbox."""
    sandbox.reset()
    sandbox.configure(**{**harness.settings, **changes})
    sandbox.load(harness.before(tables))
    bench = Bench(harness, Workspace(folder, sandbox, dict(harness.environment)))
    bench.configure(limits=QUICK)
    bench.drop(tables)
    return bench


@dataclass(slots=True)
class Nights:
    """As many districts of one kind as are asked for, each in a folder of its own."""

    harness: Harness
    folder: Path
    sandbox: Sandbox
    count: int = 0

    def bench(self, tables: Tables, **changes: Any) -> Bench:
        """See ``bench_for``."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        return bench_for(self.harness, tables, folder, self.sandbox, **changes)


def wanted(bench: Bench, tables: Tables) -> Facts:
    """What is to be in force in the end."""
    return facts(bench.harness.wanted(tables))


def twice(held: Facts) -> int:
    """How many are there a second time."""
    return sum(count - 1 for count in held.values())


def finished(bench: Bench, first: Ended) -> Ended:
    """The night brought to its end where it was not: the program's own account says
    that there is something left to do, and the next run does it."""
    if first.code == 0:
        return first
    assert first.code == 5, first.err
    bench.configure(limits=QUICK)
    last = bench.sync(bench.workspace.folder / "drop")
    assert last.code == 0, last.err
    return last


def counted(ended: Ended, *parts: str) -> int:
    """Operations of a run in these ends, by its own account."""
    return sum(total(ended.document, "operations", part) for part in parts)
