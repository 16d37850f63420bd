"""What has changed on the target since a plan was made: those operations are skipped.

In: operations with their preconditions, and their records read again. Out: which of
them no longer start from what was previewed, and what changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.model.operation import precondition, record_facts, record_json
from sync.model.roster import KEY
from sync.verify.expect import remote_frame


def drifted(operations: pl.DataFrame, mirror: Mirror) -> dict[str, str]:
    """Operation id -> what changed, for each whose record is not as it was read."""
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
    return found


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
