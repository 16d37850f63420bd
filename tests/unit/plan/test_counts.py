from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.diff import DECISIONS, DiffInput, FieldRules, diff
from sync.model.entities import SYNCED, Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.operation import OPERATION_SCHEMA
from sync.model.roster import RowCounts
from sync.plan.counts import FATES, account
from sync.plan.operations import operations
from sync.plan.removal import RemovalInput, with_fates

NAMES = ("_key", "status", "enabledUser", "phone", "_decision")
RULES = FieldRules(("status", "enabledUser", "phone"))
statuses = st.sampled_from(["active", "inactive", "tobedeleted"])
records = st.fixed_dictionaries(
    {
        "_key": st.sampled_from("abcdefghij"),
        "status": statuses,
        "enabledUser": st.sampled_from(["true", "false"]),
        "phone": st.none() | st.sampled_from("12"),
    }
)
decided = st.fixed_dictionaries(
    {"_decision": st.none() | st.sampled_from(["blocked", "deferred", "unsupported"])}
)
theirs = st.lists(records, unique_by=lambda row: row["_key"], max_size=10)
ours = st.lists(
    st.builds(lambda a, b: a | b, records, decided),
    unique_by=lambda row: row["_key"],
    max_size=10,
)
memory = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from("abcdefghij"),
            "source": st.sampled_from(["sis", "other"]),
            "missed": st.integers(0, 3),
            "ended": st.booleans(),
        }
    ),
    unique_by=lambda row: row["key"],
    max_size=10,
)
frozen_keys = st.sets(st.sampled_from("abcdefghij"), max_size=3)
Rows = list[dict[str, Any]]


def frame(rows: Rows, names: tuple[str, ...] = NAMES) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))


@given(
    st.dictionaries(st.sampled_from(SYNCED), st.tuples(ours, theirs), min_size=1),
    memory,
    frozen_keys,
    st.sampled_from(["keep", "inactive"]),
)
@settings(max_examples=60, deadline=None)
def test_the_counts_of_a_plan_balance(
    sides: dict[Entity, tuple[Rows, Rows]], known: Rows, frozen: set[str], policy: str
) -> None:
    if Entity.STUDENTS in sides and Entity.USERS in sides:
        sides[Entity.USERS] = ([], [])  # one person stands in one of them
    entities = [entity.value for entity in sides]
    ledger = LedgerView(
        pl.DataFrame(
            [row | {"entity": entities[0], "created": True} for row in known],
            schema=LEDGER_SCHEMA,
        ),
        PAIRS_SCHEMA.to_frame(),
    )
    joined = diff(
        DiffInput(
            {entity: frame(mine) for entity, (mine, _) in sides.items()},
            {entity: frame(held, NAMES[:-1]) for entity, (_, held) in sides.items()},
            pl.DataFrame(
                [{"entity": entities[0], "_key": key} for key in frozen],
                schema={"entity": pl.String, "_key": pl.String},
            ),
            dict.fromkeys(Entity, RULES),
            ledger,
        )
    )
    nobody = pl.Series(dtype=pl.String)
    fated = {
        entity: with_fates(
            whole,
            RemovalInput(
                entity, policy, "ledger", (), 2, "sis", nobody, None, blind=None
            ),
        )
        for entity, whole in joined.items()
    }
    planned = operations(
        fated,
        dict.fromkeys(Entity, RULES),
        {key: {"status": "inactive"} for key in Entity},
        lambda whole: pl.Series([0] * whole.height, dtype=pl.UInt8),
    )
    rows = {
        entity: RowCounts(len(mine) + 3, len(mine) + 1, 1, 1)
        for entity, (mine, _) in sides.items()
    }
    found = account(rows, dict.fromkeys(sides, 1), fated, planned, frozenset())
    for name, parts in found.items():
        counts = parts["rows"]
        read = counts["accepted"] + counts["merged"] + counts["rejected"]
        assert counts["read"] == read
        assert counts["accepted"] == sum(parts["diff"].values())
        remote = parts["remote"]
        assert set(remote) == {"total", "matched", *FATES}
        assert 2 * remote["total"] == sum(remote.values())
        changes = ("create", "update", "reactivate", "remove")
        expected = sum(parts["diff"][one] for one in changes) + remote["remove"]
        assert parts["operations"] == {"planned": expected}
        assert planned.filter(entity=name).height == expected


def test_rows_that_the_target_does_not_sync_count_as_unsupported() -> None:
    rows = {Entity.ENROLLMENTS: RowCounts(5, 4, 0, 1), Entity.ORGS: RowCounts(2, 2)}
    found = account(
        rows, {}, {}, OPERATION_SCHEMA.to_frame(), frozenset({Entity.ENROLLMENTS})
    )
    assert list(found) == ["orgs", "enrollments"]
    assert found["enrollments"]["diff"] == dict.fromkeys(DECISIONS, 0) | {
        "unsupported": 4
    }
    assert set(found["orgs"]) == {"rows"}


@pytest.mark.parametrize(
    ("was", "ends", "part"),
    [
        ("reactivate", True, "remove"),
        ("update", False, "update"),
        (None, True, "update"),
    ],
)
def test_what_an_undo_ends_again_counts_as_removed(
    was: str | None, part: str, *, ends: bool
) -> None:
    rules, nobody = (
        {Entity.STUDENTS: RULES},
        pl.DataFrame(schema={"entity": pl.String(), "_key": pl.String()}),
    )
    none = LedgerView(LEDGER_SCHEMA.to_frame(), PAIRS_SCHEMA.to_frame())
    ours = pl.DataFrame([{"_key": "a", "status": "active", "phone": "1"}])
    theirs = ours.with_columns(phone=pl.lit("2"), enabledUser=pl.lit("true"))
    one = {Entity.STUDENTS: ours.with_columns(enabledUser=pl.lit("true"))}
    found = diff(DiffInput(one, {Entity.STUDENTS: theirs}, nobody, rules, none))
    frame = found[Entity.STUDENTS].with_columns(
        ends=pl.lit(ends), fate=pl.lit(None, pl.String)
    )
    frame = frame.with_columns(pl.lit(was, pl.String).alias("d:_was"))
    counts = {Entity.STUDENTS: RowCounts(read=1, accepted=1)}
    told = account(
        counts, {}, {Entity.STUDENTS: frame}, OPERATION_SCHEMA.to_frame(), frozenset()
    )
    diffs = told["students"]["diff"]
    assert {name: n for name, n in diffs.items() if n} == {part: 1}
