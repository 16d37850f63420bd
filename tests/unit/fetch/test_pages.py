from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import InterruptedRunError, TargetError
from sync.fetch import ListRead, pages, read_list
from sync.fetch.ends import SPARE_PAGES
from sync.model.request import Answer, Listing, Page
from sync.targets.base import ID
from tests.unit.fetch.conftest import Reader

if TYPE_CHECKING:
    from tests.unit.fetch.conftest import Remote, World

pytestmark = pytest.mark.anyio

USERS = Listing("users", "api", "/users", (("sort", "sourcedId"),), limit=100)


async def read(world: World, listing: Listing = USERS) -> ListRead:
    async with world.wire() as wire:
        return await read_list(wire, world.reader, listing)


def ids(read: ListRead) -> list[str]:
    return read.frame[ID].to_list()


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1000, 1001])
@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("largest", [100, 30])
async def test_every_record_is_read_once_and_in_order(
    world: World, count: int, totals: bool, links: bool, largest: int
) -> None:
    world.holds(count)
    world.remote.totals, world.remote.links = totals, links
    world.remote.largest = largest
    got = await read(world)
    assert ids(got) == world.remote.lists["/users"]
    assert got.ended
    assert got.total_first == got.total_last == (count if totals else None)


async def test_pages_are_asked_for_by_the_size_that_the_server_gives(
    world: World,
) -> None:
    world.holds(100)
    world.remote.largest = 30
    got = await read(world)
    assert world.remote.windows == [(0, 100), (29, 100), (58, 30), (87, 30), (0, 1)]
    assert got.effective_limit == 30
    assert got.pages == 4
    assert got.notes == (
        "users: the server gives 30 records a page where 100 were asked for",
    )


async def test_a_list_of_one_page_costs_one_request(world: World) -> None:
    world.holds(100)
    await read(world)
    assert world.remote.windows == [(0, 100)]


async def test_a_page_that_is_suddenly_shorter_loses_nothing(world: World) -> None:
    world.holds(1000)

    def shrink(_remote: object, count: int) -> None:
        world.remote.largest = 100 if count == 1 else 17

    world.remote.after = shrink
    assert ids(await read(world)) == world.remote.lists["/users"]


async def test_one_short_first_page_does_not_make_all_pages_short(
    world: World,
) -> None:
    world.holds(1000)

    def hiccup(_remote: object, count: int) -> None:
        world.remote.largest = 1 if count == 1 else 100

    world.remote.after = hiccup
    got = await read(world)
    assert ids(got) == world.remote.lists["/users"]
    assert got.pages == 12


async def test_records_that_come_behind_the_end_are_read(world: World) -> None:
    world.holds(250)

    def grow(_remote: object, count: int) -> None:
        if count == 3:
            world.remote.lists["/users"] += [f"v{n:03}" for n in range(240)]

    world.remote.after = grow
    world.concurrency = 1
    got = await read(world)
    assert set(ids(got)) == set(world.remote.lists["/users"])
    assert (got.total_first, got.total_last) == (250, 490)


async def test_a_list_without_pages_is_asked_for_as_it_is(world: World) -> None:
    world.holds(30)
    listing = Listing("users", "api", "/users", (("a", "b"),), paged=False)
    assert len(ids(await read(world, listing))) == 30
    assert [str(each.url.query) for each in world.remote.asked] == ["b'a=b'"]


async def test_links_with_an_offset_one_too_high_skip_nobody(world: World) -> None:
    world.holds(250)
    world.remote.totals = False

    def link(_count: int, request: httpx.Request) -> httpx.Response | None:
        offset = int(request.url.params["offset"])
        rows = world.remote.lists["/users"][offset : offset + 100]
        body: dict[str, object] = {"items": [{"sourcedId": row} for row in rows]}
        if offset + 100 < 250:
            body["next"] = f"?limit=100&offset={offset + 101}"
        return httpx.Response(200, json=body)

    world.remote.odd = link
    assert ids(await read(world)) == world.remote.lists["/users"]


async def test_links_with_a_cursor_are_followed_by_their_query(world: World) -> None:
    pages = {None: (["a"], "x1"), "x1": (["b"], "x2"), "x2": (["c"], None)}

    def cursor(_count: int, request: httpx.Request) -> httpx.Response:
        items, after = pages[request.url.params.get("cursor")]
        body: dict[str, object] = {"items": [{"sourcedId": i} for i in items]}
        if after:
            body["next"] = f"https://api.example/ims/users?cursor={after}"
        return httpx.Response(200, json=body)

    world.remote.odd = cursor
    assert ids(await read(world)) == ["a", "b", "c"]
    assert len(world.remote.asked) == 3


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/ims/users?offset=100",
        "//evil.example/ims/users?offset=100",
        "https://api.example@evil.example/ims/users?offset=100",
        "/ims/admin?offset=100",
    ],
)
async def test_a_link_to_another_address_ends_the_read_unfollowed(
    world: World, link: str
) -> None:
    def evil(_count: int, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"items": [{"sourcedId": "a"}], "next": link})

    world.remote.odd = evil
    with pytest.raises(TargetError, match="another address"):
        await read(world)
    assert [each.url.host for each in world.remote.asked] == ["api.example"]


