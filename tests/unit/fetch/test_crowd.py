from __future__ import annotations

import anyio
import pytest

from sync.errors import TargetError
from sync.fetch.crowd import in_crowd

pytestmark = pytest.mark.anyio


async def test_results_come_in_the_order_of_the_things() -> None:
    async def work(thing: int) -> int:
        for _ in range(10 - thing):
            await anyio.lowlevel.checkpoint()
        return thing * 2

    assert await in_crowd(range(10), work, 4) == [n * 2 for n in range(10)]


async def test_never_more_work_at_once_than_the_width() -> None:
    now, most = 0, 0

    async def work(_: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await anyio.lowlevel.checkpoint()
        now -= 1

    await in_crowd(range(50), work, 3)
    assert most == 3


async def test_the_first_error_ends_the_others_and_comes_bare() -> None:
    done: list[int] = []

    async def work(thing: int) -> None:
        if thing == 0:
            message = "the list users"
            raise TargetError(message)
        await anyio.sleep_forever()
        done.append(thing)

    async def outer(_: int) -> None:
        await in_crowd(range(5), work, 5)

    with pytest.raises(TargetError, match="the list users"):
        await in_crowd(range(2), outer, 2)
    assert not done


async def test_nothing_to_do_is_done_at_once() -> None:
    async def work(_: int) -> int:
        raise AssertionError

    assert await in_crowd((), work, 3) == []
