"""What monitors and messages are told of operations, without a record in it."""

from __future__ import annotations

from typing import Any

import polars as pl

from sync.flow.context import Story
from sync.flow.tally import tally
from sync.model.operation import OPERATION_SCHEMA
from sync.model.outcome import Outcome, State
from sync.report import TALLY_SCHEMA, outcomes_table


def operations(*rows: tuple[str, str, int | None]) -> pl.DataFrame:
    """Verb, entity and line of each; their ids are their places."""
    facts: list[dict[str, Any]] = [
        {
            "id": str(number),
            "entity": entity,
            "verb": verb,
            "key": f"secret-{number}",
            "file": None if line is None else f"{entity}.csv",
            "line": line,
            "ends": verb == "update",
        }
        for number, (verb, entity, line) in enumerate(rows)
    ]
    return pl.DataFrame(facts, schema=OPERATION_SCHEMA)


ROWS = (
    *(("update", "users", None), ("update", "users", 9), ("update", "users", 12)),
    *(("create", "users", 3), ("remove", "agents", None)),
)


def test_operations_are_counted_by_what_became_of_them() -> None:
    outcomes = outcomes_table(
        [
            Outcome("0", State.FAILED, 422),
            Outcome("1", State.FAILED, 422),
            Outcome("2", State.SENT),
            Outcome("3", State.DONE, 201),
        ]
    ).with_columns(new=pl.Series([True, False, True, None]))
    told = tally(Story(operations=operations(*ROWS), outcomes=outcomes))
    assert told.schema == TALLY_SCHEMA
    names = ("entity", "verb", "state", "status", "count", "new", "file", "line")
    assert told.select(names).rows() == [
        ("agents", "remove", "not_reached", None, 1, 0, None, None),
        ("users", "create", "done", None, 1, 0, "users.csv", 3),
        ("users", "update", "failed", 422, 2, 1, "users.csv", 9),
        ("users", "update", "in_doubt", None, 1, 1, "users.csv", 12),
    ]


def test_a_plan_that_nobody_carried_out_is_not_reached() -> None:
    told = tally(Story(operations=operations(*ROWS)))
    assert told["count"].to_list() == [1, 1, 3]
    assert set(told["state"]) == {"not_reached"}


def test_an_undo_is_counted_by_the_names_that_people_know() -> None:
    told = tally(Story(operations=operations(*ROWS), undoes="r"))
    assert set(told["verb"]) == {"create", "remove"}


def test_nothing_to_do_is_nothing() -> None:
    assert tally(Story()).is_empty()
