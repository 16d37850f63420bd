from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest

from sync.model.entities import PEOPLE, REFERENCE, SYNCED, Entity, Mode
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.roster import Roster
from sync.targets.base import Wants
from sync.targets.oneroster.mirror import (
    LOOKED_UP,
    READERS,
    Lists,
    assemble,
    hidden,
    moment,
    whole,
)

EVERYTHING = Wants((*REFERENCE, *SYNCED))
LISTS = Lists(100, old=False)
NO_KEYS = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})
STUDENTS, USERS, AGENTS = Entity.STUDENTS, Entity.USERS, Entity.AGENTS
ENROLLMENTS = Entity.ENROLLMENTS


def person(key: str, role: str = "student", **facts: Any) -> dict[str, Any]:
    roles = [{"roleType": "primary", "role": role, "org": {"sourcedId": "o1"}}]
    return {"sourcedId": key, "status": "active", "roles": roles} | facts


def tables(**records: list[Any]) -> dict[str, pl.DataFrame]:
    return {label: READERS[label](found) for label, found in records.items()}


def asked(wants: Wants, lists: Lists = LISTS) -> dict[str, dict[str, str]]:
    return {one.label: dict((*one.preferred, *one.query)) for one in lists.all(wants)}


@pytest.mark.parametrize(
    ("wanted", "labels"),
    [
        (
            (*REFERENCE, *SYNCED),
            ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"],
        ),
        (PEOPLE, [f"orgs{LOOKED_UP}", "users"]),
        ((AGENTS,), [f"orgs{LOOKED_UP}", "users"]),
        (
            (ENROLLMENTS,),
            [
                f"orgs{LOOKED_UP}",
                f"classes{LOOKED_UP}",
                f"users{LOOKED_UP}",
                "enrollments",
            ],
        ),
        ((Entity.ORGS,), ["orgs"]),
        (
            (Entity.CLASSES,),
            [
                f"orgs{LOOKED_UP}",
                f"academicSessions{LOOKED_UP}",
                f"courses{LOOKED_UP}",
                "classes",
            ],
        ),
    ],
)
def test_lists_are_those_of_what_is_wanted_and_of_what_it_names(
    wanted: tuple[Entity, ...], labels: list[str]
) -> None:
    found = asked(Wants(wanted, roster()))
    assert list(found) == labels
    for label, query in found.items():
        assert (query["sort"], query["orderBy"]) == ("sourcedId", "asc")
        assert ("fields" in query) == label.endswith(LOOKED_UP)


def test_the_fields_of_users_are_those_of_the_version() -> None:
    label = f"users{LOOKED_UP}"
    wants = Wants((ENROLLMENTS,), roster())
    new = asked(wants)[label]["fields"].split(",")
    old = asked(wants, Lists(100, old=True))[label]["fields"].split(",")
    assert ("roles" in new, "role" in new) == (True, False)
    assert ("roles" in old, "role" in old) == (False, True)


def test_without_a_drop_everything_is_read_whole() -> None:
    found = asked(Wants((ENROLLMENTS,)))
    assert list(found) == ["orgs", "classes", "users", "enrollments"]
    assert not any("fields" in query for query in found.values())


