from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.targets.schoology import records


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("45552", "45552"),
        (45552, "45552"),
        (True, "1"),
        (" S-17 ", "S-17"),
        ("", None),
        (None, None),
        ({"id": 1}, None),
        ([435, "13011"], "435,13011"),
        ([], None),
        ([""], None),
        ("Jos\u00e9", "Jos\u00e9"),
        ("\ud800", "?"),
    ],
)
def test_whatever_a_value_comes_as_it_is_one_text(said: Any, read: str | None) -> None:
    frame = records.courses([{"id": "1", "title": said}])
    assert frame["title"].to_list() == [read]


def test_a_user_goes_by_his_uid_or_else_by_the_id_that_says_the_same() -> None:
    frame = records.users([{"uid": "7001", "id": 7001}, {"id": 7002}])
    assert frame["_id"].to_list() == ["7001", "7002"]
    assert not frame["_frozen"].any()


@pytest.mark.parametrize("record", [{"uid": "7001"}, "busy", None, 7, ["a"]])
def test_a_record_without_an_id_is_kept_under_what_it_says(record: Any) -> None:
    once = records.enrollments([record])
    assert once["_frozen"].to_list() == [True]
    assert once["_id"][0].startswith("?")
    assert once.equals(records.enrollments([record]))
    other = records.enrollments([{"uid": "7002"}])
    assert other["_id"][0] != once["_id"][0]


def test_no_records_are_a_frame_with_all_columns() -> None:
    frame = records.sections([])
    assert frame.height == 0
    assert frame.schema["_frozen"] == pl.Boolean()
    assert {"_id", "section_school_code", "grading_periods"} <= set(frame.columns)
