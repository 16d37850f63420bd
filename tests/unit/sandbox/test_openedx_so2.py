from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from sync.sandbox import SandboxSettings
from sync.sandbox.exchange import Call, Refusal
from sync.sandbox.openedx_so2 import SO2, so2_list
from sync.sandbox.openedx_store import load
from sync.sandbox.world import World

MATH, ART = "course-v1:Dist+MATH+2026", "course-v1:Dist+ART+2026"
HEADERS = [
    (b"host", b"lms.example"),
    (b"content-type", b"application/json"),
    (b"access-control-request-headers", b"authorization"),
]
PEOPLE = ("ada", "bo", "cy")


@pytest.fixture
def world() -> Iterator[World]:
    made = World(SandboxSettings())
    load(
        made,
        {
            "users": [
                {"username": name, "email": f"{name}@school.example"} for name in PEOPLE
            ],
            "courses": [{"id": MATH}, {"id": ART}],
            "enrollments": [
                {"username": name, "course_id": key, "is_active": name != "cy"}
                for key in (MATH, ART)
                for name in PEOPLE
            ],
        },
    )
    yield made
    made.store.close()


def ask(world: World, query: str = "", headers: Any = HEADERS) -> str:
    reply = so2_list(world, Call("GET", SO2, query, headers, b""))
    assert reply.status == 200
    return reply.body.decode()


def pairs(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["username"], row["course_id"]) for row in rows]


ALL = [(name, key) for key in (MATH, ART) for name in PEOPLE]


def test_a_row_has_the_six_fields_of_the_vendors_page(world: World) -> None:
    assert json.loads(ask(world))[2] == {
        "username": "cy",
        "email": "cy@school.example",
        "course_id": MATH,
        "is_active": False,
        "mode": "audit",
        "created": "2026-01-01 00:00",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        (urlencode({"course_id": MATH}), ALL[:3]),
        ("course_id=course-v1:Dist%2BMATH%2B2026", ALL[:3]),
        ("course_id=course-v1:Dist+MATH+2026", []),
        ("username=bo", [ALL[1], ALL[4]]),
        ("username=nobody", []),
        ("course_id=course-v1%3ADist%2BNONE%2B2026", []),
    ],
)
def test_a_filter_chooses_and_a_raw_plus_finds_nothing(
    world: World, query: str, expected: list[tuple[str, str]]
) -> None:
    assert pairs(json.loads(ask(world, query))) == expected


