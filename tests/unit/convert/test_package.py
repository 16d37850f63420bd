"""The words for what was left out."""

from __future__ import annotations

import pytest

from sync.convert import LeftOut, Package, sentences


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ([LeftOut("agents", None, 1, "so")], ["agents: 1 row, because so"]),
        (
            [LeftOut("agents", None, 1200, "so"), LeftOut("users", None, 2, "so")],
            ["agents: 1,200 rows, because so", "users: 2 rows, because so"],
        ),
        (
            [LeftOut("users", "a", 2, "so"), LeftOut("users", "b", 1, "so")],
            ["users: cells of a (2), b (1), because so"],
        ),
        (
            [LeftOut("users", "a", 2, "so"), LeftOut("users", "a", 3, "so")],
            ["users: cells of a (5), because so"],
        ),
        ([], []),
    ],
)
def test_losses_are_told_by_entity_and_reason(
    lost: list[LeftOut], said: list[str]
) -> None:
    assert sentences(lost) == said


def test_only_a_lost_row_makes_a_package_incomplete() -> None:
    cell, row = LeftOut("users", "a", 1, "so"), LeftOut("users", None, 1, "so")
    assert not Package("four-files", (), (cell,)).lacks_rows
    assert Package("four-files", (), (cell, row)).lacks_rows
