from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from sync.model.capabilities import Capabilities
from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.model.operation import OPERATION_SCHEMA, Verb
from sync.targets.base import Wants
from sync.targets.oneroster import OneRosterSettings, OneRosterTarget
from sync.targets.timeback import TimebackSettings, TimebackTarget
from sync.verify import DIFFERS_SCHEMA, differences
from sync.verify.reading import Lookups
from tests.support.given import given

STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
AGENTS, ENROLLMENTS = Entity.AGENTS, Entity.ENROLLMENTS
Row = dict[str, Any]
NAMES = {
    STUDENTS: ("_key", "status", "enabledUser", "phone", "email"),
    USERS: ("_key", "status", "enabledUser", "phone", "email"),
    AGENTS: ("_key", "status", "relationshipType", "_unread"),
    ENROLLMENTS: ("_key", "status", "role"),
}
ABLE = Capabilities(
    verbs=dict.fromkeys(NAMES, frozenset(Verb)),
    fields={
        STUDENTS: ("status", "enabledUser", "phone", "email"),
        USERS: ("status", "enabledUser", "phone", "email"),
        AGENTS: ("status", "relationshipType"),
        ENROLLMENTS: ("status",),
    },
    removals={},
    keeps_dates=True,
    reads=(),
    comparisons={
        STUDENTS: {"email": lambda column: column.str.to_lowercase()},
    },
)


def operation(
    entity: Entity, verb: str, after: Row, key: str = "k", **facts: Any
) -> Row:
    own: Row = {
        "id": f"{entity}:{key}",
        "entity": entity.value,
        "verb": verb,
        "key": key,
        "after": json.dumps(after),
        "fields": [],
        "needs": [],
        "phase": 4,
        "wave": 0,
        "ends": False,
    }
    return own | facts


def frame(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=OPERATION_SCHEMA)


def mirror(held: Mapping[Entity, list[Row]]) -> Mirror:
    frames = {
        entity: pl.DataFrame(rows, schema=dict.fromkeys(NAMES[entity], pl.String))
        for entity, rows in held.items()
    }
    return Mirror(frames, {}, {}, datetime(2026, 9, 15, tzinfo=UTC))


def differing(one: Row, held: Mapping[Entity, list[Row]]) -> list[tuple[Any, ...]]:
    found = differences(frame(one), mirror(held), ABLE)
    assert found.schema == DIFFERS_SCHEMA
    return found.select("field", "sent", "read").rows()


ACTIVE = {"_key": "k", "status": "active", "enabledUser": "true"}
GONE = ACTIVE | {"status": "tobedeleted"}
WANTED = {"status": "active", "enabledUser": "true", "phone": "1", "email": "A@b"}
ENDING = {"status": "inactive", "enabledUser": "true"}
DISABLED = {"status": "active", "enabledUser": "false"}
MISSING = ("status", "active", "missing")


@pytest.mark.parametrize(
    ("verb", "after", "facts", "held", "expected"),
    [
        ("create", WANTED, {}, ACTIVE | {"phone": "1", "email": "a@B"}, []),
        ("create", WANTED, {}, None, [MISSING]),
        (
            "create",
            WANTED,
            {},
            GONE | {"phone": "1", "email": "a@b"},
            [("status", "active", "tobedeleted")],
        ),
        (
            "create",
            WANTED,
            {},
            ACTIVE | {"phone": "2", "email": None},
            [("email", "A@b", None), ("phone", "1", "2")],
        ),
        (
            "create",
            WANTED | {"phone": None},
            {},
            ACTIVE | {"phone": "9", "email": "a@b"},
            [],
        ),
        ("update", WANTED, {"fields": ["phone"]}, ACTIVE | {"phone": "1"}, []),
        (
            "update",
            WANTED,
            {"fields": ["phone"]},
            ACTIVE | {"phone": "2", "email": "other"},
            [("phone", "1", "2")],
        ),
        (
            "update",
            WANTED | {"phone": None},
            {"fields": ["phone"]},
            ACTIVE | {"phone": "2"},
            [("phone", None, "2")],
        ),
        ("update", WANTED, {"fields": ["phone"]}, None, [MISSING]),
        ("reactivate", WANTED, {"fields": ["status"]}, ACTIVE, []),
        (
            "reactivate",
            WANTED,
            {"fields": ["status"]},
            GONE,
            [("status", "active", "tobedeleted")],
        ),
        ("remove", ENDING, {"ends": True}, None, []),
        ("remove", ENDING, {"ends": True}, GONE, []),
        (
            "remove",
            ENDING,
            {"ends": True},
            ACTIVE,
            [("status", "tobedeleted", "active")],
        ),
        (
            "update",
            DISABLED,
            {"ends": True, "fields": ["enabledUser"]},
            ACTIVE | {"enabledUser": "false"},
            [],
        ),
        (
            "update",
            DISABLED,
            {"ends": True, "fields": ["enabledUser"]},
            ACTIVE,
            [("enabledUser", "false", "true")],
        ),
    ],
)
def test_what_does_not_hold_of_a_person(
    verb: str, after: Row, facts: Row, held: Row | None, expected: list[Any]
) -> None:
    one = operation(STUDENTS, verb, after, **facts)
    assert differing(one, {STUDENTS: [held] if held else []}) == expected


@pytest.mark.parametrize("home", [STUDENTS, USERS])
def test_a_person_is_looked_for_among_students_and_users(home: Entity) -> None:
    held = {STUDENTS: [], USERS: [], home: [ACTIVE]}
    one = operation(STUDENTS, "update", WANTED, fields=["status"])
    assert differing(one, held) == []


