"""Changes for people: what becomes of a record, field by field, masked unless asked.

In: a frame of ``OPERATION_SCHEMA`` (or a joined one). Out: a bounded number of
``Change``; a report shows examples, ``operations.csv`` has them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from sync.model.operation import Verb
from sync.report.mask import masked, without_addresses

NOTHING = "(empty)"
CHANGED = "(changed)"
"""Beside a value that looks as before where it is masked, or cut."""
_LONGEST = 120
"""Characters of a value that are shown; one cell may hold a novel."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after, as it may be shown."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One operation as it may be shown."""

    entity: str
    verb: str
    key: str
    reason: str
    place: str
    """``file:line`` of its row; empty where a record has none."""
    state: str
    status: int | None
    code: str
    message: str
    fields: tuple[FieldChange, ...]


def changes(operations: pl.DataFrame, *, reveal: bool = False) -> list[Change]:
    """The operations of a (small) frame, in its order; ``state`` may be missing.

    Values of personal fields are masked unless ``reveal``.
    """
    return [_change(row, reveal=reveal) for row in operations.iter_rows(named=True)]


def examples(operations: pl.DataFrame, each: int) -> pl.DataFrame:
    """The first few operations of each entity and verb, in the order of sending."""
    return operations.filter(pl.int_range(pl.len()).over("entity", "verb") < each)


def shown_verbs(operations: pl.DataFrame) -> pl.DataFrame:
    """Operations of an undo under the names that people know them by: an update that
    ends a record again, as it was, is a removal, as the guards count it."""
    ends = pl.col("ends") & (pl.col("verb") == Verb.UPDATE.value)
    verb = pl.when(ends).then(pl.lit(Verb.REMOVE.value)).otherwise("verb")
    return operations.with_columns(verb.alias("verb"))


def fair_share(frame: pl.DataFrame, by: Sequence[str], limit: int) -> pl.DataFrame:
    """At most ``limit`` rows in their order, taken from all kinds in turn.

    The first rows alone would show a thousand new students and none that ends.
    """
    if frame.height <= limit:
        return frame
    turn = pl.int_range(pl.len()).over(by)
    chosen = (
        frame.with_row_index("_place")
        .with_columns(turn.alias("_turn"))
        .sort("_turn", "_place")
        .head(limit)
    )
    return chosen.sort("_place").drop("_place", "_turn")


def _change(row: dict[str, Any], *, reveal: bool) -> Change:
    line = "" if row["line"] is None else f":{row['line']}"

    def said(text: str | None) -> str:
        return (text or "") if reveal else without_addresses(text or "")

    return Change(
        entity=row["entity"],
        verb=row["verb"] or "",
        key=row["key"],
        reason=said(row["reason"]),
        place=f"{row['file']}{line}" if row["file"] else "",
        state=row.get("state") or "planned",
        status=row.get("status"),
        code=row.get("code") or "",
        message=said(row.get("message")),
        fields=tuple(_fields(row, reveal=reveal)),
    )


def _fields(row: dict[str, Any], *, reveal: bool) -> Iterator[FieldChange]:
    before = json.loads(row["before"]) if row["before"] else {}
    after = json.loads(row["after"]) if row["after"] else {}
    # What ends a record carries all of it along; only what differs is a change.
    differing = (
        n for n in sorted(after) if not row["before"] or _differs(n, before, after)
    )
    for name in _names(row["fields"]) or differing:
        yield field_change(name, before.get(name), after.get(name), reveal=reveal)


def field_change(
    name: str, before: object, after: object, *, reveal: bool
) -> FieldChange:
    """One field with two values, masked where it must be."""
    values = (_shown(each) for each in (before, after))
    old, new = values if reveal else (masked(name, value) for value in values)
    if before != after and old and old == new:
        new = f"{new} {CHANGED}"
    return FieldChange(name, old or NOTHING, new or NOTHING)


def _differs(name: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    return bool(before.get(name) != after.get(name))


def _names(fields: list[str] | str | None) -> list[str]:
    """Of a frame of operations or of the table that ``operations.csv`` is made from."""
    return (
        fields.split("; ") if isinstance(fields, str) and fields else list(fields or ())
    )


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
