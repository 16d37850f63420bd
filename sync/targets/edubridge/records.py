"""EduBridge's own records of one person -> the columns of OneRoster's enrollments.

``GET /edubridge/enrollments/user/{userId}`` tells id, role, dates, course and school of
an enrollment, but neither the person, whom the request names, nor the class, nor a
status (EduBridge reference): what it shows counts as active.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from sync.targets.common.records import enrollments, record


def enrollments_of(user: str, records: Sequence[Any]) -> pl.DataFrame:
    """The enrollments of a person, as ``common.records.enrollments`` has them."""
    return enrollments([_as_listed(record(one), user) for one in records])


def _as_listed(row: Mapping[str, Any], user: str) -> dict[str, Any]:
    return {
        "sourcedId": row.get("id"),
        "status": row.get("status") or "active",
        "role": row.get("role"),
        "beginDate": row.get("beginDate"),
        "endDate": row.get("endDate"),
        "user": {"sourcedId": user},
        "course": _reference(row.get("course")),
        "school": _reference(row.get("school")),
        "metadata": row.get("metadata"),
    }


def _reference(value: Any) -> dict[str, Any]:
    return {"sourcedId": value.get("id")} if isinstance(value, dict) else {}
