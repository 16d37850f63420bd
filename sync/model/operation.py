"""Operations: one intended change of one remote record each, as rows of a frame."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import polars as pl

from sync.model.entities import Entity


class Verb(StrEnum):
    """What happens to the remote record."""

    CREATE = "create"
    UPDATE = "update"
    REACTIVATE = "reactivate"
    REMOVE = "remove"


class Phase(IntEnum):
    """The order of sending; a phase begins when the one before it has ended."""

    ORGS = 0
    ACADEMIC_SESSIONS = 1
    COURSES = 2
    CLASSES = 3
    PEOPLE = 4
    AGENTS = 5
    ENROLLMENTS = 6
    ENDED_ENROLLMENTS = 7
    ENDED_AGENTS = 8
    ENDED_PEOPLE = 9
    ENDED_CLASSES = 10
    ENDED_COURSES = 11
    ENDED_ACADEMIC_SESSIONS = 12
    ENDED_ORGS = 13


_COLUMNS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "entity": pl.String(),
    "verb": pl.String(),
    "key": pl.String(),
    "fields": pl.List(pl.String()),
    "before": pl.String(),
    "after": pl.String(),
    "rest": pl.String(),
    "phase": pl.UInt8(),
    "wave": pl.UInt8(),
    "needs": pl.List(pl.String()),
    "precondition": pl.String(),
    "remote_id": pl.String(),
    "reason": pl.String(),
    "ends": pl.Boolean(),
    "file": pl.String(),
    "line": pl.UInt32(),
}
OPERATION_SCHEMA = pl.Schema(_COLUMNS)
"""One row per operation. ``before``, ``after`` and ``rest`` are JSON objects of
canonical columns (``rest`` of the remote's own); ``needs`` are ids of operations of an
earlier phase or wave; ``ends`` says that an active remote record is ended by it."""

DRIFT_SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "entity": pl.String(),
        "key": pl.String(),
        "field": pl.String(),
        "then": pl.String(),
        "now": pl.String(),
    }
)
"""One row for each field of an operation's record that is not as it was when the plan
was made; null is empty. ``status`` stands for a record that is ``missing``."""

OPERATION_ORDER = ["phase", "wave", "entity", "key"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of an operations frame."""

    id: str
    entity: Entity
    verb: Verb
    key: str
    fields: tuple[str, ...]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    rest: dict[str, Any]
    phase: Phase
    wave: int
    needs: tuple[str, ...]
    precondition: str | None
    remote_id: str | None
    reason: str
    ends: bool
    file: str | None
    line: int | None


def walk(frame: pl.DataFrame) -> Iterator[Operation]:
    """The operations of a frame of ``OPERATION_SCHEMA``, one by one, in its order.

    Meant for composing requests, where each operation becomes one anyway.
    """
    for row in frame.iter_rows(named=True):
        yield Operation(
            id=row["id"],
            entity=Entity(row["entity"]),
            verb=Verb(row["verb"]),
            key=row["key"],
            fields=tuple(row["fields"] or ()),
            before=json.loads(row["before"]) if row["before"] else None,
            after=json.loads(row["after"]) if row["after"] else None,
            rest=json.loads(row["rest"]) if row["rest"] else {},
            phase=Phase(row["phase"]),
            wave=row["wave"],
            needs=tuple(row["needs"] or ()),
            precondition=row["precondition"],
            remote_id=row["remote_id"],
            reason=row["reason"] or "",
            ends=bool(row["ends"]),
            file=row["file"],
            line=row["line"],
        )


def record_json(remote: pl.DataFrame) -> pl.Series:
    """Each remote record as one JSON object: its columns and ``_rest``."""
    names = sorted(name for name in remote.columns if not name.startswith("_"))
    rest = pl.col("_rest") if "_rest" in remote.columns else pl.lit(None, pl.String)
    whole = pl.struct(*names, rest.alias("_rest")).struct.json_encode()
    return remote.select(whole.alias("json")).to_series()


def record_facts(record: str) -> dict[str, Any]:
    """What a record says, for telling whether it has changed since.

    Values that are null, and those that stand in the carried rest as well, are left
    out, so that it does not depend on what else was asked for in the same read.
    """
    return {
        name: value
        for name, value in json.loads(record).items()
        if value is not None
        and name != "birthDate"
        and not name.startswith("metadata.")
    }


def precondition(record: str) -> str:
    """The digest of a remote record as it was read, from its JSON."""
    text = json.dumps(record_facts(record), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