LINK = {"status": "active", "relationshipType": "aunt"}


@pytest.mark.parametrize(
    ("verb", "facts", "held", "expected"),
    [
        ("create", {}, {"relationshipType": "aunt"}, []),
        (
            "create",
            {},
            {"relationshipType": "mother"},
            [("relationshipType", "aunt", "mother")],
        ),
        ("create", {}, {"relationshipType": None, "_unread": ",relationshipType,"}, []),
        ("create", {}, None, [MISSING]),
        ("remove", {"ends": True}, None, []),
        ("remove", {"ends": True}, {}, [("status", "tobedeleted", "active")]),
    ],
)
def test_what_does_not_hold_of_a_link(
    verb: str, facts: Row, held: Row | None, expected: list[Any]
) -> None:
    after = LINK | ({"status": "tobedeleted"} if facts else {})
    there = [{"_key": "k", "status": "active"} | held] if held is not None else []
    assert differing(operation(AGENTS, verb, after, **facts), {AGENTS: there}) == (
        expected
    )


def test_a_list_that_was_not_read_holds_nothing() -> None:
    made = operation(ENROLLMENTS, "create", {"status": "active"})
    assert differing(made, {}) == [MISSING]
    ended = operation(ENROLLMENTS, "remove", {"status": "tobedeleted"}, ends=True)
    assert differing(ended, {}) == []


def test_metadata_that_was_changed_is_read_back_too() -> None:
    one = operation(
        STUDENTS,
        "update",
        WANTED | {"metadata.room": "7"},
        fields=["metadata.room"],
    )
    held = mirror({STUDENTS: [ACTIVE]})
    frames = {
        STUDENTS: held.frames[STUDENTS].with_columns(pl.lit("8").alias("metadata.room"))
    }
    found = differences(frame(one), Mirror(frames, {}, {}, held.read_at), ABLE)
    assert found.select("field", "sent", "read").rows() == [("metadata.room", "7", "8")]


def test_several_operations_are_told_in_order() -> None:
    ones = frame(
        operation(USERS, "create", WANTED, "b"),
        operation(STUDENTS, "create", WANTED, "z"),
        operation(STUDENTS, "create", WANTED, "a"),
    )
    found = differences(ones, mirror({STUDENTS: [], USERS: []}), ABLE)
    assert found["id"].to_list() == ["students:a", "students:z", "users:b"]


SECRETS = {"client_id": {"env": "ID"}, "client_secret": {"env": "SECRET"}}


@pytest.mark.parametrize(
    ("one", "path"),
    [
        (operation(STUDENTS, "create", WANTED, "s/1"), "/users/r1"),
        (operation(STUDENTS, "update", WANTED, "x", remote_id="r2"), "/users/r2"),
        (operation(USERS, "update", WANTED, "plain"), "/users/plain"),
        (
            operation(
                AGENTS,
                "create",
                {"studentSourcedId": "s/1", "agentSourcedId": "u1"},
            ),
            "/users/r1/agents",
        ),
    ],
)
def test_records_are_looked_up_under_the_ids_that_the_target_gave(
    one: Row, path: str
) -> None:
    settings = TimebackSettings.model_validate(
        {"environment": "staging", "platform": SECRETS, "api": SECRETS}
    )
    lookups = Lookups(
        TimebackTarget(settings, {}), frame(one), given(users={"s/1": "r1"})
    )
    (listing,) = lookups.listings(Wants((Entity(one["entity"]),)), {})
    assert listing.path.endswith(path)
    assert lookups.listings(Wants(()), {"users": pl.DataFrame()}) == ()


def test_enrollments_are_looked_up_under_the_id_of_their_user() -> None:
    settings = TimebackSettings.model_validate(
        {"environment": "staging", "platform": SECRETS, "api": SECRETS}
    )
    ones = [
        operation(ENROLLMENTS, "create", {"userSourcedId": "s1"}, key) for key in "ab"
    ]
    ids = given(students={"s1": "r1"})
    lookups = Lookups(TimebackTarget(settings, {}), frame(*ones), ids)
    found = lookups.listings(Wants((ENROLLMENTS,)), {})
    assert [each.label for each in found] == ["enrollments", "classes"]
    assert ("filter", "user.sourcedId='r1'") in found[0].query


@pytest.mark.parametrize(
    ("entity", "after", "facts", "path"),
    [
        (Entity.ORGS, {}, {}, "/orgs/r-k"),
        (Entity.CLASSES, {}, {"remote_id": "known"}, "/classes/known"),
        (Entity.COURSES, {}, {}, "/courses/k"),
        (ENROLLMENTS, {"sourcedId": "k"}, {}, "/enrollments/e-k"),
        (ENROLLMENTS, {"sourcedId": "another"}, {}, "/enrollments/k"),
    ],
)
def test_records_of_any_entity_are_looked_up_under_the_id_they_were_given(
    entity: Entity, after: Row, facts: Row, path: str
) -> None:
    url = "https://oneroster.example/ims/oneroster/v1p1"
    signed = {"version": "1.1", "url": url, "consumer_key": {"env": "A"}}
    settings = OneRosterSettings.model_validate(
        signed | {"consumer_secret": {"env": "B"}}
    )
    ids = given(orgs={"k": "r-k"}, classes={"k": "r-c"}, enrollments={"k": "e-k"})
    one = operation(entity, "create", after, **facts)
    lookups = Lookups(OneRosterTarget(settings, {}), frame(one), ids)
    (listing,) = lookups.listings(Wants((entity,)), {})
    assert listing.path == path
