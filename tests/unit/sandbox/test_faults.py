from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.sandbox.faults import (
    AFTER_KINDS,
    BEFORE_KINDS,
    Faults,
    FaultSpecError,
    parse_faults,
)

KINDS = st.sampled_from(sorted(AFTER_KINDS | BEFORE_KINDS))


@pytest.mark.parametrize(
    ("spec", "shares"),
    [
        ("", {}),
        ("429=0.05,500=0.02", {"429": 0.05, "500": 0.02}),
        (" drop = 1 , ", {"drop": 1.0}),
        ({"lost": 0.5}, {"lost": 0.5}),
        ({}, {}),
    ],
)
def test_a_spec_is_read_as_shares(spec: Any, shares: dict[str, float]) -> None:
    assert parse_faults(spec) == shares


@pytest.mark.parametrize(
    "spec",
    [
        "418=0.1",
        "429",
        "429=often",
        "429=-0.1",
        "429=1.1",
        "429=nan",
        "429=0.6,500=0.6",
        {"fire": 0.1},
        {"drop": None},
        0.5,
    ],
)
def test_a_spec_that_cannot_be_is_refused(spec: Any) -> None:
    with pytest.raises(FaultSpecError):
        parse_faults(spec)


@given(seed=st.integers(), number=st.integers(1), kind=KINDS)
def test_the_same_request_meets_the_same_fault(
    seed: int, number: int, kind: str
) -> None:
    shares = {kind: 0.5}
    first, again = Faults(shares, seed), Faults(dict(shares), seed)
    assert first.draw(number) == again.draw(number)
    assert Faults({kind: 1.0}, seed).draw(number) == kind
    assert Faults({}, seed).draw(number) is None


def test_faults_come_about_as_often_as_told() -> None:
    faults = Faults({"429": 0.1, "drop": 0.3}, seed=7)
    drawn = [faults.draw(number) for number in range(5000)]
    assert 400 < drawn.count("429") < 600
    assert 1350 < drawn.count("drop") < 1650
