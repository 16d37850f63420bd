"""Which rejected rows are no reason any more to end with 1."""

from __future__ import annotations

import polars as pl
import pytest

from sync.flow.accepted import known_count, still_rejected
from sync.model.finding import FINDING_SCHEMA, Findings

Row = tuple[int, bool]
"""The line of a finding that rejects it, and whether it is known."""


def found(*rows: Row, severity: str = "rejected") -> Findings:
    facts = [
        {"severity": severity, "entity": "users", "file": "u.csv", "line": line}
        for line, _ in rows
    ]
    frame = pl.DataFrame(facts, schema=FINDING_SCHEMA)
    return Findings(frame.with_columns(known=pl.Series([known for _, known in rows])))


@pytest.mark.parametrize(
    ("findings", "rejected", "still"),
    [
        (found((2, True), (3, True)), 2, 0),
        (found((2, True), (3, False)), 2, 1),
        (found((2, True), (2, True)), 1, 0),
        (found((2, True), (2, False)), 1, 1),
        (found((2, False)), 1, 1),
        (found((2, True)), 3, 2),
        (found((2, True), severity="warning"), 1, 1),
    ],
    ids=[
        "all known",
        "one is not",
        "one row twice",
        "one row for two reasons",
        "none",
        "rows that no finding names",
        "a warning rejects nothing",
    ],
)
def test_a_row_is_known_with_all_that_rejects_it(
    findings: Findings, rejected: int, still: int
) -> None:
    assert still_rejected(findings, rejected) == still


def test_where_nobody_has_accepted_anything_all_count() -> None:
    bare = Findings(found((2, True), (2, False)).frame.drop("known"))
    assert still_rejected(bare, 1) == 2
    assert known_count(bare) == 0
