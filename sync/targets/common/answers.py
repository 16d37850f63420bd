"""What an answer says: the records of a list, its total, a write's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sync.model.outcome import Failure, Outcome, State
from sync.model.request import Answer, Json
from sync.wire.failures import UnreadableError, parse_json

TOTALS = ("totalCount", "total")


def segment(identifier: str) -> str:
    """An identifier as one segment of a path: ``/`` and ``@`` are legal in it."""
    return quote(identifier, safe="")


def envelope(body: Json, name: str) -> list[Any]:
    """The records of a list. Raises ``UnreadableError`` where the key is missing:
    a success without it must never be taken for an empty roster."""
    if not isinstance(body, dict) or name not in body:
        message = f'the answer has no "{name}"'
        raise UnreadableError(message)
    found = body[name]
    if found is None:
        return []
    if not isinstance(found, list):
        message = f'"{name}" is not a list'
        raise UnreadableError(message)
    return found


def total(body: Mapping[str, Any], answer: Answer) -> int | None:
    """How many records a list announces, in a header or in its body; null if not."""
    header = answer.headers.get("x-total-count", "")
    if header.isdecimal():
        return int(header)
    inner = body.get("pagination")
    for holder in (body, inner if isinstance(inner, dict) else {}):
        for name in TOTALS:
            if isinstance(holder.get(name), int):
                return int(holder[name])
    return None


def json_or_none(answer: Answer) -> Json | None:
    """Success answers may be empty or no JSON at all."""
    try:
        return parse_json(answer) if answer.body else None
    except UnreadableError:
        return None


def failed(operation: str, failure: Failure) -> Outcome:
    """The outcome of an operation whose request failed: in doubt, or for good."""
    state = State.SENT if failure.in_doubt else State.FAILED
    return Outcome(operation, state, status=failure.status, failure=failure)