@pytest.mark.parametrize("cycle", [1, 2, 3, 7])
@pytest.mark.parametrize("linked", [True, False])
async def test_paging_in_circles_is_noticed(
    world: World, cycle: int, linked: bool
) -> None:
    def turn(count: int, _request: httpx.Request) -> httpx.Response:
        place = (count - 1) % cycle
        body: dict[str, object] = {"items": [{"sourcedId": f"u{place}"}]}
        if linked:
            body["next"] = f"?cursor={count}"
        return httpx.Response(200, json=body)

    world.remote.odd = turn
    got = await read(world)
    assert not got.ended
    assert len(world.remote.asked) == cycle + 1


async def test_pages_that_bring_nothing_new_end_the_read(world: World) -> None:
    def shuffle(count: int, _request: httpx.Request) -> httpx.Response:
        items = [{"sourcedId": f"u{(count * step) % 40}"} for step in range(1, 6)]
        body = {"items": items, "next": f"?cursor={count}"}
        return httpx.Response(200, json=body)

    world.remote.odd = shuffle
    got = await read(world)
    assert not got.ended
    assert len(world.remote.asked) <= 256


@pytest.mark.parametrize(("gap", "ended"), [(3, False), (99, True)])
async def test_an_empty_page_ends_the_read_and_a_gap_is_no_end(
    world: World, *, gap: int, ended: bool
) -> None:
    def empty(count: int, _request: httpx.Request) -> httpx.Response:
        items = [{"sourcedId": "a"}] if count in {1, gap} else []
        return httpx.Response(200, json={"items": items, "next": f"?cursor={count}"})

    world.remote.odd = empty
    got = await read(world)
    assert ids(got) == ["a"]
    assert len(world.remote.asked) == 3
    assert got.ended is ended


async def test_a_total_that_grows_for_ever_ends_the_read(world: World) -> None:
    def endless(count: int, request: httpx.Request) -> httpx.Response:
        at, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        items = [{"sourcedId": f"u{n}"} for n in range(at, at + limit)]
        return httpx.Response(200, json={"items": items, "total": at + 1000 * count})

    world.remote.odd = endless
    got = await read(world)
    assert len(world.remote.asked) < 8 * SPARE_PAGES
    assert got.total_first != got.total_last


async def test_links_that_go_on_while_the_total_grows_end_the_read(
    world: World,
) -> None:
    def endless(count: int, _request: httpx.Request) -> httpx.Response:
        items = [{"sourcedId": f"u{count}-{n}"} for n in range(10)]
        body = {"items": items, "total": 50 + 20 * count, "next": f"?cursor={count}"}
        return httpx.Response(200, json=body)

    world.remote.odd = endless
    listing = Listing("users", "api", "/users", window=None)
    assert not (await read(world, listing)).ended
    assert len(world.remote.asked) < 3 * SPARE_PAGES


async def test_nothing_behind_an_empty_page_is_asked_for(world: World) -> None:
    world.holds(100)
    world.remote.lie = 10**6
    world.concurrency = 1
    await read(world)
    assert len(world.remote.asked) < 5


@pytest.mark.parametrize("totals", [True, False])
async def test_a_record_that_leaves_while_another_comes_is_noticed(
    world: World, totals: bool
) -> None:
    world.holds(95)
    world.remote.largest = 10
    world.remote.totals = totals
    world.concurrency = 1

    def exchange(remote: Remote, count: int) -> None:
        if count == 5:
            rows = remote.lists["/users"]
            rows.append("v")
            del rows[0]

    world.remote.after = exchange
    assert not (await read(world)).joined


async def test_pages_join_where_a_server_repeats_a_record_of_the_page_before(
    world: World,
) -> None:
    world.holds(95)

    def repeated(_count: int, request: httpx.Request) -> httpx.Response:
        at, rows = int(request.url.params["offset"]), world.remote.lists["/users"]
        items = [{"sourcedId": row} for row in rows[max(0, at - 1) :][:10]]
        return httpx.Response(200, json={"items": items, "total": 95})

    world.remote.odd = repeated
    got = await read(world)
    assert got.joined
    assert ids(got) == world.remote.lists["/users"]


async def test_a_server_that_ignores_the_offset_ends_the_read(world: World) -> None:
    world.holds(300)
    world.remote.totals = False

    def same(_count: int, _request: httpx.Request) -> httpx.Response:
        rows = world.remote.lists["/users"][:100]
        return httpx.Response(200, json={"items": [{"sourcedId": r} for r in rows]})

    world.remote.odd = same
    assert not (await read(world)).ended


