"""Codes that people use, and codes of which nobody knows the meaning."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.suggest.meanings import boolean_of, grade_of, role_of, status_of


@pytest.mark.parametrize(
    ("meaning", "code", "value"),
    [
        (role_of, "Pupil", "student"),
        (role_of, "StudentEnrollment", "student"),
        (role_of, "Teaching Staff", "teacher"),
        (role_of, "TA", "aide"),
        (role_of, "Mother", "parent"),
        (role_of, "Janitor", None),
        (status_of, "A", "active"),
        (status_of, "Withdrawn", "inactive"),
        (status_of, "toBeDeleted", "tobedeleted"),
        (status_of, "0", None),
        (status_of, "Pending", None),
        (boolean_of, "Enabled", "true"),
        (boolean_of, "Suspended", "false"),
        (boolean_of, "maybe", None),
        (grade_of, "Grade 5", "05"),
        (grade_of, "Kindergarten", "KG"),
        (grade_of, "PK3", "PK"),
        (grade_of, "Pre-K", "PK"),
        (grade_of, "-1", "PK"),
        (grade_of, "11th Grade", "11"),
        (grade_of, "99", None),
        (grade_of, "", None),
    ],
)
def test_a_code_means(
    meaning: Callable[[str], str | None], code: str, value: str | None
) -> None:
    assert meaning(code) == value
