"""A district with defects of all kinds: every one is found, and none is invented."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.defects import KINDS, LENIENT, TODAY, differences, make
from sync.flow.intake import take_in


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_defect_is_found_and_none_is_invented(seed: int, tmp_path: Path) -> None:
    expected = make(tmp_path / "drop", 2_000, seed)
    intake = take_in(tmp_path / "drop", LENIENT, TODAY)
    assert differences(intake.findings, expected).rows() == []
    planted = {kind.code for kinds in KINDS.values() for kind in kinds if kind.code}
    followed = {"RS035", "RS201", "RS202", "RS203", "RS204", "RS260", "RS263", "RS264"}
    assert set(expected["code"]) == planted | followed | {"RS262"}


def test_rows_that_fall_are_counted_once_each(tmp_path: Path) -> None:
    expected = make(tmp_path / "drop", 2_000, 4)
    roster = take_in(tmp_path / "drop", LENIENT, TODAY).roster
    assert roster is not None
    rejected = expected.filter(severity="rejected")
    fallen = dict(
        rejected.group_by("file").agg(pl.col("line").n_unique()).sort("file").rows()
    )
    counted = {
        f"{entity.value}.csv": counts.rejected
        for entity, counts in roster.counts.items()
        if counts.rejected
    }
    assert counted == fallen
