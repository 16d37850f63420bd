"""Changes for people: what is shown of a record, and which of many."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.report import OUTCOME_SCHEMA, operations_table
from sync.report.changes import (
    FieldChange,
    changes,
    examples,
    fair_share,
    field_change,
    shown_verbs,
)


def test_each_changed_field_stands_with_before_and_after(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    row = {
        "fields": ["grades", "enabledUser", "primaryOrgSourcedId"],
        "before": {"grades": "04", "enabledUser": True},
        "after": {"grades": "05", "enabledUser": False, "primaryOrgSourcedId": "o-1"},
    }

    (change,) = changes(make_operations(row))

    assert change.place == "students.csv:2"
    assert change.fields == (
        FieldChange("grades", "04", "05"),
        FieldChange("enabledUser", "true", "false"),
        FieldChange("primaryOrgSourcedId", "(empty)", "o-1"),
    )


def test_the_table_of_operations_shows_the_same_fields(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    row = {"fields": ["grades", "role"], "before": {}, "after": {"grades": "05"}}
    frame = make_operations(row)

    table = operations_table(frame, OUTCOME_SCHEMA.to_frame())

    assert changes(table)[0].fields == changes(frame)[0].fields


def test_an_address_in_a_reason_is_masked_unless_revealed(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    frame = make_operations({"reason": "same e-mail jo@x.org"})

    assert changes(frame)[0].reason == "same e-mail …@…"
    assert changes(frame, reveal=True)[0].reason == "same e-mail jo@x.org"


def test_a_very_long_value_is_cut(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    row = {"fields": ["title"], "before": {}, "after": {"title": "x" * 10_000}}

    (change,) = changes(make_operations(row))

    assert len(change.fields[0].after) < 200


def test_examples_are_the_first_of_each_entity_and_verb(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    kinds = [("students", "create")] * 5 + [("users", "create"), ("users", "remove")]
    frame = make_operations(*({"entity": e, "verb": v} for e, v in kinds))

    assert examples(frame, 2)["key"].to_list() == ["s-0", "s-1", "s-5", "s-6"]


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 40))
def test_a_fair_share_keeps_the_order_and_forgets_no_kind(
    kinds: list[str], limit: int
) -> None:
    frame = pl.DataFrame(
        {"kind": kinds, "n": range(len(kinds))},
        schema={"kind": pl.String, "n": pl.Int64},
    )

    shared = fair_share(frame, ["kind"], limit)

    assert shared.height == min(limit, len(kinds))
    assert shared["n"].is_sorted()
    if limit >= 3:
        assert set(shared["kind"]) == set(kinds)


def test_of_a_record_that_ends_only_what_differs_is_a_change(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    before = {"status": "active", "role": "student", "classSourcedId": "c-1"}
    row = {"verb": "remove", "before": before, "after": {**before, "status": "x"}}

    assert changes(make_operations(row))[0].fields == (
        FieldChange("status", "active", "x"),
    )


@pytest.mark.parametrize(
    ("now", "reveal", "shown"),
    [
        ("+1-505-555-0199", False, "…99 (changed)"),
        ("+1-617-555-0199", False, "…99"),
        ("+1-505-555-0198", False, "…98"),
        ("+1-505-555-0199", True, "+1-505-555-0199"),
    ],
)
def test_a_value_that_looks_the_same_where_it_is_masked_is_said_to_have_changed(
    now: str, shown: str, *, reveal: bool
) -> None:
    found = field_change("phone", "+1-617-555-0199", now, reveal=reveal)
    assert found.after == shown


def test_what_an_undo_ends_by_writing_it_back_is_shown_as_removed(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    frame = make_operations({"ends": True}, {}, {"verb": "create"})
    assert shown_verbs(frame)["verb"].to_list() == ["remove", "update", "create"]
