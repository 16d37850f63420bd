from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sync.sandbox import SandboxSettings
from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.openedx_single import course_details, enroll_one, of_user, read_one
from sync.sandbox.openedx_store import dump, load
from sync.sandbox.world import World

MATH, ART, GONE = (f"course-v1:Dist+{name}+2026" for name in ("MATH", "ART", "GONE"))


@pytest.fixture
def world() -> Iterator[World]:
    made = World(SandboxSettings())
    load(
        made,
        {
            "users": [
                {"username": "ada", "email": "ada@x.example"},
                {"username": "idle", "email": "idle@x.example", "active": False},
                {"username": "erased", "email": "erased@x.example", "retired": True},
                {"username": "shy", "email": "shy@x.example", "filtered": True},
            ],
            "courses": [
                {"id": MATH, "modes": ["audit", "verified"], "cohorts": ["Apples"]},
                {"id": ART},
            ],
        },
    )
    yield made
    made.store.close()


def send(world: World, **body: Any) -> tuple[int, Any]:
    text = json.dumps({"user": "ada", "course_details": {"course_id": MATH}, **body})
    headers = [(b"content-type", b"application/json")]
    try:
        reply = enroll_one(world, Call("POST", "", "", headers, text.encode()))
    except Refusal as refusal:
        return refusal.status, refusal.text
    return reply.status, json.loads(reply.body)


def held(world: World) -> list[tuple[str, bool, str]]:
    names = ("username", "is_active", "mode")
    return [tuple(row[n] for n in names) for row in dump(world)["enrollments"]]


def test_an_enrollment_has_a_mode_and_says_its_course(world: World) -> None:
    status, made = send(world, mode="verified")
    assert status == 200
    assert (made["user"], made["mode"], made["is_active"]) == ("ada", "verified", True)
    assert made["course_details"]["course_id"] == MATH
    assert [m["slug"] for m in made["course_details"]["course_modes"]] == [
        "audit",
        "verified",
    ]
    assert held(world) == [("ada", True, "verified")]
    assert dump(world)["audit"] == [
        {"identifier": "ada", "course_id": MATH, "action": "enroll"}
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"course_details": {}}, 400),
        ({"course_details": None}, 400),
        ({"course_details": {"course_id": GONE}}, 400),
        ({"is_active": "true"}, 400),
        ({"mode": "honor"}, 400),
        ({"user": "nobody"}, 406),
        ({"user": "ada@x.example"}, 406),
        ({"user": "erased"}, 406),
        ({"user": None}, 406),
        ({"user": "shy"}, 400),
    ],
)
def test_an_enrollment_is_held_to_every_rule(
    world: World, body: dict[str, Any], status: int
) -> None:
    assert send(world, **body)[0] == status
    assert held(world) == []


def test_a_mode_that_is_not_on_offer_names_those_that_are(world: World) -> None:
    status, answer = send(world, mode="honor")
    assert status == 400
    assert "honor" in answer["message"]
    assert len(answer["course_details"]["course_modes"]) == 2


def test_an_account_that_is_not_activated_is_enrolled_here(world: World) -> None:
    assert send(world, user="idle")[0] == 200
    assert held(world) == [("idle", True, "audit")]


def test_ending_wants_the_mode_omitted_or_the_same(world: World) -> None:
    send(world, mode="verified")
    assert send(world, is_active=False, mode="audit")[0] == 400
    assert held(world) == [("ada", True, "verified")]
    assert send(world, is_active=False, mode="verified")[0] == 200
    assert send(world, is_active=False)[0] == 200
    assert held(world) == [("ada", False, "verified")]


def test_without_a_mode_who_is_in_keeps_it(world: World) -> None:
    send(world, mode="verified")
    send(world)
    assert held(world) == [("ada", True, "verified")]


def test_ending_what_never_was_makes_nothing(world: World) -> None:
    assert send(world, is_active=False) == (200, None)
    assert held(world) == []


def test_an_unknown_cohort_is_refused_after_the_work(world: World) -> None:
    assert send(world, cohort="Plums")[0] == 400
    assert held(world) == [("ada", True, "audit")]
    assert send(world, cohort="Apples")[0] == 200
    assert dump(world)["cohort_members"] == [
        {"course_id": MATH, "cohort": "Apples", "identifier": "ada"}
    ]


def test_who_is_not_of_the_staff_sees_no_others(world: World) -> None:
    world.configure({"openedx_staff": False})
    assert send(world)[0] == 404
    for handler, call in (
        (read_one, Call("GET", "", "", [], b"", (f"ada,{MATH}",))),
        (of_user, Call("GET", "", "user=ada", [], b"")),
    ):
        with pytest.raises(Refusal) as caught:
            handler(world, call)
        assert caught.value.status == 404


@pytest.mark.parametrize(("mode", "status"), [("verified", 403), ("audit", 406)])
def test_without_staff_only_free_modes_get_as_far_as_the_user(
    world: World, mode: str, status: int
) -> None:
    world.configure({"openedx_staff": False})
    assert send(world, user=None, mode=mode)[0] == status


def _read(world: World, path: str) -> Reply:
    return read_one(world, Call("GET", "", "", [], b"", (path,)))


def test_one_enrollment_is_read_and_none_is_an_empty_answer(world: World) -> None:
    send(world, mode="verified")
    assert json.loads(_read(world, f"ada,{MATH}").body)["mode"] == "verified"
    for path in (f"ada,{ART}", f"nobody,{MATH}", f"ada,{GONE}"):
        assert (_read(world, path).status, _read(world, path).body) == (200, b"")


def test_of_a_user_only_active_enrollments_are_listed(world: World) -> None:
    send(world)
    send(world, course_details={"course_id": ART})
    send(world, course_details={"course_id": ART}, is_active=False)
    reply = of_user(world, Call("GET", "", "user=ada", [], b""))
    listed = [row["course_details"]["course_id"] for row in json.loads(reply.body)]
    assert listed == [MATH]


def test_an_unknown_course_is_a_bad_request(world: World) -> None:
    known = course_details(world, Call("GET", "", "", [], b"", (MATH,)))
    assert json.loads(known.body)["course_id"] == MATH
    with pytest.raises(Refusal) as caught:
        course_details(world, Call("GET", "", "", [], b"", (GONE,)))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("kind", "text", "status"),
    [
        (b"text/plain", b"{}", 415),
        (b"application/json", b"{", 400),
        (b"application/json", b"[]", 400),
    ],
)
def test_a_body_of_another_kind_is_refused(
    world: World, kind: bytes, text: bytes, status: int
) -> None:
    call = Call("POST", "", "", [(b"content-type", kind)], text)
    with pytest.raises(Refusal) as caught:
        enroll_one(world, call)
    assert caught.value.status == status
