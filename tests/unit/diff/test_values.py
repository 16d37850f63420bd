from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.diff import FieldRules
from sync.diff.values import sides, with_changed_fields, without_known_pairs
from sync.model.ledger import PAIRS_SCHEMA, digest

Row = dict[str, Any]


def frame(*rows: Row) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame(list(rows), schema=dict.fromkeys(names, pl.String))


def changed(ours: Row, theirs: Row, rules: FieldRules) -> list[str]:
    joined = sides(frame({"_key": "a", **ours}), frame({"_key": "a", **theirs}))
    found: list[str] = with_changed_fields(joined, rules)["fields"][0].to_list()
    return found


def lower(column: pl.Expr) -> pl.Expr:
    return column.str.to_lowercase()


PHONE_EMAIL = FieldRules(("phone", "email"))


@pytest.mark.parametrize(
    ("ours", "theirs", "rules", "fields"),
    [
        pytest.param(
            {"phone": "1", "email": "e"},
            {"phone": "2", "email": "e"},
            PHONE_EMAIL,
            ["phone"],
            id="what differs is named",
        ),
        pytest.param(
            {"email": "x", "phone": "1"},
            {"phone": "2", "email": "y"},
            PHONE_EMAIL,
            ["phone", "email"],
            id="in the order of the rules, not of the columns",
        ),
        pytest.param(
            {"phone": None}, {"phone": "2"}, PHONE_EMAIL, ["phone"], id="blank clears"
        ),
        pytest.param(
            {"phone": None}, {"phone": None}, PHONE_EMAIL, [], id="blank is blank"
        ),
        pytest.param(
            {"phone": "1"}, {"phone": None}, PHONE_EMAIL, ["phone"], id="blank there"
        ),
        pytest.param(
            {"phone": "1"},
            {"phone": "1", "email": "y"},
            PHONE_EMAIL,
            [],
            id="a column that the drop lacks is not compared",
        ),
        pytest.param(
            {"phone": "1", "email": "x"},
            {"phone": "1"},
            PHONE_EMAIL,
            [],
            id="nor one that the read side does not show",
        ),
        pytest.param(
            {"phone": "1", "pet": "cat"},
            {"phone": "1", "pet": "dog"},
            PHONE_EMAIL,
            [],
            id="nor one that the target does not write",
        ),
        pytest.param(
            {"phone": None, "email": None},
            {"phone": "2", "email": "y"},
            FieldRules(("phone", "email"), blank_keeps=True),
            [],
            id="blank keeps",
        ),
        pytest.param(
            {"phone": "1"},
            {"phone": "2"},
            FieldRules(("phone",), blank_keeps=True),
            ["phone"],
            id="only blank keeps",
        ),
        pytest.param(
            {"phone": "1", "email": "x"},
            {"phone": "2", "email": "y"},
            FieldRules(("phone", "email"), protected=frozenset({"email"})),
            ["phone"],
            id="a protected field that holds a value stays",
        ),
        pytest.param(
            {"email": "x"},
            {"email": None},
            FieldRules(("email",), protected=frozenset({"email"})),
            ["email"],
            id="a protected field that is empty is filled",
        ),
        pytest.param(
            {"phone": "1", "email": None, "_keep": ",email,"},
            {"phone": "2", "email": "y"},
            PHONE_EMAIL,
            ["phone"],
            id="a cell that counts as not delivered stays",
        ),
        pytest.param(
            {"phone": None, "_keep": ",homephone,phone2,"},
            {"phone": "2"},
            PHONE_EMAIL,
            ["phone"],
            id="a marker names whole fields",
        ),
        pytest.param(
            {"phone": "1"},
            {"phone": None, "_unread": ",phone,"},
            PHONE_EMAIL,
            [],
            id="what the read did not tell is not compared",
        ),
        pytest.param(
            {"email": "A@b"},
            {"email": "a@B"},
            FieldRules(("email",), comparisons={"email": lower}),
            [],
            id="compared as the target says",
        ),
        pytest.param(
            {"email": None},
            {"email": "a@B"},
            FieldRules(("email",), comparisons={"email": lower}),
            ["email"],
            id="blank differs under a comparison too",
        ),
    ],
)
def test_the_fields_that_differ(
    ours: Row, theirs: Row, rules: FieldRules, fields: list[str]
) -> None:
    assert changed(ours, theirs, rules) == fields


def test_rows_of_one_side_have_no_changed_fields() -> None:
    joined = sides(
        frame({"_key": "a", "phone": "1"}), frame({"_key": "b", "phone": "2"})
    )
    found = with_changed_fields(joined, PHONE_EMAIL)
    assert found["fields"].to_list() == [[], []]
    assert found["in_drop"].to_list() == [True, False]
    assert found["in_remote"].to_list() == [False, True]


def test_without_any_compared_field_nothing_differs() -> None:
    joined = sides(frame({"_key": "a", "x": "1"}), frame({"_key": "a", "y": "2"}))
    found = with_changed_fields(joined, FieldRules(("x", "y")))
    assert found["fields"].to_list() == [[]]


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        pytest.param([("phone", "1", "2")], ["email"], id="same on both sides"),
        pytest.param([("phone", "0", "2")], ["phone", "email"], id="we changed"),
        pytest.param([("phone", "1", "3")], ["phone", "email"], id="they changed"),
        pytest.param(
            [("phone", "1", "2"), ("email", "x", "y")], [], id="both fields are known"
        ),
        pytest.param([], ["phone", "email"], id="nothing is known"),
    ],
)
def test_a_pair_of_digests_counts_as_equal_until_a_side_changes(
    pairs: list[tuple[str, str, str]], fields: list[str]
) -> None:
    joined = with_changed_fields(
        sides(
            frame(*({"_key": key, "phone": "1", "email": "x"} for key in "ab")),
            frame(*({"_key": key, "phone": "2", "email": "y"} for key in "ab")),
        ),
        PHONE_EMAIL,
    )
    rows = [
        {
            "entity": "students",
            "key": "a",
            "field": name,
            "sent": digest(sent),
            "read": digest(read),
        }
        for name, sent, read in pairs
    ]
    known = pl.DataFrame(rows, schema=PAIRS_SCHEMA).rename({"key": "_key"})
    found = without_known_pairs(joined, known)
    assert found["fields"].to_list() == [fields, ["phone", "email"]]
