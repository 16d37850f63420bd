from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from sync.model.entities import ENTITIES, Entity, Mode
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.targets.base import Projection
from sync.targets.oneroster.places import depths
from sync.targets.oneroster.project import Context, project

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]
ROLES = "primary\x1f{}\x1fo1"


def frame(entity: str, rows: list[Row]) -> pl.DataFrame:
    spec = ENTITIES[Entity(entity)]
    names = [one for one in spec.names if one not in {"role", "orgSourcedIds"}]
    if entity in {"students", "users"}:
        names = [*dict.fromkeys((*names, "roles"))]
    if entity == "enrollments":
        names.append("role")
    names += ["_key", "_file", "_keep", "_remote_id"]
    whole = [
        dict.fromkeys(names)
        | {"sourcedId": row["_key"], "_remote_id": row["_key"]}
        | row
        for row in rows
    ]
    texts = pl.DataFrame(whole, schema=dict.fromkeys(names, pl.String))
    rowed = texts.with_columns(_row=pl.lit(2, dtype=pl.UInt32))
    frozen = [bool(row.get("_frozen")) for row in whole]
    return rowed.with_columns(pl.Series("_frozen", frozen, pl.Boolean)).sort("_key")


def person(key: str, role: str | None = None, **cells: Any) -> Row:
    own = {"_key": key, "status": "active", "enabledUser": "true", "username": key}
    roles = ROLES.format(role) if role else None
    return own | {"primaryOrgSourcedId": "o1", "roles": roles} | cells


def link(student: str = "s1", agent: str = "g1", **cells: Any) -> Row:
    own = {"studentSourcedId": student, "agentSourcedId": agent}
    return {"_key": f"{student}/{agent}", "relationshipType": "aunt"} | own | cells


def seat(key: str = "e1", **cells: Any) -> Row:
    own = {"_key": key, "userSourcedId": "s1", "classSourcedId": "c1"}
    return own | {"role": "student", "schoolSourcedId": "o1"} | cells


ORG = {"_key": "o1", "name": "A", "type": "school"}
TERM = {"_key": "t1", "title": "T", "type": "term", "schoolYear": "2027"}
COURSE = {"_key": "k1", "title": "K", "orgSourcedId": "o1"}
CLASS = {
    "_key": "c1",
    "title": "C",
    "courseSourcedId": "k1",
    "schoolSourcedId": "o1",
    "termSourcedIds": "t1",
}
PLACES: Tables = {
    "orgs": [ORG],
    "academicSessions": [TERM],
    "courses": [COURSE],
    "classes": [CLASS],
}
FULL: Tables = {
    **PLACES,
    "students": [person("s1")],
    "users": [person("g1", "parent")],
    "agents": [link()],
    "enrollments": [seat()],
}


def projected(
    drop: Tables, remote: Tables | None = None, *, mode: Mode = Mode.BULK, **facts: Any
) -> Projection:
    frames = {Entity(name): frame(name, rows) for name, rows in drop.items()}
    held = {Entity(name): frame(name, rows) for name, rows in (remote or {}).items()}
    mirror = Mirror(held, dict.fromkeys(held, True), {}, datetime.now(UTC))
    nothing = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})
    roster = Roster(frames, dict.fromkeys(frames, mode), {}, nothing)
    return project(Context(roster, mirror, date(2026, 9, 15), **facts))


def rows(found: Projection, entity: str) -> dict[str, dict[str, Any]]:
    return {one["_key"]: one for one in found.frames[Entity(entity)].to_dicts()}


def decisions(found: Projection, entity: str) -> dict[str, tuple[Any, Any]]:
    told = rows(found, entity)
    return {key: (one["_decision"], one["_reason"]) for key, one in told.items()}


def test_a_whole_roster_can_be_held() -> None:
    found = projected(FULL)
    assert set(found.frames) == {Entity(name) for name in FULL}
    for name in FULL:
        assert {one[0] for one in decisions(found, name).values()} == {None}
        assert {one["status"] for one in rows(found, name).values()} == {"active"}
    assert found.merged == {}


