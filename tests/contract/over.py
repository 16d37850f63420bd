"""Which kinds a scenario is tried on, and in which form of the suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import pytest

from tests.contract.harness import Can, Harness
from tests.contract.kinds import KINDS

T = TypeVar("T")
SHARE = 3
"""One in so many combinations of a kind and a trouble stands in the short form."""


def able(*needs: Can) -> list[Harness]:
    """The kinds that can all of this."""
    return [one for one in KINDS if one.can.issuperset(needs)]


def over(*needs: Can) -> pytest.MarkDecorator:
    """Every kind that can."""
    found = able(*needs)
    return pytest.mark.parametrize("harness", found, ids=[one.name for one in found])


def briefly(*needs: Can) -> pytest.MarkDecorator:
    """Every kind that can; siblings in the long form only."""
    found = [
        pytest.param(one, id=one.name, marks=[pytest.mark.long] if one.sibling else [])
        for one in able(*needs)
    ]
    return pytest.mark.parametrize("harness", found)


def by_turns(
    name: str,
    cases: Mapping[str, T],
    *needs: Can,
    share: int = SHARE,
    proven: bool = False,
) -> pytest.MarkDecorator:
    """Every kind that can with every case; in the short form each has some, and so have
    siblings in the long one. ``proven``: the fault suite tries all of them on all of
    the five kinds, and more severely."""
    found = [
        pytest.param(
            harness,
            case,
            id=f"{harness.name}-{said}",
            marks=[pytest.mark.long] if harness.sibling or not turn else [],
        )
        for n, harness in enumerate(able(*needs))
        for m, (said, case) in enumerate(cases.items())
        if (turn := (n + m) % share == 0) or not (harness.sibling or proven)
    ]
    return pytest.mark.parametrize(("harness", name), found)
