from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given as with_any
from hypothesis import strategies as st

from sync.model.entities import Entity
from sync.model.ids import Ids, named
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from tests.support.given import given

ORGS, SESSIONS, COURSES = Entity.ORGS, Entity.ACADEMIC_SESSIONS, Entity.COURSES
CLASSES, USERS, STUDENTS = Entity.CLASSES, Entity.USERS, Entity.STUDENTS
ENROLLMENTS, AGENTS = Entity.ENROLLMENTS, Entity.AGENTS


def roles(*orgs: str) -> str:
    kinds = ("primary", "secondary")
    return ROLE_SEPARATOR.join(
        FIELD_SEPARATOR.join((kind, "teacher", org))
        for kind, org in zip(kinds, orgs, strict=False)
    )


def ledger(*rows: tuple[str, str, str | None]) -> LedgerView:
    records = [
        {"entity": entity, "key": key, "remote_id": remote}
        for entity, key, remote in rows
    ]
    return LedgerView(
        pl.DataFrame(records, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame()
    )


def test_each_collection_has_its_own_ids_and_all_people_are_one() -> None:
    ids = Ids.of_ledger(
        ledger(
            ("students", "1", "s-one"),
            ("users", "2", "u-two"),
            ("orgs", "1", "o-one"),
            ("classes", "1", "1"),
            ("courses", "1", None),
            ("agents", "1/2", "link"),
            ("enrollments", "1", "e-one"),
            ("enrollments", "1/k/o/student", "e-two"),
        )
    )
    assert dict(ids) == {"1": "s-one", "2": "u-two"} == ids.of(STUDENTS)
    assert ids.of(USERS) is ids.of(STUDENTS)
    assert (ids.get("1"), ids.get("3", "3"), len(ids)) == ("s-one", "3", 2)
    assert ids.of(ORGS) == {"1": "o-one"}
    assert ids.of(ENROLLMENTS) == {"1": "e-one"}
    assert not any(ids.of(one) for one in (CLASSES, COURSES, SESSIONS, AGENTS))


EVERY = given(
    orgs={"1": "org"},
    academicSessions={"1": "session", "2": "other"},
    courses={"1": "course"},
    classes={"1": "class"},
    students={"1": "person"},
)


@pytest.mark.parametrize(
    ("entity", "values", "expected"),
    [
        (ORGS, {"parentSourcedId": "1"}, {"parentSourcedId": "org"}),
        (SESSIONS, {"parentSourcedId": "1"}, {"parentSourcedId": "session"}),
        (
            COURSES,
            {"orgSourcedId": "1", "schoolYearSourcedId": "2"},
            {"orgSourcedId": "org", "schoolYearSourcedId": "other"},
        ),
        (
            CLASSES,
            {"courseSourcedId": "1", "schoolSourcedId": "9", "termSourcedIds": "2,9,1"},
            {
                "courseSourcedId": "course",
                "schoolSourcedId": "9",
                "termSourcedIds": "other,9,session",
            },
        ),
        (
            STUDENTS,
            {"primaryOrgSourcedId": "1", "roles": roles("9", "1")},
            {"primaryOrgSourcedId": "org", "roles": roles("9", "org")},
        ),
        (USERS, {"roles": None, "identifier": "1"}, {"roles": None, "identifier": "1"}),
        (
            AGENTS,
            {"studentSourcedId": "1", "agentSourcedId": "2"},
            {"studentSourcedId": "person", "agentSourcedId": "2"},
        ),
        (
            ENROLLMENTS,
            {"userSourcedId": "1", "classSourcedId": "1", "schoolSourcedId": None},
            {"userSourcedId": "person", "classSourcedId": "class"},
        ),
    ],
)
def test_what_a_record_names_stands_under_the_id_of_its_own_collection(
    entity: Entity, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = dict(values)
    assert EVERY.remote(entity, values) == values | expected
    assert values == before


@pytest.mark.parametrize(
    ("entity", "values", "expected"),
    [
        (ORGS, {"parentSourcedId": "p", "sourcedId": "x"}, {(ORGS, "p")}),
        (
            CLASSES,
            {"termSourcedIds": "a,b", "parentSourcedId": "no"},
            {(SESSIONS, "a"), (SESSIONS, "b")},
        ),
        (STUDENTS, {"roles": roles("o", "")}, {(ORGS, "o")}),
        (ENROLLMENTS, {"userSourcedId": "u", "classSourcedId": None}, {(USERS, "u")}),
    ],
)
def test_all_that_a_record_names_is_told_with_its_collection(
    entity: Entity, values: dict[str, Any], expected: set[tuple[Entity, str]]
) -> None:
    assert set(named(entity, values)) == expected


@with_any(st.dictionaries(st.text("abc", min_size=1), st.text("xyz", min_size=1)))
def test_without_other_ids_a_record_stays_as_it_is(values: dict[str, str]) -> None:
    record = {f"{name}SourcedId": value for name, value in values.items()}
    assert Ids().remote(CLASSES, record) == record
