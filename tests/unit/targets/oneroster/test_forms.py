from __future__ import annotations

import json
from typing import Any

import pytest

from sync.model.entities import Entity
from sync.model.request import Answer, Listing
from sync.targets.oneroster import answers, forms
from sync.targets.oneroster.shapes import SHAPES
from sync.wire.failures import UnreadableError

ENROLLMENTS = forms.reader(SHAPES[Entity.ENROLLMENTS])
PLAIN: dict[str, Any] = {
    "sourcedId": "e1",
    "status": "active",
    "role": "student",
    "user": {"sourcedId": "s1", "type": "user", "href": "https://x.example/s1"},
}


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({}, True),
        ({"primary": True, "beginDate": None, "class": None}, True),
        ({"dateLastModified": "2026-11-20", "password": "secret"}, True),
        ({"metadata": {}, "extra": None, "others": []}, True),
        ({"role": {}}, False),
        ({"user": []}, False),
        ({"sourcedId": 1}, False),
        ({"role": 1}, False),
        ({"role": ["student"]}, False),
        ({"user": "s1"}, False),
        ({"user": {}}, True),
        ({"user": {"href": "x"}}, False),
        ({"user": {"sourcedId": "s1", "email": "x"}}, False),
        ({"user": [{"sourcedId": "s1"}]}, False),
        ({"userSourcedId": "s1"}, False),
        ({"metadata": {"goal": "1"}}, False),
        ({"extra": "x"}, False),
        ({"extra": 0}, False),
    ],
)
def test_only_records_that_their_columns_hold_whole_are_plain(
    more: dict[str, Any], fits: bool
) -> None:
    assert ENROLLMENTS.fits(PLAIN | more) is fits


def test_a_long_page_that_says_that_it_failed_is_refused() -> None:
    found = [PLAIN | {"sourcedId": f"e{number}"} for number in range(400)]
    body = {"imsx_codeMajor": "failure", "enrollments": found}
    answer = Answer(200, {}, json.dumps(body).encode())
    listing = Listing("enrollments", "oneroster", "/enrollments")
    with pytest.raises(UnreadableError, match="failed"):
        answers.page(listing, answer, ENROLLMENTS)


def test_a_long_page_says_how_many_there_are() -> None:
    found = [PLAIN | {"sourcedId": f"e{number}"} for number in range(400)]
    body = {"limit": 400, "enrollments": found}
    headers = {"x-total-count": "900", "link": '<https://x/?offset=400>; rel="next"'}
    answer = Answer(200, headers, json.dumps(body).encode())
    listing = Listing("enrollments", "oneroster", "/enrollments")
    frame, page = answers.page(listing, answer, ENROLLMENTS)
    assert (frame.height, page.received, page.total, page.limit) == (400, 400, 900, 400)
    assert page.next == "https://x/?offset=400"
