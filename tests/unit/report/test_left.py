"""What an undo leaves, in words."""

from __future__ import annotations

import polars as pl
import pytest

from sync.report import UNTOUCHED_SCHEMA, left_by_undo, left_words


def _left(*rows: tuple[str, str | None]) -> pl.DataFrame:
    given = [("users", f"u-{n}", *row, None, None) for n, row in enumerate(rows)]
    return pl.DataFrame(given, UNTOUCHED_SCHEMA, orient="row")


THEIRS = ("frozen", "changed since run r: phone")
STUCK = ("frozen", "enrollments that stay name it")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), []),
        ((THEIRS,), ["1 record was changed by others since and is left"]),
        (
            (THEIRS, ("frozen", "ended since run r"), STUCK),
            [
                "2 records were changed by others since and are left",
                "1 record cannot be taken back and is left",
            ],
        ),
        ((STUCK, ("blocked", None)), ["2 records cannot be taken back and are left"]),
    ],
)
def test_what_is_left_is_counted_by_why(
    rows: tuple[tuple[str, str | None], ...], said: list[str]
) -> None:
    assert left_words(_left(*rows)) == said


def test_what_needs_nothing_is_not_left() -> None:
    rows = _left(("kept", "as it was before run r already"), THEIRS)
    assert left_by_undo(rows)["key"].to_list() == ["u-1"]
