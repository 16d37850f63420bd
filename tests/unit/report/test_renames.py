from __future__ import annotations

import csv
import stat
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.renames import PROPOSAL_SCHEMA
from sync.report import RENAMES, undefused, write_renames
from sync.report.renames import defused


def proposals(*pairs: tuple[str, str, bool]) -> pl.DataFrame:
    rows = [
        {"entity": "students", "old": old, "new": new, "clear": clear}
        for old, new, clear in pairs
    ]
    return pl.DataFrame(rows, schema=PROPOSAL_SCHEMA)


def test_the_sheet_has_the_clear_ones_in_their_order(tmp_path: Path) -> None:
    found = proposals(("b", "2", True), ("a", "1", True), ("c", "3", False))
    path = tmp_path / RENAMES
    assert write_renames(found, path) is True
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    assert rows == [
        ["entity", "old", "new"],
        ["students", "a", "1"],
        ["students", "b", "2"],
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_proposals_there_is_no_sheet(tmp_path: Path) -> None:
    assert write_renames(proposals(), tmp_path / RENAMES) is False
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "'=1", "''=1", "\uff1d1"])
def test_what_a_spreadsheet_would_run_stands_behind_an_apostrophe(cell: str) -> None:
    frame = pl.DataFrame({"c": [cell]}).select(defused(pl.col("c")).alias("c"))
    assert frame.item() == f"'{cell}"


@given(st.text(alphabet="'=+@a1 \u200b/-", min_size=1, max_size=6).map(str.strip))
def test_every_id_comes_back_as_it_was(cell: str) -> None:
    frame = pl.DataFrame({"c": [cell]}, schema={"c": pl.String()})
    there = frame.select(defused(pl.col("c")).alias("c"))
    back = there.select(undefused(pl.col("c")).alias("c"))
    assert back.item() == cell
