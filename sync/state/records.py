"""What is registered of a run and of a good drop, as rows of SQLite and as values.

Level 3, within ``sync.state``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

import polars as pl

from sync.model.entities import Entity
from sync.model.ledger import LedgerView

_RUNS: dict[str, pl.DataType] = {
    "target": pl.String(),
    "run": pl.String(),
    "started": pl.Datetime("us", "UTC"),
    "finished": pl.Datetime("us", "UTC"),
    "outcome": pl.String(),
    "exit_code": pl.UInt8(),
    "good": pl.Boolean(),
    "wrote": pl.Boolean(),
    "plan_id": pl.String(),
    "digest": pl.String(),
    "drop_name": pl.String(),
    "drop_sha256": pl.String(),
    "mode": pl.String(),
    "source": pl.String(),
    "undoes": pl.String(),
}
RUNS_SCHEMA = pl.Schema(_RUNS)
"""One row per run of a target; ``finished``, ``outcome`` and ``exit_code`` are null
where it is open. ``wrote``: it sent something that changes the target; ``undoes``: the
run that it takes back."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is registered of one run; unknown things are null until they are known."""

    run: str
    started: datetime
    plan_id: str | None = None
    digest: str | None = None
    drop_name: str | None = None
    drop_sha256: str | None = None
    mode: str | None = None
    source: str | None = None
    wrote: bool = False
    good: bool = False
    finished: datetime | None = None
    outcome: str | None = None
    exit_code: int | None = None
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class GoodDrop:
    """A drop whose run reached the end of its phases.

    ``rows``: the rows of each entity that came as bulk, the base of ``shrink``;
    ``newest``: the newest dateLastModified in it, the base of *older*.
    """

    name: str
    sha256: str
    source: str | None = None
    newest: str | None = None
    rows: Mapping[Entity, int] = field(default_factory=dict)
    run: str = ""
    """Filled in when it is read back, as is ``finished``."""
    finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended; with ``good`` its drop, and the ledger as it is from now on."""

    outcome: str
    exit_code: int
    finished: datetime
    good: GoodDrop | None = None
    ledger: LedgerView | None = None


class RunFacts(TypedDict, total=False):
    """What may become known of a run after it has begun."""

    plan_id: str
    digest: str
    drop_name: str
    drop_sha256: str
    mode: str
    source: str | None
    wrote: bool


def stored(value: object) -> Any:
    """A value as SQLite holds it: times are microseconds since 1970."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    return value


def run_row(record: RunRecord) -> dict[str, Any]:
    """The row of a run."""
    return {name: stored(getattr(record, name)) for name in RUN_COLUMNS}


def run_record(row: Sequence[Any]) -> RunRecord:
    """The run of a row of ``RUN_COLUMNS``."""
    facts = dict(zip(RUN_COLUMNS, row, strict=True))
    for name in ("started", "finished"):
        facts[name] = _moment(facts[name])
    for name in ("wrote", "good"):
        facts[name] = bool(facts[name])
    return RunRecord(**facts)


def good_row(run: str, finished: datetime, good: GoodDrop) -> dict[str, Any]:
    """The row of a good drop."""
    rows = {entity.value: count for entity, count in good.rows.items()}
    return {
        "run": run,
        "finished": stored(finished),
        "source": good.source,
        "name": good.name,
        "sha256": good.sha256,
        "newest": good.newest,
        "rows": json.dumps(rows, sort_keys=True),
    }


def good_drop(row: Sequence[Any]) -> GoodDrop:
    """The good drop of a row of ``GOOD_COLUMNS``."""
    facts = dict(zip(GOOD_COLUMNS, row, strict=True))
    counts = json.loads(facts["rows"])
    facts["rows"] = {Entity(name): count for name, count in counts.items()}
    facts["finished"] = _moment(facts["finished"])
    return GoodDrop(**facts)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + microseconds * _MICROSECOND


RUN_COLUMNS = tuple(each.name for each in fields(RunRecord))
GOOD_COLUMNS = tuple(each.name for each in fields(GoodDrop))
