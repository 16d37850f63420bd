"""Refuses what the real systems refuse: shapes of bodies, checked key by key.

In: a parsed body. Out: nothing, or the list of what is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sync.sandbox.exchange import Call, Refusal

Check = Callable[[Any, str], Iterator[str]]
"""Yields what is wrong with a value that stands at a place."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys that an object may have, and those that it must have."""

    fields: Mapping[str, Check]
    required: frozenset[str] = frozenset()
    open: bool = False
    """Whether other keys are let through."""

    def __call__(self, value: Any, where: str) -> Iterator[str]:
        """Yield everything that is wrong with ``value``."""
        if not isinstance(value, dict):
            yield f"{where} must be an object"
            return
        for name in sorted(self.required - value.keys()):
            yield f"{where}.{name} is required"
        for name, part in value.items():
            check = self.fields.get(name)
            if check is not None:
                yield from check(part, f"{where}.{name}")
            elif not self.open:
                yield f"{where}.{name} is not known"


def text(value: Any, where: str) -> Iterator[str]:
    """Want a string that is not empty."""
    if not isinstance(value, str) or not value:
        yield f"{where} must be a string that is not empty"


def text_or_null(value: Any, where: str) -> Iterator[str]:
    """Want a string, which may be empty, or null."""
    if value is not None and not isinstance(value, str):
        yield f"{where} must be a string or null"


def one_of(*allowed: str) -> Check:
    """Want one of these strings."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str) or value not in allowed:
            yield f"{where} must be one of {', '.join(allowed)}"

    return check


def boolean_or_text(value: Any, where: str) -> Iterator[str]:
    """Want true or false, as a boolean or as a string."""
    if not isinstance(value, bool) and value not in ("true", "false"):
        yield f"{where} must be true or false"


def or_null(check: Check) -> Check:
    """Also allow null."""

    def checked(value: Any, where: str) -> Iterator[str]:
        if value is not None:
            yield from check(value, where)

    return checked


def list_of(check: Check, *, filled: bool = False) -> Check:
    """Want an array whose members pass ``check``; ``filled``: at least one."""

    def checked(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where} must be an array"
            return
        if filled and not value:
            yield f"{where} must not be empty"
        for number, part in enumerate(value):
            yield from check(part, f"{where}[{number}]")

    return checked


def mapping(value: Any, where: str) -> Iterator[str]:
    """Want an object with any keys."""
    if not isinstance(value, dict):
        yield f"{where} must be an object"


def number(value: Any, where: str) -> Iterator[str]:
    """Want a number, or a string of digits."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and not (isinstance(value, str) and value.isdecimal()):
        yield f"{where} must be a number"


def day(value: Any, where: str) -> Iterator[str]:
    """Want a date as year-month-day."""
    if not isinstance(value, str) or not _DATE.match(value) or not _is(date, value):
        yield f"{where} must be a date such as 2026-08-31"


def moment(value: Any, where: str) -> Iterator[str]:
    """Want an ISO 8601 date-time, or a date."""
    if not isinstance(value, str) or not _is(datetime, value):
        yield f"{where} must be a date-time such as 2026-08-31T00:00:00Z"


def _is(kind: type[date], value: str) -> bool:
    try:
        kind.fromisoformat(value)
    except ValueError:
        return False
    return True


def json_body(call: Call) -> Any:
    """Return the parsed body; Refusal 415 for another type, 400 for broken JSON."""
    kind = call.header(b"content-type").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "send Content-Type: application/json")
    try:
        return json.loads(call.body)
    except ValueError as error:
        raise Refusal(400, "the body is not JSON", minor="invaliddata") from error


def checked(call: Call, check: Check, *, status: int) -> Any:
    """Return the body; Refusal ``status`` with everything that is wrong with it."""
    body = json_body(call)
    wrong = list(check(body, "body"))
    if wrong:
        details = tuple(dict([fault.split(" ", 1)]) for fault in wrong)
        raise Refusal(status, "; ".join(wrong), minor="invaliddata", details=details)
    return body
