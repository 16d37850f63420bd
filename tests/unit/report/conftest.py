"""Accounts, operations and findings to report on, with everything at its plainest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from sync.model.finding import Finding, Findings, Severity
from sync.model.operation import OPERATION_SCHEMA
from sync.model.plan import Guard
from sync.report import Account, Difference, Stage

CHICAGO = ZoneInfo("America/Chicago")

ENTITIES: dict[str, dict[str, dict[str, int]]] = {
    "students": {
        "rows": {"read": 14, "accepted": 11, "merged": 1, "rejected": 2},
        "diff": {
            "unchanged": 4,
            "create": 2,
            "update": 2,
            "reactivate": 1,
            "remove": 1,
            "proposed": 1,
            "frozen": 0,
            "blocked": 0,
            "deferred": 0,
            "unsupported": 0,
        },
        "remote": {
            "total": 12,
            "matched": 7,
            "remove": 1,
            "kept": 2,
            "frozen": 1,
            "out_of_scope": 0,
            "proposed": 1,
        },
        "operations": {
            "planned": 7,
            "done": 4,
            "failed": 1,
            "skipped": 1,
            "blocked": 1,
            "in_doubt": 0,
            "not_reached": 0,
        },
    }
}

FULL = Account(
    run="20261121T080000-7f3a",
    target="district",
    kind="timeback",
    outcome="partial",
    exit_code=1,
    started=datetime(2026, 11, 21, 2, 0, 3, tzinfo=CHICAGO),
    finished=datetime(2026, 11, 21, 2, 3, 41, tzinfo=CHICAGO),
    drop={"name": "night.zip", "sha256": "ab" * 32, "mode": "bulk"},
    entities=ENTITIES,
    guards=(Guard("removals", "students", None, 1, 40, "5 %", False, "one ends"),),
    findings=Findings.of(
        [
            Finding(
                "RS112",
                Severity.REJECTED,
                'grades "99" is not a grade level',
                entity="students",
                file="students.csv",
                line=43,
                column="grades",
                value="99",
                hint="use 01 to 13",
            )
        ]
    ),
    new_findings={"RS112": 1},
    known=1,
    requests={"sent": 30, "retried": 2, "throttled": 1},
    stages=(Stage("read", 1.25, 14), Stage("fetch", 2.0, 3, "requests")),
    notes=("students.csv is read as Windows-1252",),
    differs=(Difference("students", "s-1", "grades"),),
    converged=False,
    approved={"user": "kim", "host": "sis", "at": "2026-11-21", "digest": "3f9a"},
    plan={"path": "plan.rsplan", "id": "p-1", "valid_until": None, "held": False},
    digest="3f9a" * 16,
    advice="2 rows were rejected",
    timeline=(10, 20, 15),
)


@pytest.fixture(scope="session")
def make_account() -> Callable[..., Account]:
    """An account in which every field has something to say, with some replaced."""

    def make(**fields: Any) -> Account:
        return replace(FULL, **fields)

    return make


@pytest.fixture(scope="session")
def make_operations() -> Callable[..., pl.DataFrame]:
    """A frame of operations from the parts that a test is about."""

    def make(*rows: dict[str, Any]) -> pl.DataFrame:
        return pl.DataFrame(
            [_operation(number, row) for number, row in enumerate(rows)],
            schema=OPERATION_SCHEMA,
        )

    return make


def _operation(number: int, given: dict[str, Any]) -> dict[str, Any]:
    row = {
        "id": f"op-{number}",
        "entity": "students",
        "verb": "update",
        "key": f"s-{number}",
        "fields": [],
        "before": None,
        "after": None,
        "rest": "{}",
        "phase": 4,
        "wave": 0,
        "needs": [],
        "precondition": None,
        "remote_id": None,
        "reason": "",
        "ends": False,
        "file": "students.csv",
        "line": number + 2,
        **given,
    }
    for side in ("before", "after"):
        row[side] = None if row[side] is None else json.dumps(row[side])
    return row
