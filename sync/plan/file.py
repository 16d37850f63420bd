"""The plan as a file: ``.rsplan``, a zip of ``plan.json`` and ``operations.parquet``.

Written the same way always, and sealed over every byte of both members with the key of
the state folder; the seal is the zip's comment. A file is believed only if it is byte
for byte what this program would write of its members, with the right seal. It holds
no credentials, but personal data: it is private to its user (0600).
"""

from __future__ import annotations

import hmac
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from sync.disk import read_regular
from sync.errors import UsageError
from sync.model.plan import PLAN_FORMAT, Guard, Plan
from sync.state import seal, sign, write_atomic
from sync.state.folder import StateFolder

HEAD, BODY = "plan.json", "operations.parquet"
EPOCH = (1980, 1, 1, 0, 0, 0)
REPLAN = "make a new one with: roster-sync plan"
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)
"""What reading a zip may end with whose bytes were changed."""
LARGEST = 4 * 1024**3
"""Bytes; more is no plan of ours."""


class DamagedPlanError(UsageError):
    """A file that is no plan, not whole, not ours, or of another format."""


def write_plan(plan: Plan, path: Path, folder: StateFolder) -> None:
    """Write the plan, 0600, whole or not at all. Raises ``LocalError``."""
    write_atomic(path, _packed(_members(plan), seal(folder)))


def _members(plan: Plan) -> dict[str, bytes]:
    head = {
        "format": PLAN_FORMAT,
        "program": plan.program,
        "id": plan.id,
        "run": plan.run,
        "target": plan.target,
        "kind": plan.kind,
        "fingerprint": plan.fingerprint,
        "digest": plan.digest,
        "created": plan.created.isoformat(),
        "valid_until": plan.valid_until.isoformat(),
        "held": plan.held,
        "inputs": dict(plan.inputs),
        "guards": [asdict(guard) for guard in plan.guards],
        "entities": plan.account,
    }
    parquet = io.BytesIO()
    plan.operations.write_parquet(parquet, compression="zstd")
    text = json.dumps(head, ensure_ascii=False, indent=1)
    return {HEAD: text.encode(), BODY: parquet.getvalue()}


def _packed(members: Mapping[str, bytes], key: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o600 << 16
            archive.writestr(info, content)
        archive.comment = sign(key, members.items()).encode()
    return target.getvalue()


def read_plan(path: Path, folder: StateFolder) -> Plan:
    """The plan in a file. Raises ``UsageError`` where it is not one, whole and ours."""
    members = _unpacked(path, seal(folder))
    head = json.loads(members[HEAD])
    if head["format"] != PLAN_FORMAT:
        message = f"{path} is of plan format {head['format']}, this is {PLAN_FORMAT}"
        raise DamagedPlanError(message, do=REPLAN)
    return Plan(
        id=head["id"],
        run=head["run"],
        target=head["target"],
        kind=head["kind"],
        program=head["program"],
        fingerprint=head["fingerprint"],
        inputs=head["inputs"],
        created=datetime.fromisoformat(head["created"]),
        valid_until=datetime.fromisoformat(head["valid_until"]),
        guards=tuple(_guard(facts) for facts in head["guards"]),
        operations=pl.read_parquet(io.BytesIO(members[BODY])),
        account=head["entities"],
        digest=head["digest"],
    )


def _guard(facts: dict[str, Any]) -> Guard:
    return Guard(**facts | {"examples": tuple(facts["examples"])})


def _unpacked(path: Path, key: bytes) -> dict[str, bytes]:
    try:
        raw = _read(path)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise DamagedPlanError(message, do="name a plan file (.rsplan)") from None
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            seal_there = archive.comment
            members = {name: archive.read(name) for name in (HEAD, BODY)}
    except DAMAGED:
        message = f"{path} is not a plan file, or was damaged"
        raise DamagedPlanError(message, do=REPLAN) from None
    ours = hmac.compare_digest(seal_there, sign(key, members.items()).encode())
    if not ours or _packed(members, key) != raw:
        message = f"{path} was changed, or was not made with this state folder"
        raise DamagedPlanError(message, do=REPLAN)
    return members


def _read(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:  # one that grows meanwhile is not whole either
        message = f"{path} is too large for a plan file"
        raise DamagedPlanError(message, do=REPLAN)
    return read_regular(path, LARGEST + 1)


def schema() -> dict[str, Any]:
    """The JSON Schema of ``plan.json``."""
    text, whole = {"type": "string"}, {"type": "integer", "minimum": 0}
    maybe = {"type": ["string", "null"]}
    guard = {
        "type": "object",
        "properties": {
            "name": text,
            "entity": maybe,
            "group": maybe,
            "count": whole,
            "of": whole,
            "limit": text,
            "tripped": {"type": "boolean"},
            "message": text,
            "examples": {"type": "array", "items": text},
        },
    }
    properties: dict[str, Any] = {
        "format": {"const": PLAN_FORMAT},
        **dict.fromkeys(
            ("program", "id", "run", "target", "kind", "fingerprint", "digest"), text
        ),
        "created": {"type": "string", "format": "date-time"},
        "valid_until": {"type": "string", "format": "date-time"},
        "held": {"type": "boolean"},
        "inputs": {"type": "object", "description": "Digests, and the date."},
        "guards": {"type": "array", "items": guard},
        "entities": {"type": "object", "description": "Counts, as in a report."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "plan.json, a member of a roster-sync plan file",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
