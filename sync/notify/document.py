"""What other programs are told of a run that has ended, as one JSON document.

In: ``Ended``. Out: the bytes that a webhook carries, and what proves that they are
ours: an HMAC-SHA256 over the time and these bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from sync.notify.ended import Ended, worst
from sync.notify.text import body, verdict
from sync.report import Account, approval, holding, would

FORMAT = 1
TIMESTAMP, SIGNATURE = "Roster-Sync-Timestamp", "Roster-Sync-Signature"
SCHEME = "sha256="


def signature(secret: str, timestamp: str, content: bytes) -> str:
    """What stands in the header ``Roster-Sync-Signature``: ``sha256=`` and the
    HMAC-SHA256, in hex, of the timestamp, a full stop and the body."""
    signed = timestamp.encode("ascii") + b"." + content
    return SCHEME + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def encoded(ended: Ended) -> bytes:
    """The document as bytes."""
    return json.dumps(document(ended), allow_nan=False).encode("ascii")


def document(ended: Ended) -> dict[str, Any]:
    """The document: counts, codes and lines, and no cell or key of a roster."""
    problems, more = worst(ended)
    return {
        "format": FORMAT,
        "event": "run.ended",
        "target": ended.target,
        "outcome": ended.ending,
        "exit_code": int(ended.exit_code),
        "at": _utc(ended.at),
        "host": ended.host,
        "verdict": verdict(ended),
        "new": ended.news,
        "problems": [each.facts() for each in problems],
        "more_problems": more,
        "report": None if ended.report is None else str(ended.report),
        "text": body(ended),
        **(_nothing() if ended.account is None else _account(ended.account)),
    }


def _nothing() -> dict[str, Any]:
    return {
        **dict.fromkeys(("run", "kind", "started", "approve", "digest")),
        "entities": {},
        "findings": {},
        "new_findings": {},
        "failures": 0,
        "new_failures": 0,
        "guards": [],
        "would": [],
    }


def _account(account: Account) -> dict[str, Any]:
    held = holding(account)
    return {
        "run": account.run,
        "kind": account.kind,
        "started": _utc(account.started),
        "approve": approval(account, anywhere=True),
        "digest": account.digest,
        "entities": {
            entity: {part: dict(counts) for part, counts in sections.items()}
            for entity, sections in account.entities.items()
        },
        "findings": account.findings.by_code(),
        "new_findings": dict(account.new_findings),
        "failures": sum(account.failures.values()),
        "new_failures": sum(account.new_failures.values()),
        "guards": [
            {
                "name": guard.name,
                "entity": guard.entity,
                "count": guard.count,
                "of": guard.of,
                "limit": guard.limit,
            }
            for guard in held
        ],
        "would": would(account) if held else [],
    }


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
