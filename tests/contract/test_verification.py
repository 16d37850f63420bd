"""Every kind at a system that answers with success and does nothing: whatever it called
done is found by reading back, and named."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sync.model.outcome import PENDING
from tests.contract.bench import Bench
from tests.contract.harness import Can
from tests.contract.mirage import Mirage
from tests.contract.over import briefly
from tests.contract.test_contract import without_some
from tests.support.districts import slim
from tests.support.ended import Ended

Record = tuple[str, str]
"""Entity and key."""


def called_done(bench: Bench, run: str) -> set[Record]:
    """What the system called done and need not show at once."""
    path = bench.workspace.state / "runs" / run / "operations.csv"
    with path.open(encoding="utf-8") as file:
        return {
            (row["entity"], row["key"])
            for row in csv.DictReader(file)
            if row["state"] == "done" and row["code"] != PENDING
        }


def differing(report: dict[str, Any]) -> set[Record]:
    return {(one["entity"], one["key"]) for one in report["differs"]}


def without_effect(bench: Bench, drop: Path) -> Ended:
    """A run of which nothing came, and which says so of all that it called done."""
    before = bench.held()
    with Mirage(bench) as proxy:
        bench.configure(proxy.url, settle="0s", limits={"retries": 0})
        ended = bench.sync(drop)
    assert proxy.answered > 0, ended.err
    assert bench.held() == before
    report = ended.document
    assert report["balanced"] is True
    assert report["converged"] is False, ended.err
    assert differing(report) == called_done(bench, report["run"])
    assert report["differs"]
    return ended


@briefly()
def test_what_was_to_be_made_and_is_not_there_is_found_and_made_the_next_night(
    bench: Bench,
) -> None:
    """Where no record can be asked for by itself, an empty list in place of what was
    made may as well be one that is hidden: then that is said, every night."""
    drop = bench.workspace.folder / "drop"
    assert without_effect(bench, drop).code in {1, 5}
    bench.configure()
    ended = bench.sync(drop)
    if ended.code == 1 and Can.SINGLE not in bench.harness.can:
        assert "blocked" in ended.line
        return
    assert ended.code == 0, ended.err
    bench.holds(slim())
    bench.quiet(drop, slim())


@briefly()
def test_what_was_to_end_and_is_still_there_is_found(synced: Bench) -> None:
    drop = synced.drop(without_some(slim()), "fewer")
    ended = without_effect(synced, drop)
    assert ended.code == 1
    assert "did not read back as written" in ended.line


@briefly(Can.UPDATE)
def test_what_was_to_change_and_is_as_it_was_is_found(synced: Bench) -> None:
    change = synced.harness.changed
    assert change is not None
    ended = without_effect(synced, synced.drop(change(slim()), "other"))
    assert ended.code == 1
    assert "did not read back as written" in ended.line
