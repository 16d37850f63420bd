from __future__ import annotations

import pytest

from sync.config.nearest import did_you_mean, nearest

KNOWN = ("removals", "creates", "updates", "shrink")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("removal", "removals"),
        ("shrnk", "shrink"),
        ("UPDATES", "updates"),
        ("updtaes", "updates"),
        ("zzz", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_one_that_could_be_meant(
    name: str, expected: str | None
) -> None:
    assert nearest(name, KNOWN) == expected
    assert nearest(name, reversed(KNOWN)) == expected


def test_without_a_near_name_all_are_told() -> None:
    assert did_you_mean("zzz", ("b", "a")) == "; known are a, b"
    assert did_you_mean("shrnk", KNOWN) == '; did you mean "shrink"?'
    assert did_you_mean("zzz", ()) == ""