async def test_a_total_of_more_records_than_there_can_be_is_no_list(
    world: World,
) -> None:
    world.holds(100)
    world.remote.lie = 10**12
    with pytest.raises(TargetError, match="announces"):
        await read(world)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"users": []}', b'{"items": [', b"[" * 100]
)
async def test_an_unreadable_page_is_asked_for_again(world: World, body: bytes) -> None:
    world.holds(250)

    def broken(count: int, _request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, content=body) if count in {1, 3} else None

    world.remote.odd = broken
    assert ids(await read(world)) == world.remote.lists["/users"]


async def test_a_page_that_stays_unreadable_ends_the_run_naming_the_list(
    world: World,
) -> None:
    world.remote.odd = lambda _, __: httpx.Response(200, content=b"<html>")
    with pytest.raises(TargetError, match="api: the list users came back unreadable"):
        await read(world)
    assert len(world.remote.asked) == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "api: the list users is forbidden .*ask the vendor to grant"),
        (404, "api: the list users does not exist .*address in the configuration"),
        (500, "api: the list users could not be read .*500 boom"),
        (401, "api: the list users could not be read .*401"),
    ],
)
async def test_a_list_that_fails_says_which_and_why(
    world: World, status: int, words: str
) -> None:
    world.remote.odd = lambda _, __: httpx.Response(status, json={"error": "boom"})
    with pytest.raises(TargetError) as caught:
        await read(world)
    assert re.search(words, caught.value.line())


async def test_a_record_that_may_be_absent_is_an_empty_list(world: World) -> None:
    listing = Listing("users", "api", "/gone", paged=False, absent=(404,))
    got = await read(world, listing)
    assert got.frame.height == 0
    assert got.frame.columns == [ID]


async def test_a_halted_wire_ends_the_read_as_interrupted(world: World) -> None:
    world.holds(10)
    async with world.wire() as wire:
        wire.halt("SIGTERM")
        with pytest.raises(InterruptedRunError, match="SIGTERM"):
            await read_list(wire, world.reader, USERS)


async def test_a_large_page_is_decoded_beside_the_other_requests(
    world: World,
) -> None:
    world.holds(1)
    rows = [{"sourcedId": f"u{n}", "name": "x" * 300} for n in range(1000)]
    body = {"items": rows, "total": 1000}
    world.remote.odd = lambda _, __: httpx.Response(200, json=body)
    assert (await read(world)).frame.height == 1000


async def test_the_next_page_is_asked_for_while_one_is_decoded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "IN_THREAD", 0)
    world.holds(1000)
    world.concurrency = 1
    asked_on = threading.Event()
    met: list[bool] = []
    plain = world.reader.read

    class Slow(Reader):
        def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
            if len(world.remote.asked) > 1:
                met.append(asked_on.wait(30))
            return plain(listing, answer)

    def after(_: Remote, count: int) -> None:
        if count > 2:
            asked_on.set()

    world.remote.after = after
    async with world.wire() as wire:
        got = await read_list(wire, Slow(), USERS)
    assert ids(got) == world.remote.lists["/users"]
    assert met
    assert all(met)


async def test_a_halt_amid_unreadable_pages_is_an_interruption(world: World) -> None:
    async with world.wire() as wire:

        def broken(_count: int, _request: httpx.Request) -> httpx.Response:
            wire.halt("SIGTERM")
            return httpx.Response(200, content=b"<html>")

        world.remote.odd = broken
        with pytest.raises(InterruptedRunError, match="SIGTERM"):
            await read_list(wire, world.reader, USERS)


async def test_no_more_pages_are_in_flight_than_the_ceiling(world: World) -> None:
    world.holds(5000)
    world.concurrency = 3
    got = await read(world)
    assert got.pages == 51
    assert ids(got) == world.remote.lists["/users"]


@settings(deadline=None)
@given(
    count=st.integers(0, 400),
    limit=st.integers(1, 120),
    largest=st.integers(1, 120),
    totals=st.booleans(),
    links=st.booleans(),
)
async def test_whatever_the_page_size_nothing_is_lost_or_doubled(  # noqa: PLR0913, PLR0917 - hypothesis names each axis
    new_world: Callable[[], World],
    count: int,
    limit: int,
    largest: int,
    totals: bool,
    links: bool,
) -> None:
    world = new_world()
    world.holds(count)
    world.remote.totals, world.remote.links = totals, links
    world.remote.largest = largest
    got = await read(world, Listing("users", "api", "/users", limit=limit))
    assert ids(got) == world.remote.lists["/users"]


async def test_a_list_that_nobody_answers_for_names_the_host(world: World) -> None:
    def gone(*_: object) -> httpx.Response:
        message = "refused"
        raise httpx.ConnectError(message)

    world.remote.odd = gone
    with pytest.raises(TargetError, match="api: the list users of ") as caught:
        await read(world)
    async with world.wire() as wire:
        assert f" of {wire.host('api')} could not be read (" in caught.value.line()
