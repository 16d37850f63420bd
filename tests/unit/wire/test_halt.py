from __future__ import annotations

import time

import anyio
import pytest

from sync.wire.halt import Halt
from sync.wire.limits import Clock, Deadline

pytestmark = pytest.mark.anyio

LONG = 3600.0


async def test_a_stop_ends_every_wait_and_keeps_its_first_reason() -> None:
    halt = Halt(Clock())
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(halt.sleep, LONG)
            await anyio.wait_all_tasks_blocked()
            halt.now("SIGTERM")
    halt.now("SIGINT")
    assert halt.reason == "SIGTERM"
    assert halt.check()


async def test_no_wait_goes_beyond_the_deadline() -> None:
    halt = Halt(Clock(), Deadline(time.monotonic() + 0.05))
    with anyio.fail_after(5):
        with halt.waiting():
            await anyio.sleep_forever()
        await halt.sleep(LONG)
    assert halt.reason == "the deadline has come"


async def test_after_a_stop_nothing_waits_at_all() -> None:
    halt = Halt(Clock())
    halt.now("SIGTERM")
    went_on = False
    with halt.waiting():
        await anyio.lowlevel.checkpoint()
        went_on = True
    assert not went_on


async def test_what_is_under_way_ends_some_seconds_after_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sync.wire.halt.DRAIN_SECONDS", 0.02)
    halt = Halt(Clock(), Deadline(time.monotonic() + 0.02))
    with anyio.fail_after(5), halt.flying(LONG):
        await anyio.sleep_forever()
    assert halt.check()


async def test_a_cancellation_from_outside_is_not_swallowed() -> None:
    halt = Halt(Clock())
    went_on = False
    with anyio.CancelScope() as outer:
        outer.cancel()
        with halt.waiting():
            await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        went_on = True
    assert not went_on
    assert halt.reason is None
