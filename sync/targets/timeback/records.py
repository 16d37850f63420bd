"""The platform's own JSON records -> frames: guardian links told singly.

Comes in: the records of one page. Goes out: a frame with ``_id`` and String columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from sync.targets.base import ID
from sync.targets.common.records import record, ref, text


def links(records: Sequence[Any], student: str) -> pl.DataFrame:
    """The guardians of one student: ``agentSourcedId`` and ``relationshipType``.

    The platform answers ``{"user": {...}, "relationshipType"}``, without the id of
    the relationship (TimeBack Level 1 guide, step 5).
    """
    rows = [record(one) for one in records]
    agents = [ref(row.get("user")) for row in rows]
    frame = pl.DataFrame(
        {
            "studentSourcedId": [student] * len(rows),
            "agentSourcedId": agents,
            "relationshipType": [text(row.get("relationshipType")) for row in rows],
        },
        schema_overrides={
            "studentSourcedId": pl.String,
            "agentSourcedId": pl.String,
            "relationshipType": pl.String,
        },
    )
    # Two relationships may name one person: the link exists once.
    distinct = frame.drop_nulls("agentSourcedId").unique(
        "agentSourcedId", keep="first", maintain_order=True
    )
    return distinct.with_columns(pl.col("agentSourcedId").alias(ID))
