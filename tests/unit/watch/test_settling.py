from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.watch.look import Inside
from sync.watch.settling import Settling

SETTLE = 10.0


@dataclass(frozen=True)
class One:
    """A drop of one file at one look; ``content`` is what a digest would tell."""

    size: int = 1
    changed: int = 0
    content: str | None = "a"
    waits: str | None = None
    announced: bool = False
    name: str = "night"

    @property
    def inside(self) -> Inside:
        return Inside((("students.csv", self.size, self.changed),))


@dataclass
class Bench:
    """A folder in which looks are made, and what they found complete when."""

    settle: float = SETTLE
    now: Mapping[str, One] = field(default_factory=dict)
    digests: int = 0

    def __post_init__(self) -> None:
        self.settling = Settling(self.settle, self.digest)

    def digest(self, name: str, _: Inside) -> str | None:
        self.digests += 1
        return self.now[name].content

    def look(self, at: float, *seen: One) -> list[str]:
        self.now = {one.name: one for one in seen}
        return [name for name, _ in self.settling.complete(seen, at)]


STILL = One()
LONGER = One(size=2)
LATER = One(changed=1)
FUTURE = One(changed=10**20)
OTHER = One(content="b")
SHUT = One(content=None)
WAITS = One(waits="a file is on its way")
SIGNED = One(announced=True)
GONE = One(name="")
CASES: dict[str, tuple[dict[float, One], float | None]] = {
    # what was seen at these seconds -> when it is complete
    "still": ({0: STILL, 2: STILL, 11: STILL, 12: STILL}, 12),
    "looked at seldom": ({0: STILL, 100: STILL, 200: STILL}, 200),
    "a single look": ({1000: STILL}, None),
    "two looks, far apart": ({0: STILL, 1000: STILL}, None),
    "its time lies in the future": ({0: FUTURE, 2: FUTURE, 12: FUTURE}, 12),
    "it grows": ({n * 2: One(size=n) for n in range(20)}, None),
    "it grew, then stood": (
        {0: STILL, 2: STILL, 9: LONGER, 11: LONGER, 20: LONGER, 21: LONGER},
        21,
    ),
    "it is written anew with the same size": (
        {0: STILL, 2: STILL, 8: LATER, 10: LATER, 19: LATER, 20: LATER},
        20,
    ),
    "its time goes back": (
        {0: LATER, 2: LATER, 11: STILL, 12: STILL, 21: STILL, 22: STILL},
        22,
    ),
    "other bytes, same size and time": (
        {0: STILL, 2: STILL, 12: OTHER, 21: OTHER, 22: OTHER},
        22,
    ),
    "it shrinks": ({0: LONGER, 2: LONGER, 12: STILL}, None),
    "it goes and comes again": (
        {0: STILL, 2: STILL, 11: GONE, 12: STILL, 13: STILL, 22: STILL, 23: STILL},
        23,
    ),
    "part of it is on its way": ({0: WAITS, 2: WAITS, 50: WAITS}, None),
    "what was on its way has come": (
        {0: WAITS, 2: WAITS, 50: STILL, 55: STILL, 60: STILL},
        60,
    ),
    "it cannot be read for a while": (
        {0: SHUT, 2: SHUT, 12: STILL, 13: STILL, 22: STILL},
        22,
    ),
    "it is announced": ({0: SIGNED, 2: SIGNED}, 2),
    "announced while it grows": (
        {n: One(size=n, announced=True) for n in range(9)},
        None,
    ),
    "announced at last": ({0: WAITS, 2: WAITS, 3: SIGNED}, 3),
    "announced and not to be read": (
        {n: One(announced=True, content=None) for n in range(9)},
        None,
    ),
}


@pytest.mark.parametrize(("looks", "when"), CASES.values(), ids=list(CASES))
def test_a_drop_is_complete_when_nothing_changed_for_so_long(
    looks: dict[float, One], when: float | None
) -> None:
    bench = Bench()
    found = [
        at
        for at, one in looks.items()
        if bench.look(at, *([] if one is GONE else [one]))
    ]
    assert found[:1] == ([] if when is None else [when])


def test_each_drop_settles_for_itself_and_is_forgotten_when_it_is_complete() -> None:
    bench = Bench()
    other = One(name="zip")
    assert bench.look(0, STILL) == []
    assert bench.look(2, STILL, other) == []
    assert bench.look(12, STILL, other) == ["night"]
    # As long as it lies there it would settle again.
    assert bench.look(22, STILL, other) == ["zip"]
    assert bench.look(24, STILL) == []
    assert bench.look(34, STILL) == ["night"]


def test_while_nothing_changes_it_is_read_twice_and_while_it_grows_never() -> None:
    bench = Bench()
    for second in range(11):
        bench.look(second, One(size=second))
    assert bench.digests == 0
    for second in range(11, 23):
        bench.look(second, One(size=10))
    assert bench.digests == 2


@pytest.mark.parametrize(
    ("looks", "may"),
    [
        ([], False),
        ([STILL], True),
        ([STILL, STILL], True),
        ([One(size=2), STILL], False),
        ([One(waits="x"), One(waits="x")], False),
        ([STILL, STILL, One(content="b")], False),
    ],
)
def test_a_call_for_once_waits_only_for_what_has_lain_still(
    looks: list[One], may: bool
) -> None:
    bench = Bench(settle=1)
    for at, one in enumerate(looks):
        bench.look(at, one)
    assert bench.settling.may_settle(looks[-1:]) is may


@given(
    gaps=st.lists(st.floats(0.01, 2 * SETTLE), min_size=1, max_size=12),
    sizes=st.lists(st.integers(1, 9), min_size=12, max_size=12),
    period=st.floats(0.3, 5),
    preserved=st.booleans(),
)
def test_whatever_arrives_in_pieces_is_complete_when_no_piece_came_for_so_long(
    gaps: list[float], sizes: list[int], period: float, *, preserved: bool
) -> None:
    """``preserved``: the time of change is that of the source all along."""
    times = list(accumulate(gaps))
    bench = Bench()
    at, found = 0.0, None
    while found is None:
        at += period
        size = sum(size for come, size in zip(times, sizes, strict=False) if come <= at)
        one = One(size, 7 if preserved else size, str(size))
        if bench.look(at, *([one] if size else [])):
            found = at
        assert at <= times[-1] + SETTLE + 3 * period
    assert not [one for one in times if found - SETTLE < one <= found]
    if all(gap < SETTLE for gap in gaps[1:]):
        assert found > times[-1]
