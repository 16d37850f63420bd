"""What is proposed on its way to a plan: its fate, the guards, the next ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.operation import OPERATION_SCHEMA
from sync.model.plan import Guard
from sync.plan import GuardRules, Threshold
from sync.plan.guards import GuardInput, judge
from sync.plan.removal import RemovalInput, with_fates
from sync.plan.succession import Naming, succession

Row = dict[str, Any]
STUDENTS, ENROLLMENTS = Entity.STUDENTS, Entity.ENROLLMENTS
COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys(("_key", "source", "decision", "reason", "proposed"), pl.String()),
    **dict.fromkeys(("in_drop", "in_remote", "is_frozen", "known"), pl.Boolean()),
    **dict.fromkeys(("was_active", "ended", "ends", "outside"), pl.Boolean()),
    "missed": pl.UInt32(),
    "fields": pl.List(pl.String()),
    **dict.fromkeys(("r:userSourcedId", "d:userSourcedId", "person"), pl.String()),
    **dict.fromkeys(("r:_remote_id", "r:primaryOrgSourcedId"), pl.String()),
    "evidence": pl.String(),
}
RECORD: Row = {
    "_key": "old",
    "in_drop": False,
    "in_remote": True,
    "is_frozen": False,
    "known": True,
    "was_active": True,
    "ended": False,
    "ends": False,
    "outside": False,
    "source": "sis",
    "missed": 1,
    "fields": [],
    "r:_remote_id": "old",
    "proposed": "row new may be it",
    "evidence": "same name and birth date",
}
NEW: Row = RECORD | {
    "_key": "new",
    "in_drop": True,
    "in_remote": False,
    "known": False,
    "was_active": False,
    "source": None,
    "missed": 0,
    "decision": "proposed",
    "r:_remote_id": None,
}
GIVEN = RemovalInput(
    entity=STUDENTS,
    policy="inactive",
    scope="ledger",
    orgs=(),
    grace=1,
    source="sis",
    frozen_people=pl.Series(dtype=pl.String),
    rejected=None,
    blind=None,
)


def frame(*rows: Row, links: bool = False) -> pl.DataFrame:
    told = [{name: row.get(name) for name in COLUMNS} for row in rows]
    whole = pl.DataFrame(told, schema=COLUMNS)
    return whole.drop("evidence") if links else whole


@pytest.mark.parametrize(
    ("cells", "fate", "would_end"),
    [
        ({}, "proposed", True),
        ({"known": False}, "proposed", False),
        ({"source": "other"}, "proposed", False),
        ({"is_frozen": True}, "frozen", False),
        ({"outside": True}, "out_of_scope", False),
        ({"proposed": None}, "remove", False),
    ],
)
def test_a_proposed_record_waits_whatever_else_would_become_of_it(
    cells: Row, fate: str, would_end: bool
) -> None:
    found = with_fates(frame(RECORD | cells), GIVEN).row(0, named=True)
    assert (found["fate"], found["would_end"]) == (fate, would_end)
    if fate == "proposed":
        assert found["reason"] == "row new may be it"


def test_under_the_policy_keep_nothing_would_have_ended() -> None:
    found = with_fates(frame(RECORD), replace(GIVEN, policy="keep"))
    assert found.select("fate", "would_end").row(0) == ("proposed", False)


def test_a_rejected_row_protects_a_link_more_than_a_proposal_does() -> None:
    row = RECORD | {"r:userSourcedId": "old"}
    given = replace(GIVEN, entity=ENROLLMENTS, frozen_people=pl.Series(["old"]))
    found = with_fates(frame(row, links=True), given)
    assert found["fate"].to_list() == ["frozen"]


def guards(frames: pl.DataFrame, operations: int = 1, **rules: Any) -> list[Guard]:
    limit = Threshold(percent=10)
    own: dict[str, Any] = {"removals": limit, "creates": limit, "by": ()}
    found = judge(
        GuardInput(
            joined={STUDENTS: frames},
            rows={},
            rows_before={},
            can_end=frozenset({STUDENTS}),
            operations=operations,
            first_run=False,
            source="sis",
            rules=GuardRules(**own | rules),
        )
    )
    return [one for one in found if one.tripped]


def school(changed: int, others: int, evidence: str | None = None) -> pl.DataFrame:
    """So many students whose ids have changed, and so many who stay."""
    told = {"evidence": evidence} if evidence else {}
    stays = {"in_drop": True, "decision": "unchanged", "proposed": None}
    rows = [
        *(RECORD | told | {"_key": f"a{n:04}"} for n in range(changed)),
        *(NEW | told | {"_key": f"b{n:04}"} for n in range(changed)),
        *(
            RECORD | stays | {"_key": f"c{n:04}", "evidence": None}
            for n in range(others)
        ),
    ]
    at = pl.lit("o1").alias("r:primaryOrgSourcedId")
    return with_fates(frame(*rows).with_columns(at), GIVEN)


def test_ids_that_changed_at_once_trip_what_they_would_have_done() -> None:
    removals, creates = guards(school(412, 588))
    assert (removals.name, removals.count, removals.of) == ("removals", 412, 1000)
    assert (creates.name, creates.count, creates.of) == ("creates", 412, 1000)
    for one in (removals, creates):
        assert "412 ids changed, same name and birth date" in one.message


def test_where_there_is_nothing_to_hold_nothing_is_held() -> None:
    assert guards(school(412, 588), operations=0) == []
    assert guards(school(412, 588), operations=0, by=("school",), by_percent=1) == []


def test_few_of_them_hold_nothing() -> None:
    assert guards(school(5, 995)) == []


def test_they_count_within_their_school() -> None:
    found = guards(
        school(30, 60),
        removals=Threshold(percent=90),
        creates=Threshold(percent=90),
        by=("school",),
        by_percent=25.0,
    )
    (one,) = found
    assert (one.name, one.group, one.count) == ("removals", "school o1", 30)
    assert "30 ids changed" in one.message


def test_the_commonest_evidence_is_named_first() -> None:
    both = pl.concat(
        [school(30, 0), school(70, 0, "same e-mail and given name")]
    ).with_columns(pl.concat_str("_key", "evidence").alias("_key"))
    message = guards(both)[0].message
    assert (
        "100 ids changed, same e-mail and given name (70) or same name and birth date "
        "(30): see renames.csv"
    ) in message


def test_links_that_wait_with_their_people_are_not_counted_again() -> None:
    rows = [RECORD | {"_key": f"e{n}"} for n in range(30)]
    roles = (pl.lit("student").alias(name) for name in ("d:role", "r:role"))
    links = frame(*rows, links=True).with_columns(*roles)
    fated = with_fates(links, replace(GIVEN, entity=ENROLLMENTS))
    found = judge(
        GuardInput(
            joined={ENROLLMENTS: fated},
            rows={},
            rows_before={},
            can_end=frozenset({ENROLLMENTS}),
            operations=1,
            first_run=False,
            source="sis",
        )
    )
    assert [one.name for one in found if one.tripped] == []


def following(*rows: Row) -> dict[str, Row]:
    fated = with_fates(frame(*rows, links=True), replace(GIVEN, entity=ENROLLMENTS))
    found = succession(
        {ENROLLMENTS: fated},
        OPERATION_SCHEMA.to_frame(),
        LedgerView.empty(),
        Naming("sis", frozenset({ENROLLMENTS}), frozenset()),
    )
    return {one["key"]: one for one in found.rows(named=True)}


def test_a_night_of_waiting_is_no_night_of_missing() -> None:
    found = following(RECORD, RECORD | {"_key": "gone", "proposed": None})
    assert found["old"]["missed"] == 1
    assert found["gone"]["missed"] == 2


def test_of_whom_a_waiting_enrollment_is_stays_known() -> None:
    row = RECORD | {"in_drop": True, "person": "old", "d:userSourcedId": "new"}
    found = following(
        row | {"decision": "proposed"},
        row | {"_key": "done", "decision": "unchanged"},
    )
    assert found["old"]["person"] == "old"
    assert found["done"]["person"] == "new"


def test_a_row_that_waits_names_nothing() -> None:
    assert following(NEW) == {}
