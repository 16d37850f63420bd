from __future__ import annotations

from sync.model.counted import number


def test_numbers_take_their_noun_along() -> None:
    assert (number(1, "row"), number(1932, "row")) == ("1 row", "1,932 rows")
    assert number(2, "other row falls", "other rows fall") == "2 other rows fall"
