"""What is said to have been meant: the nearest value, the only like identifier."""

from __future__ import annotations

import polars as pl
import pytest

from sync.model.entities import (
    CLASS_TYPES,
    ENROLLMENT_ROLES,
    GRADES,
    ORG_TYPES,
    ROLE_TYPES,
    SESSION_TYPES,
    STATUSES,
    USER_ROLES,
)
from sync.model.normalise import FALSE, TRUE
from sync.validate import hints, words


def texts(*values: str) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Grade 5", "05"),
        ("9th grade", "09"),
        ("4B", "04"),
        ("14", "13"),
        ("0", "KG"),
        ("Kindergarten", "KG"),
        ("Pre-K", "PK"),
        ("5,6x", "06"),
        ('["5","xx7"]', "07"),
        ("seventh", "07"),
        ("Senior", "12"),
        ("othr", "Other"),
    ],
)
def test_a_grade_is_known_by_its_number_or_its_name(value: str, expected: str) -> None:
    (hint,) = hints.grade(texts(value), "grades")
    assert hint.startswith(f'nearest is "{expected}"')


def test_whatever_the_value_an_allowed_one_is_named() -> None:
    odd = texts("", "?", "x" * 300, "愛", "2018-09-04", "-", "n/a")
    for hint in (hints.grade(odd, "c"), hints.nearest(STATUSES)(odd, "c")):
        assert hint.str.contains("nearest is").all()


@pytest.mark.parametrize(
    ("meant", "allowed"),
    [
        (words.STATUSES_MEANT, STATUSES),
        (words.BOOLEANS_MEANT, TRUE + FALSE),
        (words.GRADES_MEANT, GRADES),
        (words.USER_ROLES_MEANT, USER_ROLES),
        (words.ENROLLMENT_ROLES_MEANT, ENROLLMENT_ROLES),
        (words.ROLE_TYPES_MEANT, ROLE_TYPES),
        (words.ORG_TYPES_MEANT, ORG_TYPES),
        (words.CLASS_TYPES_MEANT, CLASS_TYPES),
        (words.SESSION_TYPES_MEANT, SESSION_TYPES),
    ],
)
def test_words_mean_allowed_values_and_are_written_plainly(
    meant: dict[str, str], allowed: tuple[str, ...]
) -> None:
    assert set(meant.values()) <= set(allowed)
    assert all(hints.plain(word) == word for word in meant)


def test_dates_of_a_column_are_read_in_the_only_way_that_fits_all() -> None:
    dates = texts("1/2/2012", "2/28/2012", "20120228")
    first, second, third = hints.date_format(dates, "birthDate")
    assert first.endswith('format = "%m/%d/%Y"')
    assert second == first
    assert third.endswith('format = "%Y%m%d"')


HELD = texts("c1", "stu-000001", "stu-000002", "org-9", "ABC", "x-10", "x-11")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("C-1", "c1"),
        ("abc", "ABC"),
        ("stu-1", "stu-000001"),
        ("STU 000002", "stu-000002"),
        ("org-09", "org-9"),
        ("orgg-9", "org-9"),
        ("stu-000003", None),
        ("x-12", None),
        ("nobody", None),
    ],
)
def test_only_an_identifier_that_is_like_one_alone_is_named(
    wanted: str, expected: str | None
) -> None:
    found = hints.near(texts(wanted), HELD)
    assert found.rows() == ([] if expected is None else [(wanted, expected)])


def test_the_work_for_identifiers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "WORK", HELD.len())
    found = hints.near(texts("orgg-9", "orgg-99", "ABCD"), HELD)
    assert found["wanted"].to_list() == ["ABCD"]


def test_nothing_is_like_anything_where_nothing_is_held() -> None:
    assert hints.near(texts("a"), texts()).is_empty()
