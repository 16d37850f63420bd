"""The list of enrollments, in whichever of its forms it comes -> a frame.

MOOCit's own page shows records between commas without brackets, and does not say how
long lists are cut. So five forms are taken: an array; an object with ``results`` and
``next``; an object with one array of objects; records between commas; one record a
line. Anything else is no list, and never an empty one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from sync.model.request import Answer, Json, Page
from sync.targets.base import ID
from sync.targets.common.records import record, text
from sync.wire.failures import UnreadableError, parse_json

COLUMNS = ("username", "email", "course_id", "is_active", "mode")
"""Of an enrollment; ``created`` is told by nobody's clock and never compared."""
NAMED = ("course_id", "username", "email", "is_active")
"""By which records are told apart: a list may hold somebody's ended enrollment beside
a newer one, and both count."""
_BETWEEN = "\x1f"
_COMPLAINTS = ("detail", "error", "errors", "message", "developer_message")
"""What an object says that tells of trouble."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Read:
    """The records of one answer, and what it says of further ones."""

    records: Sequence[Any]
    next: str | None = None
    total: int | None = None


def read(answer: Answer) -> tuple[pl.DataFrame, Page]:
    """One page of the list. Raises ``UnreadableError`` for anything else."""
    found = _records(answer)
    page = Page(received=len(found.records), total=found.total, next=found.next)
    return frame(found.records), page


def frame(records: Sequence[Any]) -> pl.DataFrame:
    """``_id``, ``COLUMNS`` as texts, and ``_frozen`` for what is no enrollment."""
    try:
        return _regular(records)
    except (TypeError, KeyError, UnicodeError):
        return _odd(records)


def _regular(records: Sequence[Any]) -> pl.DataFrame:
    """Records that are all as documented, column by column. Raises for any other."""
    texts = [name for name in COLUMNS if name != "is_active"]
    whole = pl.DataFrame(
        {name: [one[name] for one in records] for name in COLUMNS},
        schema={**dict.fromkeys(texts, pl.String), "is_active": pl.Boolean},
        strict=True,
    ).select(COLUMNS)
    if whole["course_id"].null_count():
        message = "a record names no course"
        raise TypeError(message)
    said = [pl.col(name).cast(pl.String).fill_null("") for name in NAMED]
    return whole.select(
        pl.concat_str(said, separator=_BETWEEN).alias(ID),
        pl.col(texts[:3]).replace("", None),
        pl.col("is_active").cast(pl.String),
        pl.col("mode").replace("", None),
        pl.col("is_active").is_null().alias("_frozen"),
    )


_BOOLEANS = (True, False, "true", "false")


def _odd(records: Sequence[Any]) -> pl.DataFrame:
    rows = [record(one) for one in records]
    told = {name: [text(row.get(name)) for row in rows] for name in COLUMNS}
    fits = [row.get("is_active") in _BOOLEANS for row in rows]
    ids = [_identifier(row) for row in rows]
    whole = pl.DataFrame(
        {ID: ids, **told}, schema=dict.fromkeys((ID, *COLUMNS), pl.String)
    )
    return whole.with_columns(pl.Series("_frozen", fits, dtype=pl.Boolean).not_())


def _identifier(row: Any) -> str:
    if isinstance(row.get("course_id"), str):
        return _BETWEEN.join(text(row.get(name)) or "" for name in NAMED)
    told = json.dumps(row, sort_keys=True, ensure_ascii=True, default=str)
    return "?" + hashlib.sha256(told.encode()).hexdigest()[:24]


def _records(answer: Answer) -> Read:
    try:
        body = parse_json(answer)
    except UnreadableError:
        return Read(_bare(answer))
    if isinstance(body, list):
        return Read(body)
    if isinstance(body, dict):
        return _inside(body)
    message = "the answer is no list of enrollments"
    raise UnreadableError(message)


def _inside(body: dict[str, Json]) -> Read:
    if isinstance(body.get("course_id"), str):
        return Read([body])  # records between commas, and only one of them
    results = body.get("results")
    if isinstance(results, list):
        return Read(results, _next(body), _count(body))
    arrays = [value for value in body.values() if isinstance(value, list)]
    complains = any(name in body for name in _COMPLAINTS)
    if len(arrays) == 1 and not complains and all(map(_is_object, arrays[0])):
        return Read(arrays[0], _next(body))
    message = "the answer is no list of enrollments"
    raise UnreadableError(message)


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


def _next(body: dict[str, Json]) -> str | None:
    inner = body.get("pagination")
    link = body.get("next", inner.get("next") if isinstance(inner, dict) else None)
    if link is None or link == "":
        return None
    if isinstance(link, str):
        return link
    message = 'the "next" of the list is no link'
    raise UnreadableError(message)


def _count(body: dict[str, Json]) -> int | None:
    """What the stock platform's newest lists announce beside their results."""
    count = body.get("count")
    counted = isinstance(count, int) and not isinstance(count, bool)
    return count if counted and "next" in body else None


def _bare(answer: Answer) -> list[Any]:
    """Records between commas, or one on each line.

    Without any the answer has nothing in it: that such a list has suddenly come empty
    is the engine's to doubt.
    """
    bare = answer.body.removeprefix(_BOM).strip()
    if bare[:1] not in {b"", b"{"}:
        message = "the body is not valid JSON"
        raise UnreadableError(message)
    row = bare.removesuffix(b",")
    try:
        found = parse_json(Answer(answer.status, answer.headers, b"[" + row + b"]"))
    except UnreadableError:
        lines = [line.strip() for line in bare.splitlines() if line.strip()]
        joined = b"[" + b",".join(lines) + b"]"
        found = parse_json(Answer(answer.status, answer.headers, joined))
    if isinstance(found, list) and all(_is_enrollment(one) for one in found):
        return found
    message = "the answer is no list of enrollments"
    raise UnreadableError(message)


def _is_enrollment(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("course_id"), str)
