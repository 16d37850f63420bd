"""What an answer says: the records of a list, its total, a write's own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import polars as pl

from sync.model.outcome import Failure, Outcome, State
from sync.model.request import Answer, Json, Page, Request
from sync.wire.failures import UnreadableError, classify, parse_json

TOTALS = ("totalCount", "total")
LONGEST_TOTAL = 18
"""Digits; more are no count of records."""


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
    if header.isdecimal() and len(header) <= LONGEST_TOTAL:
        return int(header)
    inner = body.get("pagination")
    for holder in (body, inner if isinstance(inner, dict) else {}):
        for name in TOTALS:
            if isinstance(holder.get(name), int):
                return int(holder[name])
    return None


def page_of(frame: pl.DataFrame, body: Mapping[str, Any], answer: Answer) -> Page:
    """What one page of a list says of itself: its records, the total, the limit that
    the server made of ours."""
    limit = body.get("limit")
    whole = isinstance(limit, int) and not isinstance(limit, bool) and limit > 0
    return Page(
        received=frame.height,
        total=total(body, answer),
        limit=limit if whole else None,
    )


def json_or_none(answer: Answer) -> Json | None:
    """Success answers may be empty or no JSON at all; one with half of a character
    (``\\ud800``), which could not be written down, is none."""
    try:
        body = parse_json(answer) if answer.body else None
        json.dumps(body, ensure_ascii=False).encode()
    except (UnreadableError, UnicodeEncodeError):
        return None
    return body


def failed(operation: str, failure: Failure) -> Outcome:
    """The outcome of an operation whose request failed: in doubt, or for good."""
    state = State.SENT if failure.in_doubt else State.FAILED
    return Outcome(operation, state, status=failure.status, failure=failure)


_GONE = 404


def ended_already(request: Request, answer: Answer | Failure) -> bool:
    """Whether there is nothing left to delete; the read-back has the last word."""
    deletes = request.method == "DELETE"
    return isinstance(answer, Failure) and answer.status == _GONE and deletes


def refusal(answer: Answer, body: Json | None) -> Failure | None:
    """The failure that comes as a success (``imsx_codeMajor`` in a 200)."""
    if isinstance(body, dict) and body.get("imsx_codeMajor") == "failure":
        return classify(Answer(422, answer.headers, answer.body), write=True)
    return None
