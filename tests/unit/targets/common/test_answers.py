from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Request
from sync.targets.common.alike import none_of, one_wave
from sync.targets.common.answers import (
    ended_already,
    json_or_none,
    page_of,
    refusal,
    total,
)
from sync.targets.common.columns import with_columns

ROWS = pl.DataFrame({"_id": ["a", "b"]})


def told(status: int = 404) -> Failure:
    return Failure(FailureKind.REJECT, status, "gone", "it is not there")


@pytest.mark.parametrize(
    ("said", "meant"), [("41", 41), ("0", 0), ("9" * 5000, None), ("-7", None)]
)
def test_a_header_tells_a_total_only_where_it_may_be_a_count(
    said: str, meant: int | None
) -> None:
    assert total({}, Answer(200, {"x-total-count": said})) == meant


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "\\ud800"}', None),
        (b"", None),
        (b"<html>", None),
    ],
)
def test_an_answer_to_a_write_is_json_that_can_be_written_down_or_none(
    body: bytes, meant: Any
) -> None:
    assert json_or_none(Answer(200, {}, body)) == meant


@pytest.mark.parametrize(
    ("limit", "taken"), [(10, 10), (1, 1), (0, None), (-1, None), (True, None)]
)
def test_a_page_has_a_limit_only_where_the_server_says_a_number(
    limit: Any, taken: int | None
) -> None:
    page = page_of(ROWS, {"limit": limit, "total": 7}, Answer(200))
    assert (page.received, page.total, page.limit, page.next) == (2, 7, taken, None)


@pytest.mark.parametrize("limit", ["10", None, 2.5])
def test_a_limit_that_is_no_whole_number_is_none(limit: Any) -> None:
    assert page_of(ROWS, {"limit": limit}, Answer(200)).limit is None


@pytest.mark.parametrize(
    ("method", "answer", "ended"),
    [
        ("DELETE", told(), True),
        ("DELETE", told(403), False),
        ("PUT", told(), False),
        ("DELETE", Answer(404), False),
    ],
)
def test_only_what_was_to_be_deleted_and_is_not_there_has_ended_already(
    method: str, answer: Answer | Failure, ended: bool
) -> None:
    assert ended_already(Request("api", method, "/x"), answer) is ended


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"imsx_codeMajor": "failure", "imsx_description": "no"}, True),
        ({"imsx_codeMajor": "success"}, False),
        ({}, False),
        (["failure"], False),
        (None, False),
    ],
)
def test_a_failure_that_comes_as_a_success_is_one(body: Any, refused: bool) -> None:
    found = refusal(Answer(200, body=json.dumps(body).encode()), body)
    assert (found is not None) is refused
    assert found is None or found.kind is FailureKind.REJECT


def test_a_table_without_columns_gets_those_of_its_records() -> None:
    empty = pl.DataFrame(schema={"_id": pl.String, "name": pl.String})
    found = with_columns(ROWS, lambda _: empty)
    assert found.rows() == [("a", None), ("b", None)]
    whole = ROWS.with_columns(other=pl.lit(1))
    assert with_columns(whole, lambda _: empty) is whole
    nothing = whole.clear()
    assert with_columns(nothing, lambda _: empty).columns == ["_id", "name", "other"]


@pytest.mark.parametrize("height", [0, 2])
def test_all_alike_is_one_value_for_each_row(height: int) -> None:
    frame = ROWS.head(height)
    assert none_of(frame).to_list() == [False] * height
    wave = one_wave(frame)
    assert wave.equals(pl.Series("wave", [0] * height, pl.UInt8), check_names=True)
    assert wave.dtype == pl.UInt8
