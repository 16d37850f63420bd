from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sync.sandbox import SandboxSettings, openedx_cohorts
from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.openedx_store import dump, load
from sync.sandbox.world import World

MATH, GONE = "course-v1:Dist+MATH+2026", "course-v1:Dist+GONE+2026"
NAMES = [f"c{number:02}" for number in range(12)]


@pytest.fixture
def world() -> Iterator[World]:
    made = World(SandboxSettings())
    load(
        made,
        {
            "users": [
                {"username": name, "email": f"{name}@x.example"} for name in "ab"
            ],
            "courses": [{"id": MATH, "cohorts": NAMES}],
        },
    )
    yield made
    made.store.close()


def ask(
    world: World,
    handler: Callable[[World, Call], Reply],
    *values: str,
    query: str = "",
    body: Any = None,
) -> Any:
    headers = [(b"host", b"lms.example"), (b"content-type", b"application/json")]
    text = b"" if body is None else json.dumps(body).encode()
    reply = handler(world, Call("GET", "/x", query, headers, text, values))
    return json.loads(reply.body) if reply.body else reply.status


def refused(world: World, handler: Any, *values: str, **more: Any) -> int:
    with pytest.raises(Refusal) as caught:
        ask(world, handler, *values, **more)
    return caught.value.status


def number(world: World, name: str) -> str:
    rows = ask(world, openedx_cohorts.cohorts, MATH, query="page_size=100")
    return next(str(row["id"]) for row in rows if row["name"] == name)


def test_cohorts_come_as_an_array_whose_end_is_a_404(world: World) -> None:
    pages = [
        ask(world, openedx_cohorts.cohorts, MATH, query=f"page={page}")
        for page in (1, 2)
    ]
    assert [row["name"] for page in pages for row in page] == NAMES
    assert set(pages[0][0]) == {
        *("name", "id", "user_count", "assignment_type"),
        *("user_partition_id", "group_id"),
    }
    for page in ("3", "0", "x"):
        assert (
            refused(world, openedx_cohorts.cohorts, MATH, query=f"page={page}") == 404
        )


def test_a_cohort_is_made_once(world: World) -> None:
    body = {"name": "Plums", "assignment_type": "manual"}
    assert ask(world, openedx_cohorts.make_cohort, MATH, body=body)["name"] == "Plums"
    assert refused(world, openedx_cohorts.make_cohort, MATH, body=body) == 400
    for wrong in ({"name": "x"}, {**body, "assignment_type": "often"}):
        assert refused(world, openedx_cohorts.make_cohort, MATH, body=wrong) == 400
    assert dump(world)["courses"][0]["cohorts"] == [*NAMES, "Plums"]


def test_people_are_told_apart_when_they_are_added(world: World) -> None:
    first, second = number(world, "c00"), number(world, "c01")
    add = openedx_cohorts.add_users
    ask(world, add, MATH, second, body={"users": ["a"]})
    people = ["a@x.example", "b", "new@x.example", "ghost", "a@@x"]
    answer = ask(world, add, MATH, first, body={"users": people})
    assert answer == {
        "success": True,
        "added": [{"username": "b", "email": "b@x.example"}],
        "changed": [
            {"username": "a", "email": "a@x.example", "previous_cohort": "c01"}
        ],
        "present": [],
        "unknown": ["ghost"],
        "preassigned": ["new@x.example"],
        "invalid": ["a@@x"],
    }
    assert ask(world, add, MATH, first, body={"users": ["a"]})["present"] == ["a"]
    users = ask(world, openedx_cohorts.users, MATH, first, query="page_size=1")
    assert (users["count"], users["num_pages"], users["previous"]) == (2, 2, None)
    assert [row["username"] for row in users["results"]] == ["a"]
    assert users["next"] == "http://lms.example/x?page=2&page_size=1"
    assert refused(world, openedx_cohorts.users, MATH, first, query="page=2") == 404
    rows = ask(world, openedx_cohorts.cohorts, MATH)
    assert [row["user_count"] for row in rows[:2]] == [2, 0]


def test_the_users_of_a_cohort_are_a_real_array(world: World) -> None:
    add, key = openedx_cohorts.add_users, number(world, "c00")
    for wrong in ({"users": "a,b"}, {"users": [1]}, {}):
        assert refused(world, add, MATH, key, body=wrong) == 400


def test_somebody_is_taken_out_once(world: World) -> None:
    key = number(world, "c00")
    ask(world, openedx_cohorts.add_users, MATH, key, body={"users": ["a"]})
    remove = openedx_cohorts.remove_user
    assert ask(world, remove, MATH, key, "a") == 204
    assert refused(world, remove, MATH, key, "a") == 400
    assert refused(world, remove, MATH, key, "ghost") == 404
    assert dump(world)["cohort_members"] == []


def test_cohorts_are_switched_on_and_off(world: World) -> None:
    ask(world, openedx_cohorts.set_settings, MATH, body={"is_cohorted": False})
    shown = ask(world, openedx_cohorts.settings, MATH)
    assert shown["is_cohorted"] is False
    wrong = {"is_cohorted": "no"}
    assert refused(world, openedx_cohorts.set_settings, MATH, body=wrong) == 400


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({}, (GONE,)),
        ({}, (MATH, "99")),
        ({}, (MATH, "x")),
        ({"openedx_staff": False}, (MATH,)),
        ({"openedx_barred": [MATH]}, (MATH,)),
    ],
)
def test_what_one_may_not_see_is_not_there(
    world: World, changes: dict[str, Any], values: tuple[str, ...]
) -> None:
    world.configure(changes)
    several = len(values) > 1
    handler = openedx_cohorts.users if several else openedx_cohorts.cohorts
    assert refused(world, handler, *values) == 404
