"""Findings as a bag that is always in order."""

from __future__ import annotations

import polars as pl
import pytest

from sync.model.finding import FINDING_SCHEMA, Finding, Findings, Severity

ONE = Finding("RS101", Severity.REJECTED, "m", file="b.csv", line=2)
TWO = Finding("RS100", Severity.WARNING, "n", file="a.csv", line=9)
PART = pl.DataFrame(
    {"code": ["RS102"], "severity": ["note"], "message": ["o"]},
    schema={"code": pl.String, "severity": pl.String, "message": pl.String},
)


@pytest.mark.parametrize(
    "none",
    [
        Findings.none(),
        Findings.of([]),
        Findings.of(iter(())),
        Findings.from_frames([]),
        Findings.from_frames([PART.clear(), FINDING_SCHEMA.to_frame()]),
        Findings.none() + Findings.none(),
    ],
)
def test_no_findings_are_the_same_however_they_are_made(none: Findings) -> None:
    assert none.frame.schema == FINDING_SCHEMA
    assert len(none) == 0
    assert none.by_severity() == dict.fromkeys(map(str, Severity), 0)
    assert not none.refuses


def test_a_bag_is_in_order_and_has_all_columns_whatever_its_parts() -> None:
    empty = PART.clear()
    bag = Findings.from_frames([empty, Findings.of([ONE]).frame, PART])
    whole = Findings.none() + Findings.of([TWO]) + bag
    assert whole.frame.schema == FINDING_SCHEMA
    assert whole.frame["code"].to_list() == ["RS102", "RS100", "RS101"]
    assert len(Findings.none()) == 0
