"""Lists by realm, lists without windows, and lists of changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import polars as pl
import pytest

from sync.errors import TargetError
from sync.fetch import fetch
from sync.model.entities import Entity
from sync.model.request import Listing
from sync.targets.base import BARRED, ID, Wants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.model.mirror import Mirror
    from tests.unit.fetch.conftest import World

pytestmark = pytest.mark.anyio

WANTS = Wants((Entity.ENROLLMENTS,))
CHANGES = Listing("enrollments", "api", "/enrollments", delta=True)


def section(name: str) -> Listing:
    path = f"/sections/{name}/enrollments"
    return Listing("enrollments", "api", path, subject=name, barred=(403, 404))


async def read(
    world: World,
    previous: Mapping[str, int] | None = None,
    base: Mapping[str, pl.DataFrame] | None = None,
) -> Mirror:
    async with world.wire() as wire:
        return await fetch(world.reader, wire, WANTS, previous=previous, base=base)


def refusing(world: World, *sections: str, status: int = 403) -> None:
    def odd(_: int, request: httpx.Request) -> httpx.Response | None:
        refused = any(f"/{name}/" in request.url.path for name in sections)
        return httpx.Response(status, json={}) if refused else None

    world.remote.odd = odd


@pytest.mark.parametrize("status", [403, 404])
async def test_a_realm_that_cannot_be_had_leaves_the_others(
    world: World, status: int
) -> None:
    world.holds(2, "/sections/a/enrollments")
    refusing(world, "b", status=status)
    seen: dict[str, pl.DataFrame] = {}

    def look(tables: Mapping[str, pl.DataFrame]) -> None:
        seen.update(tables)

    world.reader.rounds = [[section("a"), section("b")]]
    world.reader.look = look
    mirror = await read(world)
    assert mirror.totals == {Entity.ENROLLMENTS: 2}
    assert seen[BARRED].rows() == [("enrollments", "b", str(status))]
    assert any("of b cannot be read" in note for note in mirror.notes)


async def test_realms_that_are_all_forbidden_fail_the_read(world: World) -> None:
    refusing(world, "a", "b")
    world.reader.rounds = [[section("a"), section("b")]]
    with pytest.raises(TargetError, match="is forbidden"):
        await read(world)


async def test_realms_that_are_all_gone_are_no_lack_of_permission(world: World) -> None:
    refusing(world, "a", status=404)
    world.reader.rounds = [[section("a")]]
    assert (await read(world)).totals == {Entity.ENROLLMENTS: 0}


@pytest.mark.parametrize(("held", "complete"), [(3, False), (0, True)])
async def test_a_realm_that_comes_empty_is_asked_again(
    world: World, held: int, complete: bool
) -> None:
    world.remote.totals = False
    world.holds(0, "/sections/a/enrollments")
    world.reader.rounds = [[section("a")]]
    mirror = await read(world, previous={"enrollments/a": held})
    assert mirror.complete == {Entity.ENROLLMENTS: complete}


async def test_a_page_is_asked_for_in_the_words_of_the_system(world: World) -> None:
    world.holds(3, "/users")
    listing = Listing("users", "api", "/users", window=("limit", "start"), limit=2)
    world.reader.rounds = [[replace(listing, label="enrollments")]]
    await read(world)
    assert dict(world.remote.asked[0].url.params) == {"limit": "2", "start": "0"}


async def test_without_a_window_only_next_links_are_followed(world: World) -> None:
    world.holds(5, "/enrollments")
    world.remote.links, world.remote.largest, world.remote.totals = True, 2, False
    listing = Listing(
        "enrollments", "api", "/enrollments", query=(("course", "x"),), window=None
    )
    world.reader.rounds = [[listing]]
    mirror = await read(world)
    assert mirror.totals == {Entity.ENROLLMENTS: 5}
    asked = [dict(request.url.params) for request in world.remote.asked]
    assert asked == [{"course": "x"}, {"offset": "2"}, {"offset": "4"}]


async def test_changes_are_laid_over_what_was_known(world: World) -> None:
    world.remote.lists["/enrollments"] = ["b", "c"]
    world.reader.rounds = [[CHANGES]]
    known = pl.DataFrame({ID: ["a", "b"], "role": ["student", "student"]})
    mirror = await read(world, previous={"enrollments": 2}, base={"enrollments": known})
    frame = mirror.frames[Entity.ENROLLMENTS]
    assert frame.rows() == [("a", "student"), ("b", None), ("c", None)]


async def test_no_changes_are_no_empty_list(world: World) -> None:
    world.holds(0, "/enrollments")
    world.reader.rounds = [[CHANGES]]
    known = pl.DataFrame({ID: ["a"]})
    mirror = await read(world, previous={"enrollments": 1}, base={"enrollments": known})
    assert mirror.complete == {Entity.ENROLLMENTS: True}
    assert mirror.totals == {Entity.ENROLLMENTS: 1}
