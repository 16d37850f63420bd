from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.state import together
from sync.state.together import Together


class Disk:
    """Keeps what is committed, commit by commit."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.threads: set[int] = set()

    def commit(self, calls: Sequence[str]) -> bool:
        self.commits.append(list(calls))
        self.threads.add(threading.get_ident())
        return "refused" not in calls


class Gate(Disk):
    """Waits in its first commit until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.open = threading.Event(), threading.Event()

    def commit(self, calls: Sequence[str]) -> bool:
        self.entered.set()
        self.open.wait()
        return super().commit(calls)


async def write(one: Together[str], call: str, heard: dict[str, bool]) -> None:
    heard[call] = await one.write(call)


def told(disk: Disk, calls: Sequence[str]) -> dict[str, bool]:
    """Of each call whether it was written, all of them made at once."""
    heard: dict[str, bool] = {}
    one: Together[str] = Together(disk.commit)

    async def story() -> None:
        async with anyio.create_task_group() as group:
            for call in calls:
                group.start_soon(write, one, call, heard)

    anyio.run(story)
    one.close()
    return heard


def test_calls_that_are_made_at_once_are_one_commit_in_their_order() -> None:
    disk = Disk()
    assert told(disk, ["a", "b", "c"]) == {"a": True, "b": True, "c": True}
    assert disk.commits == [["a", "b", "c"]]


def test_what_a_commit_refuses_is_told_to_all_that_it_holds() -> None:
    disk = Disk()
    assert told(disk, ["a", "refused"]) == {"a": False, "refused": False}


def test_a_commit_holds_no_more_calls_than_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(together, "MOST", 4)
    disk, calls = Disk(), [str(number) for number in range(11)]
    assert told(disk, calls) == dict.fromkeys(calls, True)
    assert [len(commit) for commit in disk.commits] == [4, 4, 3]


def test_who_is_released_comes_along_with_the_next_commit() -> None:
    disk = Gate()
    one: Together[str] = Together(disk.commit)
    heard: dict[str, bool] = {}

    async def twice(first: str, second: str) -> None:
        await write(one, first, heard)
        await write(one, second, heard)

    async def story() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(twice, "a", "a again")
            await anyio.to_thread.run_sync(disk.entered.wait)
            group.start_soon(write, one, "b", heard)
            await anyio.wait_all_tasks_blocked()
            disk.open.set()

    anyio.run(story)
    one.close()
    assert disk.commits == [["a"], ["b", "a again"]]


def test_nobody_goes_on_before_the_commit_is_through() -> None:
    disk = Gate()
    one: Together[str] = Together(disk.commit)
    heard: dict[str, bool] = {}

    async def story() -> None:
        async with anyio.create_task_group() as group:
            for call in ("a", "b"):
                group.start_soon(write, one, call, heard)
            await anyio.to_thread.run_sync(disk.entered.wait)
            await anyio.wait_all_tasks_blocked()
            assert not heard
            disk.open.set()

    anyio.run(story)
    one.close()
    assert heard == {"a": True, "b": True}


@pytest.mark.parametrize("cancelled", ["a", "b"])
def test_a_call_that_is_cancelled_within_a_commit_is_in_it_and_holds_nobody_up(
    cancelled: str,
) -> None:
    """Of the one that leads, and of one that came along."""
    disk = Gate()
    one: Together[str] = Together(disk.commit)
    heard: dict[str, bool] = {}

    async def within(scope: anyio.CancelScope, call: str) -> None:
        with scope:
            await write(one, call, heard)

    async def story() -> None:
        scopes = {call: anyio.CancelScope() for call in ("a", "b", "c")}
        async with anyio.create_task_group() as group:
            for call, scope in scopes.items():
                group.start_soon(within, scope, call)
            await anyio.to_thread.run_sync(disk.entered.wait)
            scopes[cancelled].cancel()
            await anyio.wait_all_tasks_blocked()
            disk.open.set()

    anyio.run(story)
    one.close()
    assert disk.commits == [["a", "b", "c"]]
    assert {"a", "b", "c"} - {cancelled} <= heard.keys()


def test_a_task_that_is_cancelled_already_writes_nothing() -> None:
    disk = Disk()
    one: Together[str] = Together(disk.commit)

    async def story() -> None:
        with anyio.move_on_after(0):
            await one.write("a")

    anyio.run(story)
    one.close()
    assert disk.commits == []


def broken(_: Sequence[str]) -> bool:
    message = "a defect"
    raise ZeroDivisionError(message)


def test_what_a_commit_raises_is_raised_once_and_the_others_hear_no() -> None:
    one: Together[str] = Together(broken)
    heard: dict[str, bool] = {}

    async def story() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fails)
            group.start_soon(write, one, "b", heard)

    async def fails() -> None:
        with pytest.raises(ZeroDivisionError):
            await one.write("a")

    for _ in range(2):  # the thread is there still
        anyio.run(story)
    one.close()
    assert heard == {"b": False}


def test_a_loop_that_ends_before_its_commit_leaves_nobody_waiting() -> None:
    """As when a second interrupt ends the loop itself."""
    disk = Gate()
    one: Together[str] = Together(disk.commit)

    async def story() -> list[BaseException | bool]:
        first = asyncio.create_task(one.write("a"))
        await anyio.to_thread.run_sync(disk.entered.wait)
        rest = [asyncio.create_task(one.write(call)) for call in "bc"]
        await anyio.wait_all_tasks_blocked()
        rest[0].cancel()
        told = await asyncio.gather(*rest, return_exceptions=True)
        disk.open.set()
        assert await first
        assert await one.write("d")
        return told

    left, came_along = asyncio.run(story())
    one.close()
    assert isinstance(left, asyncio.CancelledError)
    assert came_along is False
    assert disk.commits == [["a"], ["d"]]


def test_one_thread_makes_all_commits_and_ends_with_the_last() -> None:
    disk = Disk()
    one: Together[str] = Together(disk.commit)
    before = set(threading.enumerate())
    for call in ("a", "b"):
        assert anyio.run(one.write, call)
    (thread,) = {one for one in threading.enumerate() if one.ident in disk.threads}
    assert thread not in before
    one.close()
    one.close()
    assert not thread.is_alive()
    assert disk.commits == [["a"], ["b"]]


@given(st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=6))
@settings(max_examples=40, deadline=None)
def test_every_call_is_in_one_commit_and_a_task_s_calls_are_in_order(
    tasks: list[list[int]],
) -> None:
    disk = Disk()
    one: Together[str] = Together(disk.commit)

    async def task(name: int, pauses: Sequence[int]) -> None:
        for step, pause in enumerate(pauses):
            for _ in range(pause):
                await anyio.lowlevel.checkpoint()
            assert await one.write(f"{name}.{step}")

    async def story() -> None:
        async with anyio.create_task_group() as group:
            for name, pauses in enumerate(tasks):
                group.start_soon(task, name, pauses)

    anyio.run(story)
    one.close()
    found = [call for commit in disk.commits for call in commit]
    for name, pauses in enumerate(tasks):
        mine = [call for call in found if call.startswith(f"{name}.")]
        assert mine == [f"{name}.{step}" for step in range(len(pauses))]
    assert len(found) == sum(map(len, tasks))
