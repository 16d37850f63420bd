"""A row whose cells have moved by one column is told as one mistake."""

from __future__ import annotations

from typing import Any

import pytest

RIGHT, LEFT = "one column too far right", "one column too far left"

# In the order of the columns: what the row would hold, had its cells not moved.
ORDER = {
    "sourcedId": "s2",
    "username": "gus",
    "givenName": "Gus",
    "familyName": "Hill",
    "primaryOrgSourcedId": "o1",
    "status": "active",
    "enabledUser": "true",
    "grades": "05",
    "birthDate": "2012-03-04",
    "email": "gus@x.example",
}

OTHER = {**ORDER, "sourcedId": "s1", "username": "ida", "email": ""}


def moved(by: int) -> dict[str, str]:
    names, cells = list(ORDER), list(ORDER.values())
    there = names.index("status")
    tail = ["", *cells[there:-1]] if by > 0 else [*cells[there + 1 :], ""]
    return dict(zip(names, [*cells[:there], *tail], strict=True))


@pytest.mark.parametrize(("by", "words"), [(1, RIGHT), (-1, LEFT)])
def test_a_row_that_has_moved_says_so_at_each_of_its_cells(
    school: Any, by: int, words: str
) -> None:
    judged = school.judge({"students": [OTHER, moved(by)]})
    hints = judged.findings.frame.filter(severity="rejected")["hint"].to_list()
    assert len(hints) >= 2
    assert all(words in hint for hint in hints)


def test_the_nearest_value_is_named_all_the_same(school: Any) -> None:
    judged = school.judge({"students": [OTHER, moved(1)]})
    assert "nearest is" in judged.one("RS112")["hint"]


@pytest.mark.parametrize(
    "cells",
    [
        {"status": "activ", "grades": "99"},
        {"enabledUser": "active"},
        {"enabledUser": "active", "grades": "2012-03-04"},
    ],
)
def test_bad_cells_that_are_no_neighbours_have_not_moved(
    school: Any, cells: dict[str, str]
) -> None:
    judged = school.judge({"students": [{**ORDER, **cells}]})
    assert not any("one column" in hint for hint in judged.findings.frame["hint"])


def test_other_rows_of_the_file_keep_their_hints(school: Any) -> None:
    bad = {**ORDER, "sourcedId": "s3", "username": "x", "email": "", "grades": "99"}
    judged = school.judge({"students": [moved(1), bad]})
    (hint,) = judged.findings.frame.filter(line=3)["hint"]
    assert hint.startswith("nearest is")


def test_what_is_found_is_the_same_with_the_hints_and_without(school: Any) -> None:
    judged = school.judge({"students": [moved(1)]})
    assert judged.counts("students") == (1, 0, 0, 1)
    assert set(judged.codes) >= {"RS101", "RS111", "RS112", "RS116"}