def test_changes_alone_are_asked_for_by_an_instant_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    since = datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=east)
    assert moment(since) == "2026-11-19T23:02:03.456Z"
    assert moment(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    lists = LISTS.all(Wants((STUDENTS,), since=since))
    assert {one.delta for one in lists} == {True}
    filters = {dict(one.query)["filter"] for one in lists}
    assert filters == {"dateLastModified>'2026-11-19T23:02:03.456Z'"}


def test_probes_are_one_record_of_every_list() -> None:
    found = LISTS.probes()
    assert [one.path for one in found] == [
        f"/{name}"
        for name in (
            *("orgs", "academicSessions", "courses", "classes"),
            *("users", "enrollments"),
        )
    ]
    assert {one.limit for one in found} == {1}


def test_people_stand_by_their_roles_and_links_by_their_students() -> None:
    frames = assemble(
        EVERYTHING,
        tables(
            users=[
                person("s1", agents=[{"sourcedId": "g1"}, {"sourcedId": "g/2"}]),
                person("s2", agents=[]),
                person("g1", "parent", agents=[{"sourcedId": "s1"}]),
            ]
        ),
    )
    assert frames[STUDENTS]["_key"].to_list() == ["s1", "s2"]
    assert frames[USERS]["_key"].to_list() == ["g1"]
    links = frames[AGENTS].select("_key", "studentSourcedId", "agentSourcedId")
    assert links.rows() == [("s1/g%2F2", "s1", "g/2"), ("s1/g1", "s1", "g1")]
    assert set(frames[AGENTS]["status"]) == {"active"}
    assert "relationshipType" not in frames[AGENTS].columns
    assert "birthDate" not in frames[STUDENTS].columns


@pytest.mark.parametrize("facts", [{"status": "away"}, {"enabledUser": "maybe"}])
def test_people_with_words_that_nobody_knows_are_frozen_with_their_links(
    facts: dict[str, Any],
) -> None:
    odd = person("s1", agents=["g1"], **facts)
    frames = assemble(EVERYTHING, tables(users=[odd, person("s2", agents=["g1"])]))
    assert frames[STUDENTS]["_frozen"].to_list() == [True, False]
    assert frames[AGENTS]["_frozen"].to_list() == [True, False]


def seat(**facts: Any) -> dict[str, Any]:
    own = {"sourcedId": "e1", "status": "active", "role": "student"}
    return own | {"user": {"sourcedId": "s1"}, "class": {"sourcedId": "c1"}} | facts


@pytest.mark.parametrize(
    ("facts", "frozen"),
    [
        ({}, False),
        ({"status": None}, False),
        ({"role": "ext:coach"}, False),
        ({"role": "pirate"}, True),
        ({"role": None}, True),
        ({"user": None}, True),
        ({"class": None}, True),
        ({"status": "deleted"}, True),
        ({"endDate": "soon"}, True),
        ({"endDate": "2026-08-01T00:00:00.000Z"}, False),
    ],
)
def test_an_enrollment_that_is_not_understood_is_frozen(
    facts: dict[str, Any], frozen: bool
) -> None:
    frames = assemble(EVERYTHING, tables(enrollments=[seat(**facts)]))
    assert frames[ENROLLMENTS]["_frozen"].to_list() == [frozen]
    assert frames[ENROLLMENTS]["_remote_id"].to_list() == ["e1"]


def test_values_are_normalised_as_the_drop_is() -> None:
    a_class = {
        "sourcedId": "c1",
        "status": "Active",
        "grades": ["6", "K"],
        "terms": [{"sourcedId": "t2"}, {"sourcedId": "t1"}],
        "classType": "Homeroom",
    }
    frames = assemble(
        EVERYTHING, tables(classes=[a_class], enrollments=[seat(primary=True)])
    )
    found = frames[Entity.CLASSES].row(0, named=True)
    names = ("status", "grades", "termSourcedIds", "classType")
    assert [found[name] for name in names] == ["active", "KG,06", "t1,t2", "homeroom"]
    assert frames[ENROLLMENTS]["primary"].to_list() == ["true"]


def test_only_what_was_read_has_frames() -> None:
    assert assemble(EVERYTHING, {}) == {}
    assert set(assemble(Wants(PEOPLE), tables(users=[]))) == {STUDENTS, USERS}


def test_tables_are_known_by_their_collection() -> None:
    looked = READERS["orgs"]([{"sourcedId": "o1"}])
    nobody = pl.DataFrame(schema={"_id": pl.String})
    found = whole({f"orgs{LOOKED_UP}": looked, "users": nobody, "_barred": nobody})
    assert set(found) == {"orgs", "users"}
    assert "roles" in found["users"].columns


def ledger(*keys: str) -> LedgerView:
    rows = [
        {"entity": "agents", "key": key, "created": True, "ended": False, "missed": 0}
        for key in keys
    ]
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def roster(*links: tuple[str, str]) -> Roster:
    names = ("studentSourcedId", "agentSourcedId")
    frame = pl.DataFrame(
        list(links), schema=dict.fromkeys(names, pl.String), orient="row"
    )
    return Roster({AGENTS: frame}, {AGENTS: Mode.BULK}, {}, NO_KEYS)


SHOWING = [person("s1", agents=["g1"]), person("s/2"), person("s3", agents=[])]
SILENT = [person("s1"), person("s/2"), person("s3", agents=[])]


@pytest.mark.parametrize(
    ("people", "wants", "expected"),
    [
        pytest.param(
            SHOWING,
            Wants((AGENTS,), roster(("s3", "g1"))),
            [],
            id="the list shows some",
        ),
        pytest.param(
            SILENT,
            Wants((AGENTS,), roster(("s3", "g1"), ("s1", "g1"), ("new", "g1"))),
            ["s1", "s3"],
            id="it shows none, and some are wanted",
        ),
        pytest.param(
            SHOWING,
            Wants((AGENTS,), roster(), ledger("s%2F2/g1", "s1/g1")),
            ["s/2"],
            id="it does not show one that is ours",
        ),
        pytest.param(SILENT, Wants((AGENTS,)), [], id="without a drop"),
    ],
)
def test_students_are_read_singly_where_the_list_may_hide_their_guardians(
    people: list[Any], wants: Wants, expected: list[str]
) -> None:
    found = hidden(wants, tables(users=people)["users"])
    assert [one.subject for one in found] == expected
    assert all(one.label == "person" and one.absent == (404,) for one in found)


def test_a_student_of_another_id_is_read_singly_under_that() -> None:
    known = ledger("s1/g1", "s2/g2")
    more = [
        {"entity": "students", "key": "s1", "remote_id": "theirs"},
        {"entity": "users", "key": "g2", "remote_id": "hers"},
    ]
    records = pl.concat([known.records, pl.DataFrame(more, schema=LEDGER_SCHEMA)])
    wants = Wants((AGENTS,), roster(), LedgerView(records, known.pairs))
    people = [person("theirs", agents=[]), person("s2", agents=["hers"])]
    found = hidden(wants, tables(users=people)["users"])
    assert [one.subject for one in found] == ["theirs"]


def test_who_was_read_singly_stands_as_he_was_read() -> None:
    listed = tables(users=[person("s1", phone="1"), person("s2")])["users"]
    single = READERS["users"]([person("s1", agents=["g1"])]).with_columns(
        _subject=pl.lit("s1")
    )
    frames = assemble(EVERYTHING, {"users": listed, "person": single})
    assert frames[STUDENTS]["_key"].to_list() == ["s1", "s2"]
    assert frames[AGENTS]["_key"].to_list() == ["s1/g1"]
    assert "agents" in frames[STUDENTS]["_rest"][0]