def one(**changes: Row) -> Tables:
    """The full drop with other cells in the first row of some tables."""
    return {
        name: [told[0] | changes.get(name, {}), *told[1:]]
        for name, told in FULL.items()
    }


@pytest.mark.parametrize(
    ("drop", "entity", "key", "decision", "why"),
    [
        (one(orgs={"type": None}), "orgs", "o1", "unsupported", "must have a type"),
        (
            one(academicSessions={"schoolYear": None}),
            "academicSessions",
            "t1",
            "unsupported",
            "must have a schoolYear",
        ),
        (
            one(classes={"termSourcedIds": None}),
            "classes",
            "c1",
            "unsupported",
            "must have a term",
        ),
        (
            one(orgs={"type": None}),
            "courses",
            "k1",
            "blocked",
            "its org cannot be written",
        ),
        (
            one(orgs={"type": None}),
            "classes",
            "c1",
            "blocked",
            "its course cannot be written",
        ),
        (
            one(orgs={"type": None}),
            "students",
            "s1",
            "blocked",
            "its primary org cannot be written",
        ),
        (
            one(classes={"termSourcedIds": None}),
            "enrollments",
            "e1",
            "blocked",
            "its class cannot be written",
        ),
        (
            one(academicSessions={"status": "tobedeleted"}),
            "classes",
            "c1",
            "blocked",
            "its term cannot be written",
        ),
        (
            one(enrollments={"role": "aide"}),
            "enrollments",
            "e1",
            "unsupported",
            "no such role",
        ),
        (
            one(enrollments={"classSourcedId": None}),
            "enrollments",
            "e1",
            "unsupported",
            "need a class",
        ),
        (
            one(users={"roles": None}),
            "users",
            "g1",
            "unsupported",
            "OneRoster 1.2 has none of its roles",
        ),
        (
            one(users={"roles": None}),
            "agents",
            "s1/g1",
            "blocked",
            "the person of its agentSourcedId cannot be written",
        ),
    ],
)
def test_what_cannot_be_held_says_why(
    drop: Tables, entity: str, key: str, decision: str, why: str
) -> None:
    found = decisions(projected(drop), entity)[key]
    assert found[0] == decision
    assert why in found[1]


@pytest.mark.parametrize(
    ("drop", "remote", "entity", "word"),
    [
        ({"courses": [COURSE]}, {"orgs": []}, "courses", "org"),
        ({"classes": [CLASS]}, {**PLACES, "courses": []}, "classes", "course"),
        (
            {"classes": [CLASS | {"termSourcedIds": "t1,t9"}]},
            PLACES,
            "classes",
            "term",
        ),
        ({"orgs": [ORG | {"parentSourcedId": "o9"}]}, PLACES, "orgs", "parent"),
        ({"students": [person("s1")]}, {"orgs": []}, "students", "primary org"),
    ],
)
def test_what_nobody_holds_blocks(
    drop: Tables, remote: Tables, entity: str, word: str
) -> None:
    found = projected(drop, remote, mode=Mode.DELTA)
    [(decision, why)] = decisions(found, entity).values()
    assert decision == "blocked"
    assert why == f"neither the drop nor the target holds its {word}"


def test_what_the_target_holds_is_enough() -> None:
    alone = {
        name: FULL[name] for name in ("students", "users", "agents", "enrollments")
    }
    found = projected(alone, PLACES, mode=Mode.DELTA)
    for name in alone:
        assert {one[0] for one in decisions(found, name).values()} == {None}


def test_a_parent_that_cannot_be_written_blocks_all_below_it() -> None:
    below = [{"_key": f"o{n}", "name": "x", "type": "school"} for n in (2, 3, 4)]
    chain = [row | {"parentSourcedId": f"o{n}"} for n, row in enumerate(below, 1)]
    found = decisions(projected({"orgs": [ORG | {"type": None}, *chain]}), "orgs")
    assert [one[0] for one in found.values()] == ["unsupported", *["blocked"] * 3]


