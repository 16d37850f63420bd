"""The account as one JSON document: ``report.json`` and what ``--json`` prints."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from sync.model.plan import Guard
from sync.report.balance import PARTS, Account, balance
from sync.report.drift import drifted
from sync.report.shape import ReportDocument
from sync.report.stage import Stage

REPORT_FORMAT = 1


def document(account: Account) -> dict[str, Any]:
    """The report of one run, its fields in the order that is documented.

    Counts and identifiers, and masked values in ``drift``: no cell of a roster stands
    in it as it is.
    """
    broken = balance(account)
    return {
        "format": REPORT_FORMAT,
        "run": account.run,
        "target": account.target,
        "kind": account.kind,
        "outcome": account.outcome,
        "exit_code": account.exit_code,
        "started": _time(account.started),
        "finished": _time(account.finished),
        "drop": {name: account.drop.get(name) for name in ("name", "sha256", "mode")},
        "entities": {
            entity: _sections(sections) for entity, sections in account.entities.items()
        },
        "guards": [_guard(guard) for guard in account.guards],
        "findings": account.findings.by_code(),
        "new_findings": dict(sorted(account.new_findings.items())),
        "known": account.known,
        "requests": {
            name: account.requests.get(name, 0)
            for name in ("sent", "retried", "throttled")
        },
        "converged": account.converged,
        "balanced": not broken,
        "unbalanced": broken,
        "undoes": account.undoes,
        "differs": [dataclasses.asdict(each) for each in account.differs],
        "failures": dict(sorted(account.failures.items())),
        "new_failures": dict(sorted(account.new_failures.items())),
        "drift": [dataclasses.asdict(each) for each in drifted(account.drift)],
        "renames": _renames(account),
        "digest": account.digest,
        "plan": _values(account.plan),
        "approved": _values(account.approved),
        "stages": [_stage(stage) for stage in account.stages],
        "timeline": list(account.timeline),
        "notes": list(account.notes),
        "advice": account.advice,
    }


def _renames(account: Account) -> dict[str, Any] | None:
    """How many ids have changed, or may have; null where none has."""
    proposed = account.proposals
    if proposed.is_empty() and not account.accepted:
        return None
    clear = proposed.filter("clear")
    return {
        "proposed": clear.height,
        "unclear": proposed.filter(~pl.col("clear"))["new"].n_unique(),
        "accepted": account.accepted,
        "command": account.confirm,
    }


def documents(exit_code: int, accounts: Iterable[Account]) -> dict[str, Any]:
    """The reports of a command that was given several targets."""
    return {
        "format": REPORT_FORMAT,
        "exit_code": exit_code,
        "runs": [document(account) for account in accounts],
    }


def encode(value: Mapping[str, Any]) -> bytes:
    """A document as the bytes of its file: indented, ASCII, with a last line end."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode("ascii")


def schema() -> dict[str, Any]:
    """The JSON Schema of ``document``, for editors and other programs."""
    return ReportDocument.model_json_schema()


def _sections(sections: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {
        section: {name: sections[section].get(name, 0) for name in names}
        for section, names in PARTS.items()
        if section in sections
    }


def _guard(guard: Guard) -> dict[str, Any]:
    return {**dataclasses.asdict(guard), "examples": list(guard.examples)}


def _stage(stage: Stage) -> dict[str, Any]:
    return {**dataclasses.asdict(stage), "seconds": round(stage.seconds, 3)}


def _values(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: _value(value) for name, value in values.items()}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return _time(value)
    return value if isinstance(value, str | int | float | None) else str(value)


def _time(moment: datetime) -> str:
    """UTC, whole seconds, as the report writes every time."""
    in_utc = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return in_utc.isoformat() + "Z"
