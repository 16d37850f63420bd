"""What has changed on the target since a plan was made: those operations are skipped.

In: operations with their preconditions, and their records read again. Out: which of
them no longer start from what was previewed, and what changed: in words without values
for the journal and the log, and field by field for the report.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.mirror import REST, Mirror
from sync.model.operation import (
    DRIFT_SCHEMA,
    precondition,
    record_facts,
    record_json,
)
from sync.model.roster import KEY
from sync.verify.expect import remote_frame

MISSING = "missing"
"""Stands for the status of a record that is not there."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What has changed of the records of some operations."""

    words: Mapping[str, str]
    """Operation id -> what changed, by field; values stay out of it."""
    fields: pl.DataFrame
    """Of ``DRIFT_SCHEMA``, with values: for people, never for the log."""


Change = tuple[str, str | None, str | None]
"""A field, what it held then, what it holds now."""


def drifted(
    operations: pl.DataFrame, mirror: Mirror, written: Collection[str] = ()
) -> Drift:
    """What changed, for each operation whose record is not as it was read.

    ``written``: the ids of the operations that this run has carried out already, whose
    records are as it made them.
    """
    words: dict[str, str] = {}
    fields: list[tuple[str | None, ...]] = []
    for entity in (Entity(one) for one in operations["entity"].unique().sort()):
        mine = operations.filter(pl.col("entity") == entity.value)
        now = _now(remote_frame(entity, mirror), mine)
        for one, key, before, rest, then in mine.select(
            "id", "key", "before", "rest", "precondition"
        ).iter_rows():
            record = now.get(key)
            digest = None if record is None else precondition(record)
            if digest != then:
                changes = list(_changes(before, rest, record))
                words[one] = _words(before, record, changes)
                fields += [(one, entity.value, key, *change) for change in changes]
    words |= _with_their_carriers(operations, mirror, written)
    return Drift(words, pl.DataFrame(fields, schema=DRIFT_SCHEMA, orient="row"))


def _with_their_carriers(
    operations: pl.DataFrame, mirror: Mirror, written: Collection[str]
) -> dict[str, str]:
    """Links that are written with their student, whose record is not as it was read."""
    seen = pl.col("rest").str.json_path_match("$.seen")
    student = pl.col("after").str.json_path_match("$.studentSourcedId")
    carried = operations.filter(entity=Entity.AGENTS.value).select(
        "id", student.alias(KEY), seen.alias("seen")
    )
    carried = carried.filter(pl.col("seen").is_not_null())
    if carried.is_empty():
        return {}
    people = remote_frame(Entity.STUDENTS, mirror).join(carried, on=KEY, how="semi")
    now = dict(zip(people[KEY], record_json(people), strict=True))
    ours = {one.partition(":")[2] for one in written if one.startswith(_PEOPLE)}
    why = "the record of its student has changed since the plan was made"
    return {
        one: why
        for one, key, then in carried.iter_rows()
        if key not in ours and (key not in now or precondition(now[key]) != then)
    }


_PEOPLE = tuple(f"{entity.value}:" for entity in PEOPLE)


def _now(remote: pl.DataFrame, operations: pl.DataFrame) -> dict[str, str]:
    keys = operations.select(pl.col("key").alias(KEY))
    rows = remote.join(keys, on=KEY, how="semi")
    return dict(zip(rows[KEY], record_json(rows), strict=True))


def _words(before: str | None, record: str | None, changes: list[Change]) -> str:
    """In words, by field; values stay out of it, since it goes into the log as well."""
    if before is None:
        return "a record of this key has appeared since the plan was made"
    if record is None:
        return "the record has gone since the plan was made"
    names = ", ".join(name for name, *_ in changes)
    return f"changed since the plan was made: {names or 'other fields'}"


def _changes(
    before: str | None, rest: str | None, record: str | None
) -> Iterator[Change]:
    """Each field with its values, those of the carried rest last."""
    if before is None or record is None:
        yield "status", _status(before), _status(record)
        return
    then, now = record_facts(before), record_facts(record)
    carried = now.pop(REST, None)
    yield from _unequal(then, now)
    yield from _unequal(_own_rest(rest), _own_rest(carried))


def _status(record: str | None) -> str:
    return MISSING if record is None else record_facts(record).get("status", "active")


def _unequal(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield name, _text(then.get(name)), _text(now.get(name))


def _own_rest(text: str | None) -> Mapping[str, Any]:
    """What else the record says, without what ``plan.carriers`` laid beside it."""
    found: dict[str, Any] = json.loads(text) if text else {}
    if "seen" in found:  # of a link: it is its student's
        return {}
    return {name: value for name, value in found.items() if name != "_agents"}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
