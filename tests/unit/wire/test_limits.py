from __future__ import annotations

from bisect import bisect_right
from random import Random
from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import UsageError
from sync.wire.limits import LEAST_MARGIN, LONGEST_MARGIN, Clock, InFlight, Limits, Pace

if TYPE_CHECKING:
    from tests.unit.wire.conftest import Virtual

pytestmark = pytest.mark.anyio


class Time:
    """A clock of which the sleeper alone decides how late it wakes."""

    def __init__(self, late: list[float]) -> None:
        self.now = 0.0
        self.late = late

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + (self.late.pop() if self.late else 0.0)


def most_in_a_second(times: list[float]) -> int:
    ordered = sorted(times)
    return max(bisect_right(ordered, t + 1) - n for n, t in enumerate(ordered))


@settings(deadline=None)
@given(
    rate=st.floats(0.5, 200),
    burst=st.integers(1, 10),
    late=st.lists(st.floats(0, 3), max_size=60),
    pauses=st.dictionaries(st.integers(0, 150), st.floats(0, 5), max_size=3),
)
async def test_no_second_ever_holds_more_than_rate_and_burst(
    rate: float, burst: int, late: list[float], pauses: dict[int, float]
) -> None:
    time = Time(late)
    pace = Pace(Limits(rate, burst), Clock(now=lambda: time.now, sleep=time.sleep))
    left = []
    for n in range(150):
        if n in pauses:
            pace.pause(pauses[n])
        await pace.slot()
        time.now += time.late.pop() / 10 if time.late else 0.0
        await pace.leave()
        left.append(time.now)
    assert most_in_a_second(left) <= rate + burst


async def test_many_senders_together_use_the_whole_rate_and_no_more(
    virtual: Virtual,
) -> None:
    pace = Pace(Limits(50, 5), virtual.clock)
    left: list[float] = []

    async def sender() -> None:
        for _ in range(25):
            await pace.slot()
            await pace.leave()
            left.append(virtual.time)

    async def all_senders() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(sender)

    await virtual.run(all_senders)
    assert most_in_a_second(left) <= 55
    assert left[-1] == pytest.approx(495 / 50, rel=0.02)


async def test_a_pause_holds_back_those_who_wait_already(virtual: Virtual) -> None:
    pace = Pace(Limits(10), virtual.clock)
    left: list[float] = []

    async def sender() -> None:
        await pace.slot()
        left.append(virtual.time)
        if len(left) == 3:
            pace.pause(7)

    async def all_senders() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(sender)

    await virtual.run(all_senders)
    assert left == pytest.approx([0, 0.1, 0.2, 7.2, 7.3, 7.4])


async def test_who_has_a_slot_does_not_leave_in_a_pause() -> None:
    time = Time([])
    pace = Pace(Limits(10), Clock(now=lambda: time.now, sleep=time.sleep))
    assert await pace.slot()
    pace.pause(7)
    assert not await pace.leave()
    assert await pace.slot()
    assert await pace.leave()
    assert time.now >= 7


@settings(deadline=None)
@given(
    rate=st.floats(10, 200),
    burst=st.integers(1, 10),
    share=st.lists(st.floats(0, 1), min_size=150, max_size=150),
)
async def test_requests_may_draw_together_on_the_way_without_passing_the_rate(
    rate: float, burst: int, share: list[float]
) -> None:
    time = Time([])
    pace = Pace(Limits(rate, burst), Clock(now=lambda: time.now, sleep=time.sleep))
    margin = min(LONGEST_MARGIN, burst / rate)
    arrived = []
    for late in share:
        await pace.leave()
        arrived.append(time.now + late * margin)
    assert most_in_a_second(arrived) <= rate + burst


@pytest.mark.parametrize("rate", [150, 250, 500, 1000, 2000])
@pytest.mark.parametrize("burst", [1, 10])
async def test_at_a_high_rate_too_they_may_and_next_to_nothing_of_it_is_lost(
    rate: int, burst: int
) -> None:
    time, chance = Time([]), Random(rate)  # noqa: S311 - by seed
    pace = Pace(Limits(rate, burst), Clock(now=lambda: time.now, sleep=time.sleep))
    arrived = []
    for _ in range(3 * rate):
        await pace.slot()
        await pace.leave()
        arrived.append(time.now + chance.choice((0.0, LEAST_MARGIN)))
    assert most_in_a_second(arrived) <= rate + burst
    assert len(arrived) / time.now >= 0.994 * rate


async def test_a_pause_longer_than_anybody_waits_is_said_at_once() -> None:
    time = Time([])
    pace = Pace(Limits(10), Clock(now=lambda: time.now, sleep=time.sleep))
    pace.pause(3600)
    assert not await pace.slot(300)
    assert time.now == 0.0


async def test_a_server_that_throttles_lowers_the_rate_to_what_it_lets_through() -> (
    None
):
    time = Time([])
    pace = Pace(Limits(100), Clock(now=lambda: time.now, sleep=time.sleep))
    for second in range(6):
        for n in range(int(pace.rate)):
            pace.answered(throttled=n >= 10)
        time.now = second + 1.0
    assert 10 <= pace.rate <= 20
    for _ in range(40):
        time.now += 1.0
        pace.answered(throttled=False)
    assert pace.rate == 100


async def test_rare_throttling_leaves_the_rate_alone() -> None:
    time = Time([])
    pace = Pace(Limits(100), Clock(now=lambda: time.now, sleep=time.sleep))
    for n in range(1000):
        pace.answered(throttled=n % 20 == 0)
        time.now += 0.01
    assert pace.rate == 100


async def test_in_flight_rises_to_the_ceiling_and_no_further() -> None:
    flight = InFlight(ceiling=16)
    for _ in range(100):
        flight.good()
    assert flight.limit == 16


async def test_trouble_halves_once_for_all_that_were_under_way_together() -> None:
    flight = InFlight(ceiling=16)
    for _ in range(16):
        flight.good()
    eras = [await flight.enter() for _ in range(16)]
    for era in eras:
        flight.trouble(era)
    assert flight.limit == 8
    for _ in range(16):
        flight.leave()
    later = await flight.enter()
    flight.trouble(later)
    assert flight.limit == 4


async def test_in_flight_never_falls_below_one_and_rises_slowly_after_trouble() -> None:
    flight = InFlight(ceiling=16)
    for _ in range(10):
        flight.trouble(await flight.enter())
        flight.leave()
    assert flight.limit == 1
    flight.good()
    flight.good()
    flight.good()
    assert flight.limit == 2


async def visit(flight: InFlight) -> None:
    era = None
    try:
        era = await flight.enter()
        await anyio.sleep_forever()
    finally:
        if era is not None:
            flight.leave()


@pytest.mark.parametrize("freed_first", [True, False])
async def test_one_who_gives_up_waiting_takes_no_place_with_him(
    freed_first: bool,
) -> None:
    flight = InFlight(ceiling=1)
    await flight.enter()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visit, flight)
        await anyio.wait_all_tasks_blocked()
        if freed_first:
            flight.leave()
        tasks.cancel_scope.cancel()
    assert flight.now == (0 if freed_first else 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests_per_second": 0},
        {"burst": 0},
        {"concurrency": 0},
        {"timeout": -1.0},
        {"retries": -1},
    ],
)
async def test_limits_that_permit_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Limits(**wrong)
