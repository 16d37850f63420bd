from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.flow.carry import count_outcomes

STATES = ("done", "failed", "skipped", "blocked", "sent", "planned")


def states(**of: list[str]) -> pl.DataFrame:
    rows = [
        {"operation": f"{entity}:k{n}", "state": state}
        for entity, found in of.items()
        for n, state in enumerate(found)
    ]
    return pl.DataFrame(rows, schema={"operation": pl.String, "state": pl.String})


@pytest.mark.parametrize(
    ("found", "planned", "expected"),
    [
        ([], 0, {}),
        ([], 3, {"not_reached": 3}),
        (["done"] * 3, 3, {"done": 3}),
        (
            list(STATES),
            6,
            {
                "done": 1,
                "failed": 1,
                "skipped": 1,
                "blocked": 1,
                "in_doubt": 1,
                "not_reached": 1,
            },
        ),
        (["done", "sent"], 5, {"done": 1, "in_doubt": 1, "not_reached": 3}),
    ],
)
def test_every_planned_operation_is_in_one_count(
    found: list[str], planned: int, expected: dict[str, int]
) -> None:
    entities: Any = {
        "students": {"operations": {"planned": planned}},
        "orgs": {"rows": {"read": 1}},
    }
    count_outcomes(entities, states(students=found, users=["done"]))
    counts = entities["students"]["operations"]
    names = ("done", "failed", "skipped", "blocked", "in_doubt", "not_reached")
    assert counts == {"planned": planned} | dict.fromkeys(names, 0) | expected
    assert sum(counts.values()) == 2 * planned
    assert entities["orgs"] == {"rows": {"read": 1}}
