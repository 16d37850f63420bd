from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.model.request import Answer
from sync.targets.openedx import records
from sync.targets.openedx.records import frame, read
from sync.wire.failures import UnreadableError

ROW = {
    "username": "ada",
    "email": "ada@x.org",
    "course_id": "course-v1:O+N+R",
    "is_active": True,
    "mode": "audit",
    "created": "2026-09-01 07:30",
}
ROWS = [ROW, ROW | {"username": "bo", "email": "bo@x.org"}]
NAMES = ["ada", "bo"]


def answer(body: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(200, {}, raw)


def texts(rows: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(row).encode() for row in rows]


SHAPES = {
    "an array": json.dumps(ROWS).encode(),
    "results and next": json.dumps({"results": ROWS, "next": None}).encode(),
    "one array of objects": json.dumps({"count": 2, "enrollments": ROWS}).encode(),
    "records between commas": b", \n".join(texts(ROWS)),
    "records between commas and one more": b",".join(texts(ROWS)) + b",\n",
    "one record a line": b"\n".join(texts(ROWS)) + b"\n",
    "indented records between commas": b",\n".join(
        json.dumps(row, indent=2).encode() for row in ROWS
    ),
    "a byte order mark before it": b"\xef\xbb\xbf" + b",".join(texts(ROWS)),
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=list(SHAPES))
def test_a_list_is_read_in_each_of_its_forms(body: bytes) -> None:
    frame, page = read(answer(body))
    assert frame["username"].to_list() == NAMES
    assert frame["is_active"].to_list() == ["true", "true"]
    assert not frame["_frozen"].any()
    assert (page.received, page.next) == (2, None)


@pytest.mark.parametrize(
    "body",
    [json.dumps(ROW).encode(), json.dumps([ROW]).encode()],
    ids=["bare", "array"],
)
def test_a_single_record_is_a_list_of_one(body: bytes) -> None:
    frame, page = read(answer(body))
    assert frame["username"].to_list() == ["ada"]
    assert page.received == 1


@pytest.mark.parametrize("body", [b"[]", b'{"results": [], "next": null}', b"", b" \n"])
def test_a_list_may_be_empty(body: bytes) -> None:
    frame, page = read(answer(body))
    assert frame.is_empty()
    assert page.received == 0


NO_LISTS: dict[str, Any] = {
    "a page of HTML": b"<html><body>Bad gateway</body></html>",
    "cut short": json.dumps(ROWS).encode()[:-9],
    "bare and cut short": b",".join(texts(ROWS))[:-9],
    "an ellipsis at the end": b",".join(texts(ROWS)) + b"\n...",
    "a complaint": {"detail": "Authentication credentials were not provided."},
    "a complaint with an array": {"detail": "no", "fields": []},
    "two arrays": {"a": ROWS, "b": ROWS},
    "an array of texts": {"a": ["x"]},
    "a number": 5,
    "a text": "none",
    "nothing": None,
    "other objects between commas": b'{"a": 1}, {"a": 2}',
    "a next that is no link": {"results": ROWS, "next": 2},
}


@pytest.mark.parametrize("body", NO_LISTS.values(), ids=list(NO_LISTS))
def test_what_is_no_list_is_never_taken_for_an_empty_one(body: Any) -> None:
    with pytest.raises(UnreadableError):
        read(answer(body))


@pytest.mark.parametrize(
    "body",
    [
        {"results": ROWS, "next": "https://lms/x?page=2", "count": 9},
        {"results": ROWS, "pagination": {"next": "https://lms/x?page=2"}},
        {"enrollments": ROWS, "next": "https://lms/x?page=2"},
    ],
)
def test_the_next_page_is_the_link_that_the_list_names(body: Any) -> None:
    assert read(answer(body))[1].next == "https://lms/x?page=2"


def test_a_count_beside_next_is_the_total_and_another_one_is_not() -> None:
    assert read(answer({"results": ROWS, "next": None, "count": 2}))[1].total == 2
    assert read(answer({"results": ROWS, "count": 7}))[1].total is None
    assert read(answer({"results": ROWS, "next": None, "count": "2"}))[1].total is None


@pytest.mark.parametrize(
    "row", [ROW | {"is_active": "yes"}, ROW | {"is_active": None}, {}, "x", 7, None]
)
def test_a_record_that_does_not_fit_is_kept_and_frozen(row: Any) -> None:
    frame, page = read(answer([ROW, row]))
    assert frame["_frozen"].to_list() == [False, True]
    assert page.received == 2
    assert frame["_id"].n_unique() == 2


def test_an_ended_enrollment_beside_a_newer_one_counts_by_itself() -> None:
    frame, _ = read(answer([ROW, ROW | {"is_active": False}, ROW]))
    assert frame["_id"].n_unique() == 2


@given(st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        frame, page = read(answer(body))
    except UnreadableError:
        return
    assert frame.height == page.received


TEXT = st.none() | st.text(max_size=4)
LISTED = st.fixed_dictionaries(
    {
        "username": TEXT,
        "email": TEXT,
        "course_id": st.text(min_size=1, max_size=4),
        "is_active": st.booleans() | st.none(),
        "mode": TEXT,
    }
)


@given(st.lists(LISTED, max_size=4))
def test_records_as_documented_are_read_at_once_as_one_by_one(
    rows: list[dict[str, Any]],
) -> None:
    assert_frame_equal(frame(rows), records._odd(rows))


@given(
    st.lists(
        LISTED | st.integers() | st.dictionaries(st.text(max_size=4), TEXT), max_size=4
    )
)
def test_every_record_is_kept_whatever_it_is(rows: list[Any]) -> None:
    assert frame(rows).height == len(rows)
