"""Schoology's records -> frames, for every list that is read.

In: the records of one page, out of JSON or XML. Out: a frame with ``_id`` and String
columns of Schoology's own names, blank being null, and ``_frozen`` for what cannot be
told from others by an id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from sync.targets.base import ID

LIST_SEPARATOR = ","

Read = Callable[[Sequence[Any]], pl.DataFrame]


def reader(*names: str, ids: Sequence[str] = ("id",)) -> Read:
    """A reader of records with these fields; the first filled one of ``ids`` is the
    record's identifier."""

    texts = dict.fromkeys((ID, *names), pl.String())
    schema: dict[str, pl.DataType] = {**texts, "_frozen": pl.Boolean()}

    def read(records: Sequence[Any]) -> pl.DataFrame:
        rows = [one if isinstance(one, dict) else {"": one} for one in records]
        own = [_text(row.get(ids[0])) or _first(row, ids) for row in rows]
        data: dict[str, list[Any]] = {
            ID: [one or _nameless(row) for one, row in zip(own, rows, strict=True)]
        }
        data |= {name: [_text(row.get(name)) for row in rows] for name in names}
        data["_frozen"] = [one is None for one in own]
        return pl.DataFrame(data, schema=schema)

    return read


enrollments = reader("uid", "school_uid", "admin", "status")
users = reader(
    "school_uid",
    "name_first",
    "name_middle",
    "name_last",
    "username",
    "primary_email",
    ids=("uid", "id"),
)
courses = reader("title", "course_code")
sections = reader(
    "course_id",
    "course_code",
    "section_title",
    "section_code",
    "section_school_code",
    "grading_periods",
    "active",
    "school_id",
)
groups = reader("title", "group_code", "school_id")
periods = reader("title", "start", "end")


def _first(row: dict[str, Any], names: Sequence[str]) -> str | None:
    """The first of these fields that is filled."""
    return next((found for name in names if (found := _text(row.get(name)))), None)


def _nameless(row: dict[str, Any]) -> str:
    """A record without an identifier is told from others by what it says."""
    said = json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)
    return "?" + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:24]


def _text(value: Any) -> str | None:
    """Numbers and texts as one text; of a list its parts, joined."""
    if isinstance(value, str):
        return (value if value.isascii() else _whole(value)).strip() or None
    if isinstance(value, bool | int | float):
        return str(int(value)) if isinstance(value, bool) else str(value)
    if isinstance(value, list):
        parts = (_text(one) for one in value)
        return LIST_SEPARATOR.join(one for one in parts if one) or None
    return None


def _whole(text: str) -> str:
    """JSON may hold halves of characters, which no file and no frame can."""
    return text.encode("utf-8", "replace").decode()
