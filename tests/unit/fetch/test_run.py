from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import polars as pl
import pytest

from sync.errors import LocalError, TargetError
from sync.fetch import SUBJECT, Progress, fetch
from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.model.request import Listing
from sync.targets.base import BARRED, ID, Wants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.fetch.conftest import World

pytestmark = pytest.mark.anyio

WANTS = Wants((Entity.STUDENTS, Entity.AGENTS))
STUDENTS = Listing("students", "api", "/students")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def agents_of(student: str, feeds: tuple[str, ...] = ()) -> Listing:
    return Listing(
        "agents",
        "api",
        f"/students/{student}/agents",
        paged=False,
        subject=student,
        absent=(404,),
        feeds=feeds,
    )


async def read(
    world: World,
    previous: Mapping[str, int] | None = None,
    holders: Mapping[str, frozenset[str]] | None = None,
) -> Mirror:
    async with world.wire() as wire:
        return await fetch(
            world.reader,
            wire,
            WANTS,
            previous=previous,
            holders=holders,
            clock=lambda: NOON,
        )


async def test_lists_are_read_round_by_round_until_there_are_none(
    world: World,
) -> None:
    world.holds(3, "/students")
    world.holds(2, "/students/a/agents")
    world.reader.rounds = [[STUDENTS], [agents_of("a"), agents_of("b")]]
    mirror = await read(world)
    assert world.reader.tables_seen == [
        {},
        {"students": 3},
        {"students": 3, "agents": 2},
    ]
    assert mirror.totals == {Entity.STUDENTS: 3, Entity.AGENTS: 2}
    assert mirror.complete == {Entity.STUDENTS: True, Entity.AGENTS: True}
    assert mirror.read_at == NOON


async def test_what_a_list_leads_to_is_read_before_the_others_of_its_round(
    world: World,
) -> None:
    world.concurrency = 1
    world.holds(3, "/students")
    world.holds(2, "/students/a/agents")
    world.holds(4, "/classes")
    leading = replace(STUDENTS, leads=True)
    classes = Listing("classes", "api", "/classes")
    world.reader.rounds = [[leading, classes], [agents_of("a"), agents_of("b")]]
    mirror = await read(world)
    paths = [each.url.path.removeprefix("/ims/") for each in world.remote.asked]
    assert paths == ["students", "students/a/agents", "students/b/agents", "classes"]
    assert world.reader.tables_seen == [
        {},
        {"students": 3},
        {"students": 3, "classes": 4, "agents": 2},
    ]
    assert mirror.totals == {Entity.STUDENTS: 3, Entity.AGENTS: 2}
    assert list(mirror.tables) == ["students", "classes", "agents"]


async def test_a_list_that_cannot_be_had_leads_nowhere(world: World) -> None:
    barred = replace(STUDENTS, leads=True, barred=(404,))
    world.reader.rounds = [[barred], [agents_of("a")]]
    world.holds(1, "/students/a/agents")
    await read(world)
    # Not shown alone, as what it lists would be: only when the round is over.
    assert world.reader.tables_seen[1] == {"students": 0, BARRED: 1}


async def test_lists_of_single_people_become_one_table_in_their_order(
    world: World,
) -> None:
    subjects = [f"s{n}" for n in range(200)]
    for place, subject in enumerate(subjects):
        world.remote.lists[f"/students/{subject}/agents"] = ["mum", "dad"][: place % 3]
    world.reader.rounds = [[agents_of(subject) for subject in subjects]]
    mirror = await read(world)
    expected = [
        (who, subject)
        for place, subject in enumerate(subjects)
        for who in ["mum", "dad"][: place % 3]
    ]
    assert mirror.frames[Entity.AGENTS].select(ID, SUBJECT).rows() == expected
    assert mirror.complete[Entity.AGENTS]
    assert mirror.pages[Entity.AGENTS] == 200


async def test_only_absent_records_leave_an_empty_table_with_its_columns(
    world: World,
) -> None:
    world.reader.rounds = [[agents_of("a"), agents_of("b")]]
    mirror = await read(world)
    assert mirror.frames[Entity.AGENTS].columns == [ID, SUBJECT]
    assert mirror.frames[Entity.AGENTS].height == 0


async def test_an_entity_is_complete_only_with_every_list_it_rests_on(
    world: World,
) -> None:
    world.holds(5, "/students")
    world.holds(20, "/classes")
    world.remote.largest = 10
    classes = Listing("classes", "api", "/classes", feeds=("agents", "classes"))

    def doubled(_count: int, request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/classes"):
            return None
        items = [{"sourcedId": "c1"}, {"sourcedId": "c1"}]
        return httpx.Response(200, json={"items": items, "total": 2})

    world.remote.odd = doubled
    world.reader.rounds = [[STUDENTS, classes, agents_of("a", ("agents",))]]
    mirror = await read(world)
    assert mirror.complete == {Entity.STUDENTS: True, Entity.AGENTS: False}
    assert any("classes: not proven complete" in note for note in mirror.notes)


async def test_a_list_of_no_named_entity_counts_for_all(world: World) -> None:
    world.holds(5, "/students")
    world.holds(5, "/everything")
    world.remote.lie = 1
    world.reader.rounds = [[Listing("everything", "api", "/everything")]]
    mirror = await read(world)
    assert mirror.complete == {Entity.STUDENTS: False, Entity.AGENTS: False}


async def test_lists_of_people_that_are_all_empty_now_are_not_believed(
    world: World,
) -> None:
    world.remote.totals = False
    for subject in "abc":
        world.holds(0, f"/students/{subject}/agents")
    world.reader.rounds = [[agents_of(subject) for subject in "abc"]]
    assert (await read(world)).complete[Entity.AGENTS]
    world.reader.tables_seen.clear()
    mirror = await read(world, {"agents": 4}, {"agents": frozenset("cz")})
    assert not mirror.complete[Entity.AGENTS]
    world.reader.tables_seen.clear()
    mirror = await read(world, {"agents": 4}, {"agents": frozenset("z")})
    assert mirror.complete[Entity.AGENTS]


async def test_a_list_that_cannot_be_read_ends_the_run_by_its_name(
    world: World,
) -> None:
    world.holds(3, "/students")
    world.reader.rounds = [[STUDENTS, Listing("users", "api", "/nowhere")]]
    with pytest.raises(TargetError, match="the list users does not exist"):
        await read(world)


async def test_progress_counts_records_as_they_arrive(world: World) -> None:
    world.holds(250, "/students")
    world.reader.rounds = [[STUDENTS]]
    told: list[Progress] = []
    async with world.wire() as wire:
        await fetch(world.reader, wire, WANTS, progress=told.append)
    assert max(each.records for each in told) >= 250
    assert {each.label for each in told} == {"students"}


async def test_a_target_that_never_stops_asking_is_a_defect(world: World) -> None:
    world.holds(0, "/students")
    world.reader.rounds = [[STUDENTS]] * 1000
    with pytest.raises(LocalError):
        await read(world)


async def test_a_read_without_any_list_is_an_empty_mirror(world: World) -> None:
    mirror = await read(world)
    assert mirror.frames[Entity.STUDENTS].equals(pl.DataFrame())
    assert mirror.complete == {Entity.STUDENTS: True, Entity.AGENTS: True}
