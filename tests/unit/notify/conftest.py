"""Runs that have ended in every way, with a roster that must not be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from sync.errors import ExitCode
from sync.model.finding import FINDING_SCHEMA, Findings
from sync.model.plan import Guard
from sync.notify import Ended
from sync.report import TALLY_SCHEMA, Account

CANARY = "Cana-Ría"
"""Stands in every cell, key and message that comes from a roster."""
CHICAGO = ZoneInfo("America/Chicago")
STARTED = datetime(2026, 11, 21, 2, 0, 3, tzinfo=CHICAGO)
FINISHED = datetime(2026, 11, 21, 2, 3, 41, tzinfo=CHICAGO)
COUNTS = {
    "students": {
        "rows": {"read": 14, "accepted": 12, "merged": 0, "rejected": 2},
        "operations": {"planned": 7, "done": 4, "failed": 3},
    }
}
GUARD = Guard(
    name="removals",
    entity="students",
    group=f"school {CANARY}",
    count=41,
    of=203,
    limit="5 %",
    tripped=True,
    message=f"41 students of {CANARY} would go",
    examples=(CANARY,),
)


def finding(**parts: Any) -> dict[str, Any]:
    """One finding of last month, every cell a canary."""
    return {
        "code": "RS117",
        "severity": "rejected",
        "entity": "students",
        "file": "students.csv",
        "line": 7,
        "column": "email",
        "value": CANARY,
        "message": f'email "{CANARY}" is not an address',
        "hint": f"correct {CANARY}",
        "key": CANARY,
        "since": "2026-10-22",
        "new": False,
        **parts,
    }


def operation(**parts: Any) -> dict[str, Any]:
    """One line of a tally."""
    return {
        "entity": "students",
        "verb": "update",
        "state": "done",
        "status": None,
        "code": None,
        "count": 4,
        "new": 0,
        "file": None,
        "line": None,
        **parts,
    }


def _findings(rows: list[dict[str, Any]]) -> Findings:
    more = {"key": pl.String(), "since": pl.String(), "new": pl.Boolean()}
    return Findings(pl.DataFrame(rows, schema={**FINDING_SCHEMA, **more}))


@pytest.fixture(scope="session")
def make_ended() -> Callable[..., Ended]:
    """A run that ended with a code; ``rows`` are findings, ``tally`` its operations,
    other parts those of its account."""

    def make(
        code: ExitCode = ExitCode.PARTIAL,
        rows: list[dict[str, Any]] | None = None,
        tally: list[dict[str, Any]] | None = None,
        **parts: Any,
    ) -> Ended:
        outcome = parts.pop("outcome", "partial")
        account = Account(
            run="20261121T080003Z-district-7f3a",
            target="district",
            kind="timeback",
            outcome=outcome,
            exit_code=int(code),
            started=STARTED,
            finished=FINISHED,
            drop={"name": "night.zip", "sha256": "ab" * 32, "mode": "bulk"},
            entities=COUNTS,
            tally=pl.DataFrame(tally or [], schema=TALLY_SCHEMA),
            findings=_findings(rows or []),
            anywhere="roster-sync --config /etc/roster-sync.toml",
            **parts,
        )
        said = parts.get("advice")
        titles = {"RS117": "not an e-mail address", "RS050": "A column is missing"}
        report = Path("/var/state/runs/x/report.html")
        return Ended("district", code, FINISHED, account, said, report, "sis01", titles)

    return make


@pytest.fixture
def held(make_ended: Callable[..., Ended]) -> Ended:
    """A run that a guard holds."""
    return make_ended(
        ExitCode.HELD,
        [finding()],
        [
            operation(verb="create", state="not_reached", count=3),
            operation(verb="remove", state="not_reached", count=41),
        ],
        outcome="held",
        guards=(GUARD,),
        digest="3f9a" * 16,
        advice=f"held by removals, such as {CANARY}",
        plan={
            "path": "/var/state/runs/x/plan.rsplan",
            "id": "p-1",
            "valid_until": datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
            "held": True,
        },
    )


@pytest.fixture
def not_begun() -> Ended:
    """There was no run: another one holds the lock."""
    said = "target district is in the hands of run r, process 7; wait for it to end"
    return Ended("district", ExitCode.LOCKED, FINISHED, None, said, None, "sis01")
