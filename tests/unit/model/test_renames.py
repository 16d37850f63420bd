from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.renames import RENAME_SCHEMA, renamed, taken_back

Row = dict[str, Any]


def record(entity: str, key: str, **cells: Any) -> Row:
    own = {"entity": entity, "key": key, "remote_id": key, "source": "sis"}
    return own | {"created": False, "missed": 0, "ended": False} | cells


def ledger(*rows: Row, pairs: tuple[Row, ...] = ()) -> LedgerView:
    return LedgerView(
        pl.DataFrame(list(rows), schema=LEDGER_SCHEMA),
        pl.DataFrame(list(pairs), schema=PAIRS_SCHEMA),
    )


def rename(
    old: str, new: str, remote_id: str | None = None, entity: str = "students"
) -> pl.DataFrame:
    row = (entity, old, new, remote_id or old)
    return pl.DataFrame([row], schema=RENAME_SCHEMA, orient="row")


def keys(found: LedgerView) -> list[tuple[str, str, str | None]]:
    return found.records.select("entity", "key", "remote_id").rows()


def test_the_new_key_means_the_old_record_with_what_was_known_of_it() -> None:
    old = record("students", "old", created=True, missed=2, ended=True)
    found = renamed(ledger(old, record("students", "s1")), rename("old", "new"))
    assert keys(found) == [("students", "new", "old"), ("students", "s1", "s1")]
    row = found.records.row(0, named=True)
    assert (row["created"], row["missed"], row["ended"]) == (True, 2, True)
    assert row["source"] == "sis"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], [("students", "new", "x")], id="never seen"),
        pytest.param(
            [record("students", "new")], [("students", "new", "x")], id="new was there"
        ),
        pytest.param(
            [record("students", "new", ended=True), record("students", "old")],
            [("students", "new", "x")],
            id="both",
        ),
        pytest.param(
            [record("users", "old")], [("students", "new", "x")], id="the other file"
        ),
        pytest.param(
            [record("students", "old", remote_id="x")],
            [("students", "new", "x")],
            id="renamed before",
        ),
        pytest.param(
            [record("classes", "old")],
            [("classes", "old", "old"), ("students", "new", "x")],
            id="another collection",
        ),
    ],
)
def test_whatever_was_known_of_either_key_it_stands_once(
    rows: list[Row], expected: list[tuple[str, str, str]]
) -> None:
    found = renamed(ledger(*rows), rename("old", "new", "x"))
    assert keys(found) == expected
    assert found.records["source"].null_count() == 0


def test_what_is_said_twice_is_said_once() -> None:
    before = ledger(record("students", "old"), record("agents", "old/g1"))
    once = renamed(before, rename("old", "new"))
    again = renamed(once, rename("old", "new"))
    assert_frame_equal(again.records, once.records)


def test_what_is_taken_back_is_as_it_was() -> None:
    before = ledger(
        *(record("agents", "old/g1"), record("students", "a", remote_id="b")),
        record("students", "old"),
        pairs=({"entity": "students", "key": "old", "field": "phone"},),
    )
    pairs = pl.concat([rename("old", "new"), rename("a", "c", "b")])
    back = renamed(renamed(before, pairs), taken_back(pairs))
    assert_frame_equal(back.records, before.records)
    assert_frame_equal(back.pairs, before.pairs)


@pytest.mark.parametrize(
    ("entity", "key", "expected"),
    [
        ("agents", "old/g1", "new%2F1/g1"),
        ("agents", "g1/old", "g1/new%2F1"),
        ("agents", "older/g1", "older/g1"),
        ("enrollments", "old/k1/o1/student", "new%2F1/k1/o1/student"),
        ("enrollments", "k1/old/o1/student", "k1/old/o1/student"),
        ("enrollments", "old", "old"),
        ("enrollments", "c1/old", "c1/old"),
        ("classes", "old/g1", "old/g1"),
    ],
)
def test_links_and_enrollments_are_known_under_the_new_key(
    entity: str, key: str, expected: str
) -> None:
    pair = {"entity": entity, "key": key, "field": "f", "sent": "a", "read": "b"}
    before = ledger(record(entity, key, remote_id="r", person="old"), pairs=(pair,))
    found = renamed(before, rename("old", "new/1"))
    assert (entity, expected, "r") in keys(found)
    assert found.records.filter(entity=entity)["person"].to_list() == ["new/1"]
    assert found.pairs["key"].to_list() == [expected]


def test_without_renames_the_ledger_is_the_same() -> None:
    before = ledger(record("students", "old"))
    assert renamed(before, RENAME_SCHEMA.to_frame()) is before
