"""Which files a pattern means."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.model.roster import matches

LETTERS = st.text(st.sampled_from("aBß.*?[]!-\n "), max_size=5)


@pytest.mark.parametrize(
    ("file", "pattern", "meant"),
    [
        ("users.csv", "users.csv", True),
        ("USERS.CSV", "users.csv", True),
        ("users.csv", "Users.CSV", True),
        ("deep/within/users.csv", "users.csv", True),
        ("users.csv", "deep/users.csv", False),
        ("users.csvx", "users.csv", False),
        ("usersXcsv", "users.csv", False),
        ("users_2.csv", "users*.csv", True),
        ("users2.csv", "users?.csv", True),
        ("users2.csv", "users[12].csv", True),
        ("users3.csv", "users[12].csv", False),
    ],
)
def test_a_pattern_means_names_in_any_case_and_any_folder(
    file: str, pattern: str, meant: bool
) -> None:
    assert matches(file, [pattern]) is meant
    assert matches(file, ["nothing.csv", pattern]) is meant


@given(file=LETTERS, pattern=LETTERS)
@example(file="a", pattern="a")
def test_names_are_told_as_the_library_tells_patterns(file: str, pattern: str) -> None:
    told = fnmatchcase(file.casefold(), pattern.casefold())
    assert matches(file, [pattern]) is told
