from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from sync.model.request import Answer, Listing, Page
from sync.targets.oneroster.answers import given_id, next_link, page, refused
from sync.wire.failures import UnreadableError

USERS = Listing("users", "oneroster", "/users")
ONE = Listing("users", "oneroster", "/users/u1", paged=False)
CLASS = Listing("classes", "oneroster", "/classes/c1", paged=False)
FAILURE = {"imsx_codeMajor": "failure", "imsx_severity": "error"}


def said(found: Sequence[Any]) -> pl.DataFrame:
    return pl.DataFrame({"said": [json.dumps(one) for one in found]})


def answer(body: Any, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(200, named, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        ({"users": [1, 2]}, {}, Page(2)),
        ({"users": []}, {"x_total_count": "0"}, Page(0, total=0)),
        ({"users": [1], "totalCount": 7, "limit": 1}, {}, Page(1, 7, 1)),
        ({"users": [1], "total": 7}, {}, Page(1, 7)),
        ({"users": [1]}, {"x_total_count": "9"}, Page(1, 9)),
        ({"users": [1], "limit": True}, {}, Page(1)),
        (
            {"users": [1]},
            {"link": '<https://x.example/users?offset=1>; rel="next"'},
            Page(1, next="https://x.example/users?offset=1"),
        ),
        ({"users": [1], "imsx_codeMajor": "success"}, {}, Page(1)),
    ],
)
def test_a_page_says_how_much_there_is_and_what_comes_next(
    body: Any, headers: dict[str, str], told: Page
) -> None:
    found, page_ = page(USERS, answer(body, **headers), said)
    assert (found.equals(said(body["users"])), page_) == (True, told)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        [{"sourcedId": "u1"}],
        {"students": []},
        {"users": {}},
        {"users": [], **FAILURE},
        {"users": [], "statusInfoSet": [FAILURE]},
        {"users": [], "imsx_StatusInfo": FAILURE},
        {"users": [], "imsx_codeMajor": "Unsupported"},
    ],
)
def test_a_success_without_its_list_is_never_an_empty_list(body: Any) -> None:
    with pytest.raises(UnreadableError):
        page(USERS, answer(body), said)


@pytest.mark.parametrize(
    ("listing", "body"),
    [
        (ONE, {"user": {"sourcedId": "u1"}}),
        (ONE, {"users": {"sourcedId": "u1"}}),
        (ONE, {"users": [{"sourcedId": "u1"}]}),
        (ONE, {"sourcedId": "u1"}),
        (CLASS, {"class": {"sourcedId": "u1"}}),
    ],
)
def test_a_single_record_is_a_page_of_one(listing: Listing, body: Any) -> None:
    found, page_ = page(listing, answer(body), said)
    assert (found["said"].to_list(), page_) == (['{"sourcedId": "u1"}'], Page(1))


@pytest.mark.parametrize("body", [{}, {"user": None}, {"user": {"name": "x"}}, FAILURE])
def test_an_answer_without_the_record_is_no_record(body: Any) -> None:
    with pytest.raises(UnreadableError):
        page(ONE, answer(body), said)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<https://x.example/u?offset=2>; rel="next"', "https://x.example/u?offset=2"),
        ("<https://x.example/u?a=1,2>; rel='next'", "https://x.example/u?a=1,2"),
        ("https://x.example/u?offset=101; rel=next", "https://x.example/u?offset=101"),
        ("</u?offset=2>;rel=next;title=x", "/u?offset=2"),
        (
            '<https://x.example/u?offset=0>; rel="first", '
            '<https://x.example/u?offset=4>; rel="next"; title="a, b"',
            "https://x.example/u?offset=4",
        ),
        ('<https://x.example/u>; rel="prev", <https://x.example/v>; rel="last"', None),
        ("<https://x.example/u>; rel=next-archive", None),
        ("<https://x.example/u>", None),
        ("", None),
    ],
)
def test_the_next_page_is_found_however_the_link_is_written(
    link: str, url: str | None
) -> None:
    assert next_link(Answer(200, {"link": link})) == url


@pytest.mark.parametrize(
    ("body", "single", "given"),
    [
        ({"sourcedIdPairs": {"allocatedSourcedId": "x"}}, "user", "x"),
        ({"sourcedIdPairs": [{"allocatedSourcedId": "x"}]}, "user", "x"),
        ({"allocatedSourcedId": "x"}, "user", "x"),
        ({"user": {"sourcedId": "x"}}, "user", "x"),
        ({"class": {"sourcedId": "x"}}, "class", "x"),
        ({"sourcedId": "x"}, "org", "x"),
        ({"user": {"sourcedId": "x"}}, "org", None),
        ({"sourcedIdPairs": {"suppliedSourcedId": "x"}}, "user", None),
        ({}, "user", None),
        (None, "user", None),
        ([], "user", None),
    ],
)
def test_the_id_that_a_server_gave_is_found(
    body: Any, single: str, given: str | None
) -> None:
    assert given_id(body, single) == given


def test_processing_is_no_failure() -> None:
    assert not refused({"imsx_codeMajor": "processing"})
    assert not refused(None)
    assert refused({"statusInfoSet": [{"imsx_codeMajor": "FAILURE"}]})
