"""Every sum of the report holds, or is named."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.report import PARTS, Account, balance, equations

Counts = dict[str, dict[str, dict[str, int]]]
_SMALL = st.integers(min_value=0, max_value=10**7)


@st.composite
def balanced_counts(draw: st.DrawFn) -> Counts:
    entities = draw(st.sets(st.sampled_from(["students", "users", "agents"])))
    return {entity: _sections(draw) for entity in sorted(entities)}


def _sections(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    sections = {
        section: {name: draw(_SMALL) for name in names}
        for section, names in PARTS.items()
    }
    sections["rows"]["accepted"] = sum(sections["diff"].values())
    for section in ("rows", "remote", "operations"):
        whole, *others = PARTS[section]
        sections[section][whole] = sum(sections[section][name] for name in others)
    return sections


@settings(deadline=None)
@given(balanced_counts())
def test_counts_that_add_up_are_balanced(
    make_account: Callable[..., Account], counts: Counts
) -> None:
    assert balance(make_account(entities=counts)) == []


@settings(deadline=None)
@given(balanced_counts().filter(bool), st.data())
def test_any_single_change_unbalances_and_is_named(
    make_account: Callable[..., Account], counts: Counts, data: st.DataObject
) -> None:
    changed = copy.deepcopy(counts)
    entity = data.draw(st.sampled_from(sorted(counts)))
    section = data.draw(st.sampled_from(sorted(PARTS)))
    part = data.draw(st.sampled_from(PARTS[section]))
    by = data.draw(st.integers(min_value=-5, max_value=5).filter(bool))
    changed[entity][section][part] += by

    broken = balance(make_account(entities=changed))

    assert broken
    assert all(sentence.startswith(f"{entity}: ") for sentence in broken)


def test_a_sum_that_does_not_hold_says_its_numbers(
    make_account: Callable[..., Account],
) -> None:
    rows = {"read": 1_000, "accepted": 990, "merged": 1, "rejected": 8}

    broken = balance(make_account(entities={"users": {"rows": rows}}))

    assert broken == [
        "users: rows read 1,000 is not accepted 990 + merged 1 + rejected 8"
    ]


def test_a_negative_part_does_not_hold_although_it_adds_up(
    make_account: Callable[..., Account],
) -> None:
    rows = {"read": 1, "accepted": 2, "merged": 0, "rejected": -1}

    assert len(balance(make_account(entities={"users": {"rows": rows}}))) == 1


def test_a_count_under_an_unknown_name_is_named(
    make_account: Callable[..., Account],
) -> None:
    rows = {"read": 1, "accepted": 1, "merged": 0, "rejected": 0, "lost": 3}

    assert balance(make_account(entities={"users": {"rows": rows}})) == [
        "users: rows has a part that no sum knows, lost"
    ]


@pytest.mark.parametrize(
    ("sections", "names"),
    [
        ({}, []),
        ({"rows": {}}, ["rows read"]),
        ({"diff": {}}, []),
        ({"rows": {}, "diff": {}}, ["rows read", "rows accepted"]),
        ({"remote": {}, "operations": {}}, ["remote total", "operations planned"]),
    ],
)
def test_only_sums_of_sections_that_the_run_reached_are_judged(
    make_account: Callable[..., Account],
    sections: dict[str, dict[str, int]],
    names: list[str],
) -> None:
    found = equations(make_account(entities={"users": sections}))

    assert [equation.name for equation in found] == names
