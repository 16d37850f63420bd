"""Records asked for by name, at servers that understand it, in part, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.errors import InterruptedRunError
from sync.fetch import read_together
from sync.model.request import Among, Listing, Way
from sync.targets.base import ID

if TYPE_CHECKING:
    from tests.unit.fetch.conftest import World

pytestmark = pytest.mark.anyio

EITHER = ("id='", "' OR id='", "'")
IN_LIST, MANY, TWO = (
    Way("id@'", ",", "'", 1000, 300),
    Way(*EITHER, 10, 2000),
    Way(*EITHER, 2, 2000),
)
Server = Callable[[list[str], list[str]], httpx.Response]
"""What it answers, by the identifiers that it holds and those that it is asked for."""


def single(identifier: str, page: int = 50, label: str = "users") -> Listing:
    among = Among(
        identifier, f"/{label}", "filter", (IN_LIST, MANY, TWO), "',", page=page
    )
    path = f"/{label}/{identifier}"
    return Listing(label, "api", path, paged=False, absent=(404,), among=among)


def asked_for(request: httpx.Request) -> tuple[str, list[str]]:
    text = request.url.params["filter"]
    if "@" in text:
        return "@", text[4:-1].split(",")
    return "=", text[4:-1].split("' OR id='")


def answer(found: list[str], total: int | None = None) -> httpx.Response:
    body: dict[str, object] = {"items": [{"sourcedId": one} for one in found]}
    return httpx.Response(200, json=body if total is None else body | {"total": total})


def refusal() -> httpx.Response:
    return httpx.Response(400, json={"error": "invalid_filter_field"})


def honest(world: World, most: int = 1000, *, in_list: bool = True) -> None:
    """A server that takes so many clauses, and a list of values or not."""

    def server(_: int, request: httpx.Request) -> httpx.Response | None:
        held = world.remote.lists[request.url.path.removeprefix("/ims")]
        how, names = asked_for(request)
        if (how == "@" and not in_list) or (how == "=" and len(names) > most):
            return refusal()
        found = [one for one in held if one in names]
        return answer(found, len(found))

    world.remote.odd = server


async def together(world: World, listings: list[Listing]) -> tuple[set[str], list[str]]:
    async with world.wire() as wire:
        found = await read_together(wire, world.reader, listings)
    came = {one for table in found.tables().values() for one in table[ID]}
    rest = [one.path.rpartition("/")[2] for one in found.rest]
    return came, rest


@pytest.mark.parametrize(
    ("in_list", "most", "requests"),
    [(True, 1000, 4), (False, 1000, 1 + 10), (False, 2, 2 + 50), (False, 1, 3)],
)
async def test_the_server_is_asked_for_as_many_as_it_takes(
    world: World, in_list: bool, most: int, requests: int
) -> None:
    world.holds(200)
    names = world.remote.lists["/users"][::2]
    honest(world, most, in_list=in_list)
    came, rest = await together(world, [single(one) for one in names])
    assert came == (set(names) if in_list or most > 1 else set())
    assert rest == ([] if came else names)
    assert len(world.remote.asked) == requests
    for request in world.remote.asked:
        assert len(urlsplit(str(request.url)).query) < 2100


async def test_whom_the_answer_leaves_out_is_still_to_be_read(world: World) -> None:
    world.remote.lists["/users"] = ["a", "b"]
    honest(world)
    assert await together(world, [single(one) for one in "abc"]) == ({"a", "b"}, ["c"])


async def test_a_record_is_asked_for_once_and_one_alone_by_itself(world: World) -> None:
    world.remote.lists |= {"/users": ["a", "b"], "/orgs": ["o"]}
    honest(world)
    twice = replace(single("a"), feeds=("agents",))
    listings = [single("a"), twice, single("b"), single("o", label="orgs")]
    assert await together(world, listings) == ({"a", "b"}, ["o"])
    (request,) = world.remote.asked
    assert asked_for(request)[1] == ["a", "b"]


async def test_an_identifier_that_cannot_be_quoted_is_read_by_itself(
    world: World,
) -> None:
    world.remote.lists["/users"] = ["a", "b", "o'neil", "x,y"]
    honest(world)
    came, rest = await together(
        world, [single(one) for one in ["a", "o'neil", "x,y", "b"]]
    )
    assert (came, rest) == ({"a", "b"}, ["o'neil", "x,y"])


async def test_no_more_are_asked_for_than_a_page_holds(world: World) -> None:
    world.holds(40)
    honest(world)
    names = world.remote.lists["/users"]
    came, _ = await together(world, [single(one, page=7) for one in names])
    assert came == set(names)
    asked = [asked_for(one)[1] for one in world.remote.asked]
    assert max(map(len, asked)) == 7
    assert {one.url.params["limit"] for one in world.remote.asked} <= {"7", "6"}


STRANGE: dict[str, Server] = {
    "pays no heed": lambda held, _: answer(held[:50], len(held)),
    "pays no heed, and tells no total": lambda held, _: answer(held[:50]),
    "shows another besides": lambda held, names: answer([*names, held[-1]]),
    "shows one twice": lambda _, names: answer([names[0], *names]),
    "announces more": lambda _, names: answer(names, len(names) + 1),
    "finds nothing": lambda _held, _names: answer([], 0),
    "finds one": lambda held, _: answer(held[:1], 1),
    "is no list": lambda _held, _names: httpx.Response(200, json={"of": "users"}),
    "is too long": lambda _held, _names: httpx.Response(414),
    "has trouble": lambda _held, _names: httpx.Response(500),
    "may not be asked": lambda _held, _names: httpx.Response(403),
}


@pytest.mark.parametrize("server", STRANGE.values(), ids=STRANGE.keys())
async def test_an_answer_that_is_not_what_was_asked_for_does_not_count(
    world: World, server: Server
) -> None:
    world.holds(100)
    names = world.remote.lists["/users"][1:6]

    def odd(_: int, request: httpx.Request) -> httpx.Response:
        return server(world.remote.lists["/users"], asked_for(request)[1])

    world.remote.odd = odd
    came, rest = await together(world, [single(one) for one in names])
    assert rest == names
    assert not came


async def test_trouble_of_the_server_is_no_reason_to_ask_in_other_words(
    world: World,
) -> None:
    world.holds(4)
    world.remote.odd = lambda _number, _request: httpx.Response(403)
    listings = [single(one) for one in world.remote.lists["/users"]]
    assert (await together(world, listings))[0] == set()
    assert len(world.remote.asked) == 1


async def test_a_halted_wire_ends_the_asking(world: World) -> None:
    world.holds(4)
    honest(world)
    async with world.wire() as wire:
        wire.halt("signal SIGTERM")
        listings = [single(one) for one in world.remote.lists["/users"]]
        with pytest.raises(InterruptedRunError):
            await read_together(wire, world.reader, listings)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    held=st.sets(st.integers(0, 60)),
    wanted=st.lists(st.integers(0, 60), max_size=60, unique=True),
    most=st.integers(1, 12),
    in_list=st.booleans(),
)
async def test_every_record_either_came_or_is_still_to_be_read(
    new_world: Callable[[], World],
    held: set[int],
    wanted: list[int],
    most: int,
    in_list: bool,
) -> None:
    world = new_world()
    world.remote.lists["/users"] = [f"u{one}" for one in sorted(held)]
    honest(world, most, in_list=in_list)
    names = [f"u{one}" for one in wanted]
    came, rest = await together(world, [single(one) for one in names])
    assert sorted([*came, *rest]) == sorted(names)
    assert came <= set(world.remote.lists["/users"])
