from __future__ import annotations

from typing import Any

from sync.targets.common.records import enrollments
from sync.targets.edubridge.records import enrollments_of

SHOWN: dict[str, Any] = {
    "id": "e1",
    "role": "teacher",
    "beginDate": "2026-08-17T00:00:00.000Z",
    "endDate": None,
    "metadata": {"goals": {"dailyXp": 10}},
    "course": {"id": "k1", "title": "Algebra", "metadata": {}},
    "school": {"id": "o1", "name": "North"},
}


def test_a_persons_own_record_has_the_columns_of_a_listed_one() -> None:
    (row,) = enrollments_of("u1", [SHOWN]).rows(named=True)
    assert row["_id"] == "e1"
    assert row["userSourcedId"] == "u1"
    assert (row["courseSourcedId"], row["schoolSourcedId"]) == ("k1", "o1")
    assert (row["role"], row["status"]) == ("teacher", "active")
    assert row["classSourcedId"] is None
    assert not row["_frozen"]


def test_nobodys_list_has_the_same_schema_as_the_list_of_enrollments() -> None:
    assert enrollments_of("u1", []).schema == enrollments([]).schema


def test_a_status_that_a_server_tells_all_the_same_is_kept() -> None:
    frame = enrollments_of("u1", [SHOWN | {"status": "tobedeleted"}])
    assert frame["status"].to_list() == ["tobedeleted"]


def test_records_that_do_not_fit_are_kept_and_frozen() -> None:
    odd: list[Any] = [
        {**SHOWN, "id": None},
        {**SHOWN, "id": "e2", "role": None},
        {**SHOWN, "id": "e3", "status": "gone"},
        "no record",
    ]
    frame = enrollments_of("u1", odd)
    assert frame.height == len(odd)
    assert frame["_frozen"].all()


def test_a_course_or_school_that_is_not_told_is_null() -> None:
    frame = enrollments_of("u1", [SHOWN | {"course": None, "school": "o1"}])
    assert frame["courseSourcedId"].to_list() == [None]
    assert frame["schoolSourcedId"].to_list() == [None]
