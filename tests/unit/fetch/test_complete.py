from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.fetch import Whole, read_whole
from sync.fetch.complete import distinct
from sync.model.request import Listing
from sync.targets.base import ID

if TYPE_CHECKING:
    from tests.unit.fetch.conftest import Remote, World

pytestmark = pytest.mark.anyio

USERS = Listing("users", "api", "/users", limit=10)


async def read(
    world: World, previous: int | None = None, listing: Listing = USERS
) -> Whole:
    async with world.wire() as wire:
        return await read_whole(wire, world.reader, listing, previous)


@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize("count", [0, 7, 10, 95])
async def test_a_quiet_list_is_complete_after_one_reading(
    world: World, totals: bool, count: int
) -> None:
    world.holds(count)
    world.remote.totals = totals
    whole = await read(world)
    assert whole.complete
    assert whole.frame.height == count
    assert not whole.notes


def once(change: Callable[[list[str]], None]) -> Callable[[Remote, int], None]:
    def after(remote: Remote, count: int) -> None:
        if count == 4:
            change(remote.lists["/users"])

    return after


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.insert(0, "new"),
        lambda rows: rows.insert(50, "new"),
        lambda rows: rows.append("new"),
        lambda rows: rows.pop(0),
        lambda rows: rows.pop(),
    ],
    ids=["insert first", "insert amid", "append", "remove first", "remove last"],
)
async def test_a_list_that_changes_while_it_is_read_is_read_again(
    world: World, change: Callable[[list[str]], None]
) -> None:
    world.holds(95)
    world.concurrency = 1
    world.remote.after = once(change)
    whole = await read(world)
    assert whole.complete
    assert set(whole.frame[ID]) == set(world.remote.lists["/users"])
    assert any("read again" in note for note in whole.notes)


async def test_a_list_that_never_rests_is_read_three_times_and_not_believed(
    world: World,
) -> None:
    world.holds(95)

    def grow(remote: Remote, count: int) -> None:
        remote.lists["/users"].insert(0, f"new{count}")

    world.remote.after = grow
    whole = await read(world)
    assert not whole.complete
    assert sum("read again" in note for note in whole.notes) == 2
    assert any("not proven complete" in note for note in whole.notes)
    looks = sum(window == (0, 1) for window in world.remote.windows)
    assert looks == 3


@pytest.mark.parametrize("lie", [1, -1, 1000])
async def test_a_total_that_lies_is_not_believed(world: World, lie: int) -> None:
    world.holds(95)
    world.remote.lie = lie
    assert not (await read(world)).complete


async def test_records_that_come_twice_are_one_and_named(world: World) -> None:
    world.holds(30)
    doubled = [*world.remote.lists["/users"][:25], "u000003", "u000004"]

    def page(_count: int, request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        rows = doubled[offset : offset + 10]
        body = {"items": [{"sourcedId": row} for row in rows], "total": 25}
        return httpx.Response(200, json=body)

    world.remote.odd = page
    whole = await read(world)
    assert whole.frame[ID].to_list() == doubled[:25]


async def test_duplicates_that_hide_a_missing_record_are_seen_through(
    world: World,
) -> None:
    rows = [f"u{n:03}" for n in range(29)] + ["u000"]
    world.remote.lists["/users"] = rows
    whole = await read(world)
    assert not whole.complete
    assert "users: 1 records came twice" in whole.notes
    assert any("29 distinct records, 30 announced" in note for note in whole.notes)


async def test_circles_are_not_complete(world: World) -> None:
    def turn(count: int, _request: httpx.Request) -> httpx.Response:
        items = [{"sourcedId": "a"}]
        return httpx.Response(200, json={"items": items, "next": f"?cursor={count}"})

    world.remote.odd = turn
    whole = await read(world)
    assert not whole.complete
    assert any("circles" in note for note in whole.notes)


async def test_an_empty_list_is_believed_after_a_second_different_request(
    world: World,
) -> None:
    world.holds(0)
    whole = await read(world, previous=500)
    assert whole.complete
    assert world.remote.windows == [(0, 10), (0, 5)]


async def test_an_empty_list_that_was_a_slip_is_read_again(world: World) -> None:
    world.holds(25)

    def slip(count: int, _request: httpx.Request) -> httpx.Response | None:
        empty = {"items": [], "total": 0}
        return httpx.Response(200, json=empty) if count == 1 else None

    world.remote.odd = slip
    whole = await read(world, previous=500)
    assert whole.complete
    assert whole.frame.height == 25


@pytest.mark.parametrize("paged", [True, False])
async def test_an_empty_list_without_a_total_is_not_believed(
    world: World, paged: bool
) -> None:
    world.holds(0)
    world.remote.totals = False
    listing = Listing("users", "api", "/users", paged=paged)
    assert not (await read(world, 500, listing)).complete
    assert len(world.remote.asked) == 2


async def test_an_empty_list_that_was_empty_before_is_believed_at_once(
    world: World,
) -> None:
    world.holds(0)
    assert (await read(world, previous=0)).complete
    assert len(world.remote.asked) == 1


async def test_records_without_an_identifier_are_all_kept() -> None:
    frame = pl.DataFrame({ID: ["a", None, "a", None], "n": [1, 2, 3, 4]})
    assert distinct(frame)["n"].to_list() == [1, 2, 4]


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), rate=st.floats(0, 0.5))
async def test_what_counts_as_complete_held_every_record_that_stayed(
    new_world: Callable[[], World], seed: int, rate: float
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed makes failures repeatable
    world = new_world()
    world.holds(60)
    stayed = set(world.remote.lists["/users"])

    def drift(remote: Remote, count: int) -> None:
        rows = remote.lists["/users"]
        if chance.random() < rate:
            rows.insert(chance.randrange(len(rows) + 1), f"new{count}")
        if chance.random() < rate:
            stayed.discard(rows.pop(chance.randrange(len(rows))))

    world.remote.after = drift
    whole = await read(world)
    if whole.complete:
        assert stayed <= set(whole.frame[ID])
