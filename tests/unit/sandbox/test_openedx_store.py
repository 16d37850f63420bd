from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import DocumentError, SandboxSettings
from sync.sandbox.openedx_store import dump, load
from sync.sandbox.world import World

KEY = "course-v1:Dist+MATH7+2026"
WHOLE: dict[str, list[dict[str, Any]]] = {
    "users": [
        {
            "username": "ada",
            "email": "ada@school.example",
            "active": True,
            "retired": False,
            "filtered": False,
        },
        {
            "username": "bo",
            "email": "bo@school.example",
            "active": False,
            "retired": False,
            "filtered": True,
        },
    ],
    "courses": [
        {
            "id": KEY,
            "default_mode": "audit",
            "white_label": True,
            "cohorted": False,
            "modes": ["honor", "verified"],
            "cohorts": ["Apples", "Pears"],
        }
    ],
    "enrollments": [
        {
            "username": "ada",
            "course_id": KEY,
            "is_active": False,
            "mode": "verified",
            "created": "2026-09-01 07:30",
        }
    ],
    "permissions": [
        {"email": "new@school.example", "course_id": KEY, "auto_enroll": False}
    ],
    "cohort_members": [
        {"course_id": KEY, "cohort": "Apples", "identifier": "ada"},
        {"course_id": KEY, "cohort": "Pears", "identifier": "new@school.example"},
    ],
    "outbox": [
        {"to": "ada@school.example", "course_id": KEY, "message": "enrolled_enroll"}
    ],
    "audit": [{"identifier": "ada", "course_id": KEY, "action": "enroll"}],
}


@pytest.fixture
def world() -> Iterator[World]:
    made = World(SandboxSettings())
    yield made
    made.store.close()


def test_loading_a_dump_gives_the_same_dump(world: World) -> None:
    assert load(world, WHOLE)["openedx.users"] == 2
    assert dump(world) == WHOLE


def test_loading_again_merges_by_key(world: World) -> None:
    load(world, WHOLE)
    lists = {name: WHOLE[name] for name in WHOLE if name not in ("outbox", "audit")}
    load(world, lists)
    load(world, {"users": [{"username": "ada", "email": "new-ada@school.example"}]})
    held = dump(world)
    assert held["users"][0]["email"] == "new-ada@school.example"
    assert {name: held[name] for name in held if name != "users"} == {
        name: WHOLE[name] for name in WHOLE if name != "users"
    }


def test_a_reset_forgets_everything(world: World) -> None:
    load(world, WHOLE)
    world.reset()
    assert all(rows == [] for rows in dump(world).values())


@pytest.mark.parametrize(
    "document",
    [
        {"people": []},
        {"users": {}},
        {"users": ["ada"]},
        {"users": [{"username": "x"}]},
        {"users": [{"username": "x", "email": "x@y.example", "shoe": 42}]},
        {"users": [{"username": "x", "email": "x@y.example", "active": "yes"}]},
        {"users": [{"username": "x@y", "email": "x@y.example"}]},
        {"users": [{"username": "x", "email": "ADA@school.example"}]},
        {"users": [{"username": n, "email": f"{n}@y.example"} for n in ("x", "X")]},
        {"courses": [{"id": "k", "cohorts": [1]}]},
        {"courses": [{"id": ""}]},
        {"enrollments": [{"username": "nobody", "course_id": KEY}]},
        {"enrollments": [{"username": "ada", "course_id": "none"}]},
        {
            "cohort_members": [
                {"course_id": KEY, "cohort": "Plums", "identifier": "ada"}
            ]
        },
    ],
)
def test_a_document_that_no_lms_could_hold_is_refused(
    world: World, document: dict[str, Any]
) -> None:
    load(world, WHOLE)
    with pytest.raises(DocumentError, match="openedx"):
        load(world, document)


@pytest.mark.parametrize("auto_enroll", [True, False])
def test_registering_turns_a_permission_into_an_enrollment_where_it_says_so(
    world: World, auto_enroll: bool
) -> None:
    permission = {**WHOLE["permissions"][0], "auto_enroll": auto_enroll}
    load(world, {**WHOLE, "permissions": [permission]})
    load(world, {"users": [{"username": "new", "email": "New@school.example"}]})
    held = [row for row in dump(world)["enrollments"] if row["username"] == "new"]
    shown = [(row["is_active"], row["mode"]) for row in held]
    assert shown == ([(True, "honor")] if auto_enroll else [])
    members = dump(world)["cohort_members"]
    assert {(m["identifier"], m["cohort"]) for m in members} == {
        ("ada", "Apples"),
        ("new", "Pears"),
    }


def test_a_permission_for_a_course_that_is_not_there_gives_nothing(
    world: World,
) -> None:
    load(world, {"permissions": [{"email": "x@y.example", "course_id": "gone"}]})
    load(world, {"users": [{"username": "x", "email": "x@y.example"}]})
    assert dump(world)["enrollments"] == []


def test_activating_an_account_is_registering_and_happens_once(world: World) -> None:
    permission = {"email": "bo@school.example", "course_id": KEY}
    load(world, {**WHOLE, "permissions": [permission]})
    active = {"users": [{"username": "bo", "email": "bo@school.example"}]}
    load(world, active)
    assert [row["username"] for row in dump(world)["enrollments"]] == ["ada", "bo"]
    ended = {"username": "bo", "course_id": KEY, "is_active": False, "mode": "honor"}
    load(world, {"enrollments": [ended]})
    load(world, active)
    assert [row["is_active"] for row in dump(world)["enrollments"]] == [False, False]


def test_records_outlive_the_process(tmp_path: Path) -> None:
    settings = SandboxSettings(data=tmp_path)
    first = World(settings)
    load(first, WHOLE)
    first.store.close()
    second = World(settings)
    assert dump(second) == WHOLE
    second.store.close()
