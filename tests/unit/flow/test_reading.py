from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from sync.flow.reading import overlaid
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror

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
