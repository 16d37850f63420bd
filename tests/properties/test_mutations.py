"""Good drops with known mistakes in them: all of them are found, and nothing else."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.commands import call_cli
from tests.support.defects import DEFECTS, REJECTED, Expected, Outcome
from tests.support.ended import Ended
from tests.support.islands import COLUMNS, Row, Written, family, write

FAMILIES = 1500
"""So many that all mistakes together are no share for which a drop is refused."""

Found = tuple[object, ...]


def expected(outcomes: Sequence[Outcome], written: Written) -> Counter[Found]:
    """The findings as ``check --json`` must print them."""
    return Counter(
        _as_printed(one, outcome, written)
        for outcome in outcomes
        for one in outcome.found
    )


def _as_printed(one: Expected, outcome: Outcome, written: Written) -> Found:
    row = one.row
    if outcome.alike is not None:
        row = max(outcome.alike, key=written.place)
    cause = None
    if one.cause is not None:
        origin, code = one.cause
        if outcome.rivals is not None:
            origin = min(outcome.rivals, key=written.place)
        cause = (*written.place(origin), code)
    column = one.column and written.header(row.table, one.column)
    place = (row.table, *written.place(row), column)
    return (one.code, one.severity, *place, one.value, cause)


def printed(document: Mapping[str, Any]) -> Counter[Found]:
    """The findings that were printed, in the same form."""
    return Counter(_found(one) for one in document["findings"])


def _found(one: Mapping[str, Any]) -> Found:
    cause = one["cause"] and tuple(
        one["cause"][key] for key in ("file", "line", "code")
    )
    names = ("code", "severity", "entity", "file", "line", "column", "value")
    return (*(one[name] for name in names), cause)


def counted(
    rows: Sequence[Row], outcomes: Sequence[Outcome]
) -> Iterator[tuple[str, dict[str, int]]]:
    """The rows of each table as they must be counted."""
    fallen = {
        id(one.row): one.row.table
        for outcome in outcomes
        for one in outcome.found
        if one.severity == REJECTED
    }
    for table in COLUMNS:
        read = sum(row.table == table for row in rows)
        rejected = sum(one == table for one in fallen.values())
        merged = sum(outcome.merged == table for outcome in outcomes)
        yield (
            table,
            {
                "read": read,
                "accepted": read - rejected - merged,
                "merged": merged,
                "rejected": rejected,
            },
        )


def check(names: Sequence[str], seed: int) -> Ended:
    """Spoil one family with each of these mistakes and compare what is found."""
    chance = Random(seed)  # noqa: S311 a seed is what makes a failure repeatable
    families = [family(number) for number in range(1, FAMILIES + 1)]
    spoilt = chance.sample(families, len(names))
    outcomes = [DEFECTS[name](home) for name, home in zip(names, spoilt, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        written = write(families, Path(folder), chance)
        ended = call_cli("check", folder, "--json", folder=Path(folder))
    document = ended.told_well().document
    wanted = expected(outcomes, written)
    found = printed(document)
    assert found == wanted, (found - wanted, wanted - found)
    rows = [row for home in families for row in home.rows]
    for table, counts in counted(rows, outcomes):
        assert document["entities"][table]["rows"] == counts, table
    rejected = any(severity == REJECTED for _, severity, *_ in wanted)
    assert ended.code == (1 if rejected else 0)
    return ended


def test_all_mistakes_at_once_are_found_and_none_is_invented() -> None:
    assert len(DEFECTS) >= 25
    ended = check(list(DEFECTS), seed=1)
    assert ended.document["counts"]["rejected"] > len(DEFECTS)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    names=st.lists(st.sampled_from(sorted(DEFECTS)), max_size=70), seed=st.integers(0)
)
def test_any_mistakes_in_any_form_of_file_are_found_and_none_is_invented(
    names: list[str], seed: int
) -> None:
    check(names, seed)


@pytest.mark.parametrize("seed", [7])
def test_a_drop_without_a_mistake_has_no_findings(seed: int) -> None:
    ended = check([], seed)
    assert (ended.code, ended.document["findings"]) == (0, [])
