"""Every kind with little memory: the same nights, whatever lies on the shelf."""

from __future__ import annotations

import pytest

from sync.flow import room
from tests.contract.bench import Bench
from tests.contract.over import briefly
from tests.contract.test_contract import LEAVING, without_some
from tests.support.districts import slim
from tests.support.workspace import total

FEW = 7
"""Rows that are worked on at once, of tables of some dozens."""
TOLD = ("rows", "diff", "remote")


@briefly()
def test_nights_with_everything_on_the_shelf_come_to_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = without_some(slim())
    plain = bench.workspace.plan(bench.workspace.folder / "drop").document
    monkeypatch.setattr(room, "MEBIBYTE", 0)
    monkeypatch.setattr(room, "SLICE", FEW)
    first = bench.good(bench.workspace.folder / "drop", slim())
    assert plain["entities"].keys() == first.document["entities"].keys()
    for entity, wanted in plain["entities"].items():
        found = first.document["entities"][entity]
        assert [found.get(n) for n in TOLD] == [wanted.get(n) for n in TOLD]
    ended = bench.good(bench.drop(fewer, "fewer"), fewer)
    assert ended.document["entities"]["enrollments"]["remote"]["remove"] == LEAVING
    assert total(ended.document, "operations", "planned") == LEAVING
    monkeypatch.undo()
    bench.quiet(bench.workspace.folder / "fewer", fewer)
