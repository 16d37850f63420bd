from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.request import Answer
from sync.targets.schoology.answers import as_list, items, parse, total
from sync.wire import UnreadableError

PROLOGUE = b'<?xml version="1.0" encoding="utf-8" ?>'


def xml(inside: str) -> Answer:
    return Answer(200, {}, PROLOGUE + f"<result>{inside}</result>".encode())


def as_json(body: Any) -> Answer:
    return Answer(200, {}, json.dumps(body).encode())


SEAT = "<enrollment><id>1</id><school_uid /><admin>0</admin></enrollment>"


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        (SEAT, {"enrollment": {"id": "1", "school_uid": "", "admin": "0"}}),
        ("<a>1</a><a>2</a>", {"a": ["1", "2"]}),
        ("<a>1</a><a>2</a><a>3</a>", {"a": ["1", "2", "3"]}),
        ("<a><b>x &amp; y</b></a>", {"a": {"b": "x & y"}}),
        ("", {}),
    ],
)
def test_xml_becomes_what_json_would_be(inside: str, found: Any) -> None:
    assert parse(xml(inside)) == found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"busy",
        b"[]",
        b"7",
        b"<html><body>busy</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<result><enrollment>",
        b'<!DOCTYPE r [<!ENTITY a "aaaa">]><result>&a;</result>',
        PROLOGUE + b"<body><total>0</total></body>",
        b"<result>" + b"<a>" * 70 + b"x" + b"</a>" * 70 + b"</result>",
    ],
)
def test_what_is_no_answer_of_schoology_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse(Answer(200, {}, body))


@pytest.mark.parametrize(
    "body",
    [
        {"total": "0", "links": {"self": "x"}},
        {"total": 0},
        {"links": {"self": "x"}},
        {"enrollment": [], "total": "0"},
        {"enrollment": []},
        {"enrollment": "", "total": "0"},
        {"enrollment": None, "total": "0"},
    ],
)
def test_a_list_may_leave_out_the_key_of_records_it_has_none_of(body: Any) -> None:
    assert items(body, "enrollment") == []


@pytest.mark.parametrize("body", [{}, {"error": "no"}, {"user": []}])
def test_an_object_that_is_no_list_is_never_an_empty_one(body: Any) -> None:
    with pytest.raises(UnreadableError, match="enrollment"):
        items(body, "enrollment")


def test_a_list_of_one_may_be_the_one_itself() -> None:
    assert items({"user": {"id": 1}, "total": 1}, "user") == [{"id": 1}]
    assert items({"user": [{"id": 1}], "total": 1}, "user") == [{"id": 1}]
    assert as_list(None) == as_list("") == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [("41", 41), (41, 41), (0, 0), (" 7 ", 7)]
    + [(one, None) for one in ("many", -1, True, None, "", 1.5, "1e3", "9" * 5000)],
)
def test_a_total_is_a_number_or_a_text(said: Any, meant: int | None) -> None:
    assert total({"total": said}) == meant


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.text("aé&<>'\" 7", max_size=8),
        max_size=4,
    )
)
def test_texts_are_the_same_in_json_and_in_xml(record: dict[str, str]) -> None:
    plain = {name: text.strip() for name, text in record.items()}
    inside = "".join(
        f"<{name}>{text.replace('&', '&amp;').replace('<', '&lt;')}</{name}>"
        for name, text in plain.items()
    )
    assert parse(xml(inside)) == parse(as_json(plain))
