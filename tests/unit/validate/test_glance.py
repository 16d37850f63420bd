"""What the first look leaves out is what no rule finds fault with."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync.model.entities import ENTITIES, Column, Entity, Kind, Mode
from sync.model.roster import FILE, ROW, Table
from sync.validate import rules
from sync.validate.glance import look, normalised, put
from sync.validate.sheet import Sheet, blank, sheet

TODAY = date(2026, 11, 20)
PIECES = st.sampled_from(
    [
        *("a", "b1", "stu-1", "é", "e\u0301", "Ã©", "??", "\u200b", " ", "\t", "\x01"),
        *(".", "..", "@", "a@b.de", ",", "/", "true", "Active", "1E+05", "1,23E+05"),
        *("2026-08-17", "1900-01-01", "2027-06-04T00:00:00Z", "+1-555-0100-22", "("),
        *("5", "05", "student", "ext:x", "parent", "primary", "x" * 260, "ﬁ", "\ufffd"),
    ]
)
CELLS = st.none() | st.lists(PIECES, min_size=1, max_size=3).map("".join)
KINDS = [pytest.param(one, id=one.value) for one in Kind]


@pytest.mark.parametrize("kind", KINDS)
@given(cells=st.lists(CELLS, max_size=12))
@settings(max_examples=30, deadline=None)
def test_cells_come_out_normalised(kind: Kind, cells: list[str | None]) -> None:
    raw = pl.Series("cell", cells, pl.String)
    looked = look(raw, Column("cell", kind))
    assert looked.cells.equals(normalised(raw, kind), null_equal=True)


def seen(entity: Entity, cells: dict[str, list[str | None]]) -> Sheet:
    rows = len(next(iter(cells.values())))
    frame = pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String())).with_columns(
        pl.lit("f.csv").alias(FILE),
        pl.int_range(2, rows + 2, dtype=pl.UInt32, eager=True).alias(ROW),
    )
    return sheet(Table(entity, Mode.BULK, frame, {"f.csv": {}}, {}))


@st.composite
def cells_of(draw: st.DrawFn, entity: Entity) -> dict[str, list[str | None]]:
    names = draw(st.sets(st.sampled_from(ENTITIES[entity].names), min_size=1))
    rows = draw(st.integers(1, 5))
    return {
        name: draw(st.lists(CELLS, min_size=rows, max_size=rows))
        for name in sorted(names)
    }


@pytest.mark.parametrize("entity", [Entity.USERS, Entity.ENROLLMENTS, Entity.CLASSES])
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_every_finding_is_in_a_doubtful_row(
    entity: Entity, data: st.DataObject
) -> None:
    one = seen(entity, data.draw(cells_of(entity)))
    told = sum(found.height for found in rules.judge(one, TODAY))
    judged = rules.with_raw(one)
    everything = [
        int(judged.select(rule.fails(name).fill_null(value=False).sum()).item())
        for rule in rules.table(TODAY)
        for name in rule.columns(one)
    ]
    assert told == sum(everything)


@given(cells=st.lists(CELLS, min_size=1, max_size=8))
@example(cells=["a@b.de", "a@b", None])
@settings(max_examples=50, deadline=None)
def test_what_is_malformed_and_may_be_left_out_is_named(
    cells: list[str | None],
) -> None:
    one = seen(Entity.USERS, {"email": cells})
    judged = rules.with_raw(one)
    bad = judged["email"].is_null() & ~judged.select(blank("email")).to_series()
    kept = rules.with_keep(one).frame["_keep"]
    assert kept.is_not_null().to_list() == bad.to_list()
    assert set(kept.drop_nulls()) <= {",email,"}


def test_cells_put_into_a_column_leave_it_as_it_was() -> None:
    before = pl.Series("cell", ["a", "b", "c"])
    after = put(before, pl.Series([1], dtype=pl.UInt32), pl.Series(["x"]))
    assert (before.to_list(), after.to_list()) == (["a", "b", "c"], ["a", "x", "c"])
