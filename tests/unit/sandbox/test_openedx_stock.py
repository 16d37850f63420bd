from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sync.sandbox import SandboxSettings
from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.openedx_stock import STOCK, stock_list
from sync.sandbox.openedx_store import load
from sync.sandbox.world import World

MATH, ART = "course-v1:Dist+MATH+2026", "course-v1:Dist+ART+2026"
PEOPLE = [f"p{number}" for number in range(7)]


@pytest.fixture
def world() -> Iterator[World]:
    made = World(SandboxSettings(openedx_page_size=3))
    load(
        made,
        {
            "users": [{"username": p, "email": f"{p}@x.example"} for p in PEOPLE],
            "courses": [{"id": MATH}, {"id": ART}],
            "enrollments": [
                {
                    "username": person,
                    "course_id": MATH,
                    "is_active": place > 0,
                    # Two at one time, so that the order needs more than the time.
                    "created": f"2026-01-0{1 + place // 2} 07:30",
                }
                for place, person in enumerate(PEOPLE)
            ],
        },
    )
    yield made
    made.store.close()


def ask(world: World, query: str = "") -> Reply:
    headers = [(b"host", b"lms.example")]
    reply = stock_list(world, Call("GET", STOCK, query, headers, b""))
    assert isinstance(reply, Reply)
    return reply


def follow(world: World, query: str = "") -> list[list[str]]:
    pages, link = [], f"?{query}"
    while link:
        body = json.loads(ask(world, urlsplit(link).query).body)
        pages.append([row["user"] for row in body["results"]])
        link = body["next"]
    return pages


@pytest.mark.parametrize("paging", ["cursor", "page", "numbers"])
def test_every_generation_is_followed_from_the_newest_to_the_oldest(
    world: World, paging: str
) -> None:
    world.configure({"openedx_paging": paging})
    assert follow(world) == [["p6", "p5", "p4"], ["p3", "p2", "p1"], ["p0"]]


@pytest.mark.parametrize("paging", ["cursor", "page"])
def test_rows_that_come_while_reading_do_not_shift_a_cursor(
    world: World, paging: str
) -> None:
    world.configure({"openedx_paging": paging})
    body = json.loads(ask(world).body)
    new = {"username": "p0", "course_id": ART, "created": "2026-12-01 07:30"}
    load(world, {"enrollments": [new]})
    following = json.loads(ask(world, urlsplit(body["next"]).query).body)
    assert [row["user"] for row in following["results"]] == ["p3", "p2", "p1"]


def test_a_row_has_no_address_and_ended_ones_are_among_them(world: World) -> None:
    body = json.loads(ask(world, "username=p0").body)
    assert body["results"] == [
        {
            "created": "2026-01-01T07:30:00Z",
            "mode": "audit",
            "is_active": False,
            "user": "p0",
            "course_id": MATH,
        }
    ]


def test_the_newest_has_an_envelope(world: World) -> None:
    body = json.loads(ask(world, "page=2").body)
    body.pop("results")
    assert body == {
        "count": 7,
        "num_pages": 3,
        "current_page": 2,
        "start": 3,
        "next": f"http://lms.example{STOCK}?page=3",
        "previous": f"http://lms.example{STOCK}?page=1",
    }
    world.configure({"totals": False})
    assert not {"count", "num_pages"} & json.loads(ask(world).body).keys()


@pytest.mark.parametrize(
    ("paging", "query", "expected"),
    [
        ("numbers", {"username": "p1,p2,none"}, ["p2", "p1"]),
        ("numbers", {"email": "p1@x.example"}, ["p1"]),
        ("numbers", {"course_id": ART}, []),
        ("numbers", {"course_ids": f"{ART},{MATH}", "username": "p3"}, ["p3"]),
        ("numbers", {"course_key": MATH, "course_id": ART, "username": "p3"}, ["p3"]),
        ("numbers", {"course_keys": ART}, []),
        ("cursor", {"username": "p1"}, ["p1"]),
        ("cursor", {"course_id": ART}, []),
        # Old releases pass over what they do not know.
        ("cursor", {"course_key": ART, "username": "p3"}, ["p3"]),
        ("page", {"email": "none@x.example", "username": "p3"}, ["p3"]),
    ],
)
def test_filters_are_those_of_the_release(
    world: World, paging: str, query: dict[str, str], expected: list[str]
) -> None:
    world.configure({"openedx_paging": paging})
    body = json.loads(ask(world, urlencode(query)).body)
    assert [row["user"] for row in body["results"]] == expected


@pytest.mark.parametrize(
    ("query", "deprecated"),
    [({"course_id": MATH}, True), ({"course_key": MATH}, False)],
)
def test_old_names_of_filters_are_called_deprecated(
    world: World, query: dict[str, str], deprecated: bool
) -> None:
    names = dict(ask(world, urlencode(query)).headers)
    assert (b"deprecation" in names) is deprecated


@pytest.mark.parametrize(
    ("paging", "query", "status"),
    [
        ("numbers", {"course_id": "MATH"}, 400),
        ("numbers", {"course_ids": f"{MATH},MATH"}, 400),
        ("numbers", {"username": ",".join(["p"] * 101)}, 400),
        ("numbers", {"page": "9"}, 404),
        ("numbers", {"page": "last"}, 404),
        ("cursor", {"cursor": "2"}, 404),
        ("page", {"page": "2"}, 404),
    ],
)
def test_wrong_filters_and_pages_are_refused(
    world: World, paging: str, query: dict[str, str], status: int
) -> None:
    world.configure({"openedx_paging": paging})
    with pytest.raises(Refusal) as caught:
        ask(world, urlencode(query))
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("paging", "size", "first"),
    [("numbers", "2", 2), ("numbers", "1000", 7), ("page", "2", 2), ("cursor", "2", 3)],
)
def test_the_size_of_a_page_is_a_matter_of_the_release(
    world: World, paging: str, size: str, first: int
) -> None:
    world.configure({"openedx_paging": paging})
    pages = follow(world, f"page_size={size}")
    assert len(pages[0]) == first
    assert sum(len(page) for page in pages) == 7


def test_pages_of_numbers_may_overlap(world: World) -> None:
    world.configure({"duplicate_rows": True})
    first, second, third = follow(world)
    assert (second[0], third[0]) == (first[-1], second[-1])
    assert [*first, *second[1:], *third[1:]] == PEOPLE[::-1]


@pytest.mark.parametrize(
    ("changes", "query", "status"),
    [
        ({"openedx_staff": False}, {}, 403),
        ({"openedx_list_refused": [MATH]}, {"course_key": MATH}, 403),
    ],
)
def test_lists_are_for_those_who_may_see(
    world: World, changes: dict[str, Any], query: dict[str, str], status: int
) -> None:
    world.configure(changes)
    with pytest.raises(Refusal) as caught:
        ask(world, urlencode(query))
    assert caught.value.status == status
