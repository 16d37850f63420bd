"""Two frames compared give what a plain comparison of dictionaries gives.

Random tables with blank cells, columns that only one side has, cells that count as not
delivered (``_keep``), fields that the read did not tell (``_unread``), comparisons that
fold case, protected fields, and blanks that keep.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from sync.diff import DiffInput, FieldRules, diff
from sync.diff.values import sides
from sync.model.entities import Entity

SEEDS = range(80)
FIELDS = ("givenName", "email", "status", "grades")
VALUES = (None, "A", "a", "Bb", "bb", "active", "inactive")
Row = dict[str, Any]
ONE = Entity.STUDENTS


def folded(column: pl.Expr) -> pl.Expr:
    return column.str.to_lowercase()


def table(chance: random.Random, marker: str) -> dict[str, Row]:
    columns = chance.sample(FIELDS, chance.randint(2, len(FIELDS)))
    marks = (None, ",email,", ",givenName,grades,")
    return {
        f"stu-{number:02}": {
            **{name: chance.choice(VALUES) for name in columns},
            marker: chance.choice(marks),
        }
        for number in chance.sample(range(40), chance.randint(0, 30))
    }


def frame(rows: Mapping[str, Row], marker: str) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows.values() for name in row)
    schema = dict.fromkeys(("_key", *names, marker), pl.String)
    return pl.DataFrame([{"_key": key, **row} for key, row in rows.items()], schema)


def rules(chance: random.Random) -> FieldRules:
    return FieldRules(
        fields=FIELDS,
        comparisons={"email": folded} if chance.random() < 0.5 else {},
        blank_keeps=chance.random() < 0.5,
        protected=frozenset({"givenName"} if chance.random() < 0.5 else ()),
    )


def changed(ours: Row, theirs: Row, given: FieldRules) -> list[str]:
    """The fields that differ, in the order of the rules."""
    found = []
    for name in given.fields:
        if name not in ours or name not in theirs:
            continue
        mine, other = ours[name], theirs[name]
        kept = f",{name}," in (ours["_keep"] or "") or (
            mine is None and given.blank_keeps
        )
        shielded = name in given.protected and other is not None
        unread = f",{name}," in (theirs["_unread"] or "")
        if kept or shielded or unread:
            continue
        if name in given.comparisons:
            mine, other = mine and mine.lower(), other and other.lower()
        if mine != other:
            found.append(name)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_changed_fields_are_those_of_a_plain_comparison(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - by seed
    ours, theirs = table(chance, "_keep"), table(chance, "_unread")
    given = rules(chance)
    found = diff(
        DiffInput(
            desired={ONE: frame(ours, "_keep")},
            remote={ONE: frame(theirs, "_unread")},
            frozen=pl.DataFrame(schema={"entity": pl.String, "_key": pl.String}),
            rules={ONE: given},
        )
    )[ONE]
    keys = sorted({*ours, *theirs})
    assert found["_key"].to_list() == keys
    assert found["in_drop"].to_list() == [key in ours for key in keys]
    assert found["in_remote"].to_list() == [key in theirs for key in keys]
    assert found["fields"].to_list() == [
        changed(ours[key], theirs[key], given) if key in ours and key in theirs else []
        for key in keys
    ]
    decisions = zip(keys, found["decision"], strict=True)
    unchanged = {key for key, decision in decisions if decision == "unchanged"}
    both = {*ours} & {*theirs}
    assert {key for key in both if not changed(ours[key], theirs[key], given)} <= (
        unchanged
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_beside_each_other_are_a_full_join(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - by seed
    ours, theirs = table(chance, "_keep"), table(chance, "_unread")
    found = sides(frame(ours, "_keep"), frame(theirs, "_unread"))
    columns = (
        ("d:", ours, [*frame(ours, "_keep").columns[1:]]),
        ("r:", theirs, [*frame(theirs, "_unread").columns[1:]]),
    )
    assert found.rows(named=True) == [
        {
            "_key": key,
            **{
                prefix + name: side.get(key, {}).get(name)
                for prefix, side, names in columns
                for name in names
            },
            "in_drop": key in ours,
            "in_remote": key in theirs,
        }
        for key in sorted({*ours, *theirs})
    ]