def test_what_is_required_is_never_cleared() -> None:
    remote = {"orgs": [ORG], "classes": [CLASS]}
    drop = {
        "orgs": [ORG | {"type": None}],
        "classes": [CLASS | {"termSourcedIds": None, "_keep": ",title,"}],
    }
    found = projected(drop, remote)
    assert rows(found, "orgs")["o1"]["_keep"] == ",type,"
    assert rows(found, "classes")["c1"]["_keep"] == ",title,termSourcedIds,classType,"
    assert decisions(found, "orgs")["o1"] == (None, None)


@pytest.mark.parametrize("inactive", [False, True])
def test_inactive_is_what_the_server_makes_of_it(inactive: bool) -> None:
    off = {"status": "inactive"}
    drop = one(students=off, enrollments=off, classes=off)
    found = projected(drop, inactive=inactive)
    student = rows(found, "students")["s1"]
    told = (student["status"], student["enabledUser"], student["_keep"])
    ended = {rows(found, name)[key]["status"] for name, key in (("enrollments", "e1"),)}
    if inactive:
        assert told == ("inactive", "true", None)
        assert ended == {"inactive"}
    else:
        assert told == ("active", "false", ",status,")
        assert ended == {"tobedeleted"}


def test_1_1_wants_a_username_of_everybody_who_is_new() -> None:
    drop = one(users={"username": None}, students={"username": None})
    held = {"students": [person("s1")], "users": []}
    found = projected(drop, held, old=True)
    assert decisions(found, "students")["s1"] == (None, None)
    assert decisions(found, "users")["g1"][0] == "unsupported"
    assert decisions(projected(drop), "users")["g1"] == (None, None)


def test_links_of_a_record_that_is_not_understood_are_left_alone() -> None:
    remote = {"students": [person("s1", _frozen=True)], "users": []}
    assert decisions(projected(FULL, remote), "agents")["s1/g1"][0] == "blocked"


def test_an_enrollment_under_a_new_id_is_the_one_that_is_there() -> None:
    remote = {"enrollments": [seat("old", status="active")]}
    found = rows(projected(one(), remote), "enrollments")
    assert list(found) == ["old"]


def test_a_shared_email_holds_nobody_back() -> None:
    drop = one(students={"email": "a@x.example", "_key": "new"})
    remote = {
        "students": [person("old", email="A@x.example")],
        "users": [],
        "enrollments": [seat("e9", userSourcedId="old")],
    }
    found = projected(drop, remote)
    assert decisions(found, "students")["new"] == (None, None)
    assert found.frozen.is_empty()


def test_what_has_no_place_is_told_once_for_each_kind_of_thing() -> None:
    drop = one(students={"birthDate": "2011-02-03"})
    messages = projected(drop).findings.frame["message"].to_list()
    assert [one.partition(",")[0] for one in messages] == [
        "1 row of agents is held without the relationshipType: OneRoster's links say "
        "only who it is",
        "1 row of students is held without the birthDate",
    ]
    two = ROLES.format("teacher") + "\x1e" + ROLES.format("parent")
    old = projected(one(users={"roles": two}), old=True)
    assert any("all their roles but one" in m for m in old.findings.frame["message"])
    assert rows(old, "users")["g1"]["roles"] == ROLES.format("teacher")


def test_depths_count_the_ancestors_among_the_rows() -> None:
    pairs = [("a", None), ("b", "a"), ("c", "b"), ("d", "x"), ("e", "f"), ("f", "e")]
    frame = pl.DataFrame(pairs, schema=["_key", "parent"], orient="row")
    found = depths(frame).to_list()
    assert found[:4] == [0, 1, 2, 0]
    assert max(found) < 256