def test_days_look_at_when_it_was_created(world: World) -> None:
    since = datetime.now(UTC) - timedelta(days=3)
    new = {"username": "bo", "course_id": ART, "created": f"{since:%Y-%m-%d %H:%M}"}
    old = {"username": "ada", "course_id": ART, "created": "2020-01-01 00:00"}
    load(world, {"enrollments": [new, old]})
    assert ("bo", ART) in pairs(json.loads(ask(world, "days=4")))
    assert ("bo", ART) not in pairs(json.loads(ask(world, "days=2")))
    assert ("ada", ART) not in pairs(json.loads(ask(world, "days=4")))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("course=x", "course"),
        ("page=2", "page"),
        ("days=soon", "days"),
        ("days=0", "days"),
        ("days=1e9", "days"),
        ("days=99999999999", "days"),
        ("username=a&username=b", "username"),
        ("username=a&days=1", "non_field_errors"),
    ],
)
def test_what_the_page_does_not_document_is_refused(
    world: World, query: str, field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        ask(world, query)
    assert caught.value.status == 400
    assert [list(part) for part in caught.value.details] == [[field]]


@pytest.mark.parametrize(("missing", "status"), [(1, 415), (2, 400)])
def test_both_headers_are_wanted_unless_told_otherwise(
    world: World, missing: int, status: int
) -> None:
    headers = [pair for place, pair in enumerate(HEADERS) if place != missing]
    with pytest.raises(Refusal) as caught:
        ask(world, "", headers)
    assert caught.value.status == status
    world.configure({"openedx_strict_headers": False})
    assert pairs(json.loads(ask(world, "", headers))) == ALL


def test_the_shapes_without_pages_hold_the_same_rows(world: World) -> None:
    texts = {}
    for shape in (1, 3, 4, 5):
        world.configure({"openedx_list_shape": shape})
        texts[shape] = ask(world)
    rows = json.loads(texts[1])
    assert pairs(rows) == ALL
    assert json.loads(texts[3]) == {"count": 6, "enrollments": rows}
    assert json.loads(f"[{texts[4]}]") == rows
    assert [json.loads(line) for line in texts[5].split("\n")] == rows
    world.configure({"openedx_list_shape": 4, "openedx_trailing_comma": True})
    assert ask(world) == f"{texts[4]},"


@pytest.mark.parametrize("shape", [4, 5])
def test_an_empty_list_without_brackets_is_an_empty_body(
    world: World, shape: int
) -> None:
    world.configure({"openedx_list_shape": shape, "openedx_trailing_comma": True})
    assert ask(world, "username=nobody") == ""


def _follow(world: World, query: str) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    link: str | None = f"http://lms.example{SO2}?{query}"
    while link is not None:
        body = json.loads(ask(world, urlsplit(link).query))
        pages.append(body["results"])
        link = body["next"]
        assert link is None or link.startswith(f"http://lms.example{SO2}?")
    return pages


@pytest.mark.parametrize(("size", "count"), [(1, 3), (2, 2), (3, 1), (100, 1)])
def test_pages_follow_one_another_and_keep_the_filter(
    world: World, size: int, count: int
) -> None:
    world.configure({"openedx_list_shape": 2, "openedx_page_size": size})
    pages = _follow(world, urlencode({"course_id": ART}))
    assert len(pages) == count
    assert json.loads(ask(world, urlencode({"course_id": ART})))["count"] == 3
    assert pairs([row for page in pages for row in page]) == ALL[3:]


def test_pages_may_overlap_by_a_row_and_lose_none(world: World) -> None:
    world.configure({"openedx_list_shape": 2, "openedx_page_size": 4})
    world.configure({"duplicate_rows": True})
    first, second = _follow(world, "")
    assert pairs(first) == ALL[:4]
    assert pairs(second) == ALL[3:]


def test_a_total_is_absent_where_the_settings_say_so(world: World) -> None:
    world.configure({"openedx_list_shape": 2, "totals": False})
    assert set(json.loads(ask(world))) == {"next", "results"}
    world.configure({"openedx_list_shape": 3})
    assert set(json.loads(ask(world))) == {"enrollments"}


def test_the_next_link_may_lead_astray(world: World) -> None:
    world.configure({"openedx_list_shape": 2, "openedx_page_size": 2})
    world.configure({"openedx_next": "elsewhere"})
    link = urlsplit(json.loads(ask(world))["next"])
    assert link.hostname == "elsewhere.example"
    world.configure({"openedx_next": "loop"})
    link = urlsplit(json.loads(ask(world))["next"])
    again = urlsplit(json.loads(ask(world, link.query))["next"])
    assert dict(parse_qsl(again.query)) == {"page": "2"}


def test_ended_enrollments_may_be_left_out(world: World) -> None:
    world.configure({"openedx_list_inactive": False})
    assert pairs(json.loads(ask(world))) == [p for p in ALL if p[0] != "cy"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_course_may_be_refused_and_is_then_missing_among_all(
    world: World, status: int
) -> None:
    changes = {"openedx_list_refused": [MATH], "openedx_list_status": status}
    world.configure(changes)
    with pytest.raises(Refusal) as caught:
        ask(world, urlencode({"course_id": MATH}))
    assert caught.value.status == status
    assert pairs(json.loads(ask(world))) == ALL[3:]
    assert pairs(json.loads(ask(world, urlencode({"course_id": ART})))) == ALL[3:]


def test_lists_may_be_empty_for_lack_of_permission(world: World) -> None:
    world.configure({"openedx_list_hidden": [MATH]})
    assert json.loads(ask(world, urlencode({"course_id": MATH}))) == []
    assert pairs(json.loads(ask(world))) == ALL[3:]
    world.configure({"empty_lists": True})
    assert json.loads(ask(world)) == []


def test_a_filter_may_be_ignored(world: World) -> None:
    world.configure({"ignore_filter": True})
    assert pairs(json.loads(ask(world, "username=bo"))) == ALL


def test_the_order_may_change_but_not_the_rows(world: World) -> None:
    world.configure({"unstable_order": True})
    asked = [pairs(json.loads(ask(world))) for _ in range(20)]
    assert all(sorted(rows) == sorted(ALL) for rows in asked)
    assert len({tuple(rows) for rows in asked}) > 1


def test_who_is_not_of_the_staff_may_not_look(world: World) -> None:
    world.configure({"openedx_staff": False})
    with pytest.raises(Refusal) as caught:
        ask(world)
    assert caught.value.status == 403


def test_an_erased_account_shows_another_address(world: World) -> None:
    erased = {"username": "bo", "email": "bo@school.example", "retired": True}
    load(world, {"users": [erased]})
    shown = {row["email"] for row in json.loads(ask(world, "username=bo"))}
    [address] = shown
    assert address.endswith("@retired.invalid")
