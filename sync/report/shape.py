"""What a report document looks like to other programs, as pydantic models.

``as_json.schema`` turns them into JSON Schema; nothing of the program itself is built
from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
"""UTC, whole seconds."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class DropPart(_Part):
    """The drop as it was delivered; null where it was refused before it was known."""

    name: str | None
    sha256: str | None
    mode: str | None


class RowsPart(_Part):
    """Rows of the drop: read = accepted + merged + rejected."""

    read: Count
    accepted: Count
    merged: Count
    rejected: Count


class DiffPart(_Part):
    """What became of each accepted row; the sum is ``rows.accepted``."""

    unchanged: Count
    create: Count
    update: Count
    reactivate: Count
    remove: Count
    proposed: Count
    frozen: Count
    blocked: Count
    deferred: Count
    unsupported: Count


class RemotePart(_Part):
    """What became of each remote record; ``total`` is the sum of the others."""

    total: Count
    matched: Count
    remove: Count
    kept: Count
    frozen: Count
    out_of_scope: Count
    proposed: Count


class OperationsPart(_Part):
    """What became of each planned operation; ``planned`` is the sum of the others."""

    planned: Count
    done: Count
    failed: Count
    skipped: Count
    blocked: Count
    in_doubt: Count
    not_reached: Count


class EntityPart(_Part):
    """The counts of one entity; a section that the run did not reach is absent."""

    rows: RowsPart | None = None
    diff: DiffPart | None = None
    remote: RemotePart | None = None
    operations: OperationsPart | None = None


class GuardPart(_Part):
    """One limit on harm and how the plan stood to it."""

    name: str
    entity: str | None
    group: str | None
    count: int
    of: int
    limit: str
    tripped: bool
    message: str
    examples: list[str]


class RequestsPart(_Part):
    """Requests that left this machine."""

    sent: Count
    retried: Count
    throttled: Count


class DifferencePart(_Part):
    """A field that did not read back as it was written."""

    entity: str
    key: str
    field: str


class DriftPart(_Part):
    """A field that somebody changed since the plan was made; values are masked."""

    entity: str
    key: str
    field: str
    then: str
    now: str


class RenamesPart(_Part):
    """Ids that have changed, or may have."""

    proposed: Count
    """People who may be there under another id; ``renames.csv`` has them."""
    unclear: Count
    """Rows of which it cannot be told who they may be."""
    accepted: Count
    """Renames that somebody had confirmed for this run."""
    command: str | None
    """What accepts those that are left in ``renames.csv``."""


class StagePart(_Part):
    """One step of the run and what it took."""

    name: str
    seconds: float
    count: int | None
    unit: str


class ReportDocument(_Part):
    """The account of one run, as ``report.json`` and ``--json`` give it."""

    format: Literal[1]
    run: str
    target: str
    kind: str
    outcome: Literal[
        "done",
        "partial",
        "refused",
        "held",
        "target_failed",
        "interrupted",
        "preview",
    ]
    exit_code: int
    started: Moment
    finished: Moment
    drop: DropPart
    entities: dict[str, EntityPart]
    guards: list[GuardPart]
    findings: dict[str, Count]
    new_findings: dict[str, Count]
    known: Count
    requests: RequestsPart
    converged: bool | None
    balanced: bool
    unbalanced: list[str]
    undoes: str | None
    differs: list[DifferencePart]
    failures: dict[str, Count]
    new_failures: dict[str, Count]
    drift: list[DriftPart]
    renames: RenamesPart | None
    digest: str | None
    plan: dict[str, Any] | None
    approved: dict[str, Any] | None
    stages: list[StagePart]
    timeline: list[Count]
    notes: list[str]
    advice: str | None
