from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.sandbox.filters import (
    Clause,
    FilterError,
    as_sql,
    exact_stamp,
    holds,
    parse_filter,
    parse_stamp,
    pick,
    project,
)

PATHS = st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?", fullmatch=True)
OPERATORS = st.sampled_from(["=", "!=", ">", ">=", "<", "<=", "~", "@"])
VALUES = st.text(st.characters(exclude_characters="'"), max_size=10)
CLAUSES = st.lists(st.builds(Clause, PATHS, OPERATORS, VALUES), min_size=1, max_size=4)
ITEM: dict[str, Any] = {
    "grades": ["5", "6"],
    "one": ["5"],
    "open": True,
    "none": None,
    "org": {"sourcedId": "o1", "type": "org"},
    "roles": [{"role": "aide", "org": {"sourcedId": "o1"}}, {"role": "student"}],
}


@given(clauses=CLAUSES, spaces=st.sampled_from(["", " ", "  "]))
def test_a_filter_is_read_as_it_was_written(clauses: list[Clause], spaces: str) -> None:
    texts = [f"{c.path}{spaces}{c.operator}{spaces}'{c.value}'" for c in clauses]
    read = parse_filter(" AND ".join(texts))
    assert list(read.clauses) == clauses
    assert read.connectives == ("AND",) * (len(clauses) - 1)


@given(clauses=CLAUSES)
def test_a_value_never_becomes_part_of_the_sql(clauses: list[Clause]) -> None:
    texts = [f"{c.path}{c.operator}'{c.value}'" for c in clauses]
    condition, values = as_sql(parse_filter(" OR ".join(texts)), {})
    assert condition.count("?") == len(values) == 3 * len(clauses)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a='b", "a=b", "='b'", "a='b' AND", "a='b' and c='d'", "a='b'c='d'"],
)
def test_what_does_not_follow_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


@pytest.mark.parametrize(
    ("path", "operator", "value", "expected"),
    [
        ("grades", "=", "6, 5", True),
        ("grades", "=", "5", False),
        ("grades", "!=", "5", True),
        ("grades", "~", "5", True),
        ("grades", ">", "5", True),
        ("one", "=", "5", True),
        ("open", "=", "true", True),
        ("none", "=", "", False),
        ("none", "!=", "x", True),
        ("org.sourcedId", "=", "o1", True),
        ("org.sourcedId.more", "=", "o1", False),
        ("roles.role", "=", "student,aide", True),
        ("roles.role", "~", "STUD", True),
        ("roles.role", "@", "teacher, aide", True),
        ("roles.org.sourcedId", "<=", "o1", True),
        ("nothing", "=", "x", False),
    ],
)
def test_a_clause_holds_or_not(
    path: str, operator: str, value: str, expected: bool
) -> None:
    assert holds(json.dumps(ITEM), path, operator, value) == expected


def test_lists_are_sorted_by_their_members() -> None:
    text = json.dumps(ITEM)
    assert (pick(text, "grades"), pick(text, "none")) == ("5,6", None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("open,nothing", {"open": True}),
        ("org.type,org.sourcedId", {"org": {"type": "org", "sourcedId": "o1"}}),
        ("roles.role", {"roles": [{"role": "aide"}, {"role": "student"}]}),
        (
            "roles.role,roles.org.sourcedId",
            {
                "roles": [
                    {"role": "aide", "org": {"sourcedId": "o1"}},
                    {"role": "student"},
                ]
            },
        ),
        ("org.type,org", {"org": ITEM["org"]}),
    ],
)
def test_only_the_named_parts_are_kept(fields: str, expected: dict[str, Any]) -> None:
    paths = [field.split(".") for field in fields.split(",")]
    assert project(ITEM, paths) == expected


_ZONES = st.integers(-720, 840).map(lambda m: timezone(timedelta(minutes=m)))
_MOMENTS = st.datetimes(
    datetime(1900, 1, 2),  # noqa: DTZ001 - the zone is drawn beside it
    datetime(2999, 1, 1),  # noqa: DTZ001
    timezones=_ZONES,
)


@settings(deadline=None)
@given(first=_MOMENTS, second=_MOMENTS)
def test_moments_sort_as_texts_as_they_do_in_time(
    first: datetime, second: datetime
) -> None:
    assert (exact_stamp(first) < exact_stamp(second)) == (first < second)
    assert parse_stamp(exact_stamp(first)) == first
    assert parse_stamp(first.isoformat()) == first


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-08-31", datetime(2026, 8, 31, tzinfo=UTC)),
        ("2026-08-31T10:00", datetime(2026, 8, 31, 10, tzinfo=UTC)),
        ("2026-08-31T10:00:00Z", datetime(2026, 8, 31, 10, tzinfo=UTC)),
        ("2026-08-31T10:00:00.5+0200", datetime(2026, 8, 31, 8, 0, 0, 500_000, UTC)),
    ],
)
def test_dates_and_moments_are_read_as_utc(text: str, moment: datetime) -> None:
    assert parse_stamp(text) == moment


@pytest.mark.parametrize(
    "text", ["", "noon", "2026-W01-1", "20260831", "2026-08-31 10:00", "2026-13-01"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_stamp(text)
