from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from sync.flow.overlay import overlaid
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR

STUDENTS, AGENTS = Entity.STUDENTS, Entity.AGENTS
ENROLLMENTS, ORGS = Entity.ENROLLMENTS, Entity.ORGS
Row = dict[str, Any]


def ledger(*rows: tuple[Entity, str, str | None]) -> LedgerView:
    records = [
        {"entity": entity.value, "key": key, "remote_id": remote_id}
        for entity, key, remote_id in rows
    ]
    return LedgerView(
        pl.DataFrame(records, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame()
    )


def laid(
    entity: Entity, rows: list[Row], *known: tuple[Entity, str, str | None]
) -> Any:
    names = dict.fromkeys(name for row in rows for name in row)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
    mirror = Mirror(
        {entity: frame}, {entity: False}, {entity: 7}, datetime.now(UTC), ("a note",)
    )
    found = overlaid(mirror, ledger(*known))
    assert (found.complete, found.totals) == (mirror.complete, mirror.totals)
    assert found.notes == mirror.notes
    return found.frames[entity]


OURS = (STUDENTS, "ours/1", "theirs")
LINK = {
    "_key": "theirs/u1",
    "_remote_id": None,
    "studentSourcedId": "theirs",
    "agentSourcedId": "u1",
}
ENROLLMENT = {
    "_key": "theirs/k1/o1/student",
    "_remote_id": "e1",
    "userSourcedId": "theirs",
    "courseSourcedId": "k1",
    "schoolSourcedId": "o1",
    "role": "student",
}


@pytest.mark.parametrize(
    ("entity", "row", "expected"),
    [
        (
            STUDENTS,
            {"_key": "theirs", "_remote_id": "theirs"},
            {"_key": "ours/1", "_remote_id": "theirs"},
        ),
        (
            STUDENTS,
            {"_key": "another", "_remote_id": "another"},
            {"_key": "another", "_remote_id": "another"},
        ),
        (AGENTS, LINK, {"_key": "ours%2F1/u1", "studentSourcedId": "ours/1"}),
        (
            ENROLLMENTS,
            ENROLLMENT,
            {"_key": "ours%2F1/k1/o1/student", "userSourcedId": "ours/1"},
        ),
        (
            ENROLLMENTS,
            ENROLLMENT | {"_key": "e1"},
            {"_key": "e1", "userSourcedId": "ours/1", "_remote_id": "e1"},
        ),
        (ORGS, {"_key": "theirs"}, {"_key": "theirs"}),
    ],
)
def test_a_person_of_another_id_is_seen_under_our_key(
    entity: Entity, row: Row, expected: Row
) -> None:
    found = laid(entity, [row], OURS).row(0, named=True)
    assert {name: found[name] for name in expected} == expected


def test_links_get_the_id_under_which_they_were_written() -> None:
    other = LINK | {"_key": "s2/u1", "studentSourcedId": "s2"}
    known = (AGENTS, "theirs/u1", "link-7")
    found = laid(AGENTS, [LINK, other], known)
    assert found.select("_key", "_remote_id").rows() == [
        ("s2/u1", None),
        ("theirs/u1", "link-7"),
    ]


def test_without_a_ledger_the_mirror_stays_as_it_was_read() -> None:
    rows = [{"_key": "a", "_remote_id": "a"}, {"_key": "b", "_remote_id": "b"}]
    assert laid(STUDENTS, rows).to_dicts() == rows


GIVEN = (ENROLLMENTS, "e1", "given")


@pytest.mark.parametrize(
    ("keys", "known", "expected"),
    [
        pytest.param(["given"], GIVEN, {"e1": "given"}, id="under our id"),
        pytest.param(["given"], None, {"given": "given"}, id="not ours"),
        pytest.param(
            ["e1", "given"], GIVEN, {"e1": "e1", "given": "given"}, id="id is taken"
        ),
        pytest.param(
            ["given"],
            (ENROLLMENTS, "s1/k1/o1/student", "given"),
            {"given": "given"},
            id="EduBridge's key is no id",
        ),
        pytest.param(
            ["given"], (AGENTS, "e1", "given"), {"given": "given"}, id="of a link"
        ),
    ],
)
def test_an_enrollment_of_another_id_is_seen_under_ours(
    keys: list[str],
    known: tuple[Entity, str, str | None] | None,
    expected: dict[str, str],
) -> None:
    rows = [ENROLLMENT | {"_key": key, "_remote_id": key} for key in keys]
    frame = laid(ENROLLMENTS, rows, *([known] if known else []))
    assert dict(frame.select("_key", "_remote_id").rows()) == expected
    assert frame["_key"].is_sorted()


PLACES = (
    (ORGS, "1", "R1"),
    (ORGS, "2", "R2"),
    (Entity.ACADEMIC_SESSIONS, "1", "S1"),
    (Entity.ACADEMIC_SESSIONS, "2", "S0"),
    (Entity.COURSES, "1", "K1"),
    (Entity.CLASSES, "1", "C1"),
)


def by_id(key: str, **columns: str | None) -> Row:
    return {"_key": key, "_remote_id": key} | columns


def role(kind: str, org: str) -> str:
    return FIELD_SEPARATOR.join((kind, "teacher", org))


def roles(*told: tuple[str, str]) -> str:
    return ROLE_SEPARATOR.join(role(*one) for one in told)


@pytest.mark.parametrize(
    ("entity", "row", "expected"),
    [
        (
            ORGS,
            by_id("R2", parentSourcedId="R1"),
            {"_key": "2", "_remote_id": "R2", "parentSourcedId": "1"},
        ),
        (ORGS, by_id("other", parentSourcedId="R1"), {"_key": "other"}),
        (
            Entity.ACADEMIC_SESSIONS,
            by_id("S0", parentSourcedId="S1"),
            {"_key": "2", "parentSourcedId": "1"},
        ),
        (
            Entity.COURSES,
            by_id("K1", orgSourcedId="R1", schoolYearSourcedId="S1"),
            {"_key": "1", "orgSourcedId": "1", "schoolYearSourcedId": "1"},
        ),
        (
            Entity.CLASSES,
            by_id(
                "C1",
                courseSourcedId="K1",
                schoolSourcedId="R2",
                termSourcedIds="S0,S1,T9",
            ),
            {
                "_key": "1",
                "courseSourcedId": "1",
                "schoolSourcedId": "2",
                "termSourcedIds": "1,2,T9",
            },
        ),
        (
            STUDENTS,
            by_id("s1", primaryOrgSourcedId="R2", roles=None),
            {"_key": "s1", "primaryOrgSourcedId": "2", "roles": None},
        ),
        (
            Entity.USERS,
            by_id("u1", roles=roles(("primary", "R2"), ("secondary", "elsewhere"))),
            {"roles": roles(("primary", "2"), ("secondary", "elsewhere"))},
        ),
        (
            Entity.USERS,
            by_id("u1", roles=roles(("primary", "R2"), ("primary", ""))),
            {"roles": roles(("primary", ""), ("primary", "2"))},
        ),
        (
            ENROLLMENTS,
            by_id("e1", classSourcedId="C1", schoolSourcedId="R1"),
            {"_key": "e1", "classSourcedId": "1", "schoolSourcedId": "1"},
        ),
        (
            ENROLLMENTS,
            ENROLLMENT
            | {
                "_key": "s1/K1/R1/student",
                "userSourcedId": "s1",
                "courseSourcedId": "K1",
                "schoolSourcedId": "R1",
            },
            {"_key": "s1/1/1/student", "courseSourcedId": "1", "schoolSourcedId": "1"},
        ),
    ],
)
def test_places_of_another_id_are_seen_and_named_under_our_keys(
    entity: Entity, row: Row, expected: Row
) -> None:
    found = laid(entity, [row], *PLACES).row(0, named=True)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [by_id("R1"), by_id("1")], {"1": "1", "R1": "R1"}, id="it is taken"
        ),
        pytest.param(
            [{"_key": "R1", "_remote_id": "9"}], {"R1": "9"}, id="a key of ours"
        ),
        pytest.param(
            [by_id("R1"), by_id("R2")], {"1": "R1", "2": "R2"}, id="both are given"
        ),
    ],
)
def test_an_org_is_seen_under_our_key_once(
    rows: list[Row], expected: dict[str, str]
) -> None:
    found = laid(ORGS, rows, *PLACES)
    assert dict(found.select("_key", "_remote_id").rows()) == expected
    assert found["_key"].is_sorted()


def test_a_mirror_that_was_laid_over_stays_as_it_is() -> None:
    rows = [by_id("R2", parentSourcedId="R1"), by_id("R1", parentSourcedId=None)]
    frame = pl.DataFrame(rows, schema_overrides={"parentSourcedId": pl.String})
    mirror = Mirror({ORGS: frame}, {}, {}, datetime.now(UTC))
    once = overlaid(mirror, ledger(*PLACES))
    again = overlaid(once, ledger(*PLACES))
    assert again.frames[ORGS].equals(once.frames[ORGS])
    assert once.frames[ORGS]["_key"].to_list() == ["1", "2"]
