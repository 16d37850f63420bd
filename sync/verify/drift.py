"""What has changed on the target since a plan was made: those operations are skipped.

In: operations with their preconditions, and their records read again. Out: which of
them no longer start from what was previewed, and what changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.mirror import Mirror
from sync.model.operation import precondition, record_facts, record_json
from sync.model.roster import KEY
from sync.verify.expect import remote_frame


def drifted(
    operations: pl.DataFrame, mirror: Mirror, written: Collection[str] = ()
) -> dict[str, str]:
    """Operation id -> what changed, for each whose record is not as it was read.

    ``written``: the ids of the operations that this run has carried out already, whose
    records are as it made them.
    """
    found: dict[str, str] = {}
    for entity in (Entity(one) for one in operations["entity"].unique().sort()):
        mine = operations.filter(pl.col("entity") == entity.value)
        now = _now(remote_frame(entity, mirror), mine)
        for one, key, before, then in mine.select(
            "id", "key", "before", "precondition"
        ).iter_rows():
            record = now.get(key)
            digest = None if record is None else precondition(record)
            if digest != then:
                found[one] = _changed(before, record)
    return found | _with_their_carriers(operations, mirror, written)


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


def _changed(before: str | None, record: str | None) -> str:
    """In words, by field; values stay out of it, since it goes into the log as well."""
    if before is None:
        return "a record of this key has appeared since the plan was made"
    if record is None:
        return "the record has gone since the plan was made"
    then: Mapping[str, Any] = record_facts(before)
    now = {k: v for k, v in record_facts(record).items() if k != "_rest"}
    names = sorted(k for k in then.keys() | now.keys() if then.get(k) != now.get(k))
    return f"changed since the plan was made: {', '.join(names) or 'other fields'}"
