from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from sync.model import normalise
from sync.model.entities import SYNCED, Entity, Mode
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView, digest
from sync.model.roster import Roster
from sync.targets.base import Wants
from sync.targets.common import records
from sync.targets.timeback.mirror import assemble, students_that_matter
from sync.targets.timeback.records import links as guardians

STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
AGENTS, ENROLLMENTS = Entity.AGENTS, Entity.ENROLLMENTS
EVERYTHING = Wants(SYNCED)
NO_KEYS = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})


def role(name: str, org: str = "o1") -> dict[str, Any]:
    return {"roleType": "primary", "role": name, "org": {"sourcedId": org}}


def person(key: str, *roles: str, **facts: Any) -> dict[str, Any]:
    own = {"sourcedId": key, "status": "active", "enabledUser": "true"}
    return own | {"roles": [role(one) for one in roles]} | facts


def student(key: str, *agents: str, **facts: Any) -> dict[str, Any]:
    links = {"agents": [{"sourcedId": one} for one in agents]}
    return person(key, "student") | links | facts


def told(of: Mapping[str, Sequence[tuple[str, str]]]) -> pl.DataFrame:
    """The guardians that were read singly, student by student."""
    return pl.concat(
        [
            guardians(
                [
                    {"user": {"sourcedId": agent}, "relationshipType": kind}
                    for agent, kind in links
                ],
                key,
            ).with_columns(pl.lit(key).alias("_subject"))
            for key, links in of.items()
        ]
    )


def roster(links: list[dict[str, Any]] | None = None, **frames: pl.DataFrame) -> Roster:
    found = {Entity(name): frame for name, frame in frames.items()}
    if links is not None:
        names = ("studentSourcedId", "agentSourcedId", "relationshipType", "status")
        schema = dict.fromkeys(names, pl.String)
        found[AGENTS] = pl.DataFrame(
            [{"relationshipType": "mother", "status": "active"} | one for one in links],
            schema=schema,
        ).with_columns(
            pl.concat_str("studentSourcedId", "agentSourcedId", separator="/").alias(
                "_key"
            )
        )
    return Roster(found, dict.fromkeys(found, Mode.BULK), {}, NO_KEYS)


def link(student_key: str, agent: str, **cells: Any) -> dict[str, Any]:
    return {"studentSourcedId": student_key, "agentSourcedId": agent} | cells


def ledger(*links: tuple[str, str | None], ended: bool = False) -> LedgerView:
    rows = [
        {
            "entity": "agents",
            "key": key,
            "remote_id": None,
            "source": "",
            "created": True,
            "missed": 0,
            "ended": ended,
            "digest": digest(kind) if kind else None,
        }
        for key, kind in links
    ]
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def test_people_stand_under_students_when_one_role_is_student() -> None:
    people = records.people(
        [
            person("b", "teacher"),
            person("a", "student"),
            person("c", "teacher", "student"),
            person("d"),
            person("e", "studentAide"),
        ]
    )
    frames = assemble(EVERYTHING, {"users": people}, edubridge=True)
    assert frames[STUDENTS]["_key"].to_list() == ["a", "c"]
    assert frames[USERS]["_key"].to_list() == ["b", "d", "e"]
    assert frames[STUDENTS]["_remote_id"].to_list() == ["a", "c"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"grades": ["5", "K"]}, {"grades": "KG,05"}),
        ({"grades": ["-1", "0", "13"]}, {"grades": "PK,KG,13"}),
        ({"grades": ["Foo"]}, {"grades": "Foo"}),
        ({"enabledUser": True}, {"enabledUser": "true"}),
        ({"givenName": "  Zoe\u0308 "}, {"givenName": "Zo\u00eb"}),
        ({"email": "A@B.example "}, {"email": "A@B.example"}),
        (
            {"demographics": {"birthDate": "2015-02-03T00:00:00Z"}},
            {"birthDate": "2015-02-03"},
        ),
    ],
)
def test_people_are_normalised_as_the_drop_is(
    facts: dict[str, Any], expected: dict[str, Any]
) -> None:
    people = records.people([person("a", "student", **facts)])
    found = assemble(EVERYTHING, {"users": people}, edubridge=True)[STUDENTS]
    row = found.row(0, named=True)
    assert {name: row[name] for name in expected} == expected


def test_birth_dates_that_are_never_shown_are_no_column() -> None:
    people = records.people([person("a", "student")])
    found = assemble(EVERYTHING, {"users": people}, edubridge=True)[STUDENTS]
    assert "birthDate" not in found.columns


def test_metadata_that_the_drop_has_is_taken_out_of_what_is_carried() -> None:
    frame = pl.DataFrame(
        schema=dict.fromkeys(("_key", "metadata.room", "metadata.a b"), pl.String)
    )
    people = records.people(
        [person("a", "student", metadata={"room": " 7 ", "a b": "x", "other": 1})]
    )
    wants = Wants(SYNCED, roster(students=frame))
    row = assemble(wants, {"users": people}, edubridge=True)[STUDENTS].row(
        0, named=True
    )
    assert (row["metadata.room"], row["metadata.a b"]) == ("7", "x")
    assert "metadata.other" not in row


def test_links_are_those_told_singly_and_those_that_the_list_shows() -> None:
    people = records.people(
        [
            student("s1", "u1", "u2"),
            student("s2", "u1"),
            student("s3"),
            student("s/4", "u%1", agents=None),
            person("u1", "parent", agents=[{"sourcedId": "u9"}]),
        ]
    )
    tables = {
        "users": people,
        "agents": told({"s1": [("u1", "mother")], "s/4": [("u/5", "aunt ")]}),
    }
    wants = Wants(SYNCED, roster([link("s1", "u1"), link("s2", "u1")]))
    found = assemble(wants, tables, edubridge=True)[AGENTS]
    assert found.select("_key", "relationshipType", "_unread").rows() == [
        ("s%2F4/u%2F5", "aunt", None),
        ("s1/u1", "mother", None),
        ("s2/u1", None, ",relationshipType,"),
    ]
    assert set(found["status"]) == {"active"}
    assert set(found["_remote_id"]) == {None}


def test_a_student_who_was_asked_and_has_nobody_has_no_links() -> None:
    tables = {
        "users": records.people([student("s1", "u1")]),
        "agents": told({"s1": []}),
    }
    assert assemble(EVERYTHING, tables, edubridge=True)[AGENTS].is_empty()


def test_only_what_was_read_has_frames() -> None:
    assert assemble(EVERYTHING, {}, edubridge=True) == {}
    users = {"users": records.people([])}
    without = Wants((STUDENTS, USERS))
    assert AGENTS not in assemble(without, users, edubridge=True)


CLASSES = records.classes(
    [
        {
            "sourcedId": "c1",
            "course": {"sourcedId": "k1"},
            "school": {"sourcedId": "o1"},
        },
        {"sourcedId": "c2", "course": {"sourcedId": "k1"}},
    ]
)


def enrollment(key: str, **facts: Any) -> dict[str, Any]:
    own = {"sourcedId": key, "status": "active", "role": "student"}
    return own | {"user": {"sourcedId": "s1"}, "class": {"sourcedId": "c1"}} | facts


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        pytest.param(
            [enrollment("e1")],
            [("s1/k1/o1/student", "e1", "active")],
            id="of its class",
        ),
        pytest.param(
            [enrollment("e1", course={"sourcedId": "k9"}, school={"sourcedId": "o/9"})],
            [("s1/k9/o%2F9/student", "e1", "active")],
            id="its own course and school come first",
        ),
        pytest.param(
            [enrollment("e2"), enrollment("e1"), enrollment("e3", role="teacher")],
            [
                ("s1/k1/o1/student", "e1", "active"),
                ("s1/k1/o1/teacher", "e3", "active"),
            ],
            id="several of one identity are one",
        ),
        pytest.param(
            [enrollment("e1", status="tobedeleted"), enrollment("e2")],
            [("s1/k1/o1/student", "e2", "active")],
            id="active as long as one of them is",
        ),
        pytest.param(
            [enrollment("e1", status="tobedeleted")],
            [("s1/k1/o1/student", "e1", "tobedeleted")],
            id="ended when all are",
        ),
        pytest.param(
            [enrollment("e1", **{"class": {"sourcedId": "c2"}})],
            [("?e1", "e1", "active")],
            id="a class without a school gives no identity",
        ),
        pytest.param(
            [enrollment("e1", user=None)],
            [("?e1", "e1", "active")],
            id="nor does an enrollment without a user",
        ),
    ],
)
def test_edubridge_knows_an_enrollment_by_user_course_school_and_role(
    listed: list[dict[str, Any]], expected: list[Any]
) -> None:
    tables = {"enrollments": records.enrollments(listed), "classes": CLASSES}
    found = assemble(EVERYTHING, tables, edubridge=True)[ENROLLMENTS]
    assert found.select("_key", "_remote_id", "status").rows() == expected


def test_oneroster_knows_an_enrollment_by_its_id_and_carries_its_metadata() -> None:
    listed = [
        enrollment("e2", primary=True, beginDate="2026-08-01T00:00:00Z"),
        enrollment("e1", metadata={"goal": "x", "room": "7"}),
    ]
    frame = pl.DataFrame(schema=dict.fromkeys(("_key", "metadata.room"), pl.String))
    wants = Wants(SYNCED, roster(enrollments=frame))
    tables = {"enrollments": records.enrollments(listed)}
    found = assemble(wants, tables, edubridge=False)[ENROLLMENTS]
    columns = ["_key", "primary", "beginDate", "metadata.room", "_rest"]
    assert found.select(columns).rows() == [
        ("e1", None, None, "7", '{"metadata": {"goal": "x", "room": "7"}}'),
        ("e2", "true", "2026-08-01", None, None),
    ]


PEOPLE = records.people(
    [
        student("same", "u1"),
        student("more", "u1", "u2"),
        student("none"),
        student("silent", agents=None),
        person("teacher", "teacher", agents=[{"sourcedId": "u1"}]),
    ]
)


@pytest.mark.parametrize(
    ("links", "known", "expected"),
    [
        pytest.param([link("same", "u1")], ledger(), [], id="shown as wanted"),
        pytest.param([link("same", "u2")], ledger(), ["same"], id="another is wanted"),
        pytest.param(
            [link("none", "u1")], ledger(), ["none"], id="one is wanted, none shown"
        ),
        pytest.param(
            [link("silent", "u1")], ledger(), ["silent"], id="the list does not say"
        ),
        pytest.param([link("teacher", "u1")], ledger(), [], id="no student"),
        pytest.param([link("stranger", "u1")], ledger(), [], id="not there yet"),
        pytest.param(
            [], ledger(("same/u1", None)), ["same"], id="ours, and wanted no more"
        ),
        pytest.param([], ledger(), [], id="nobody's business"),
        pytest.param(
            [], ledger(("same/u1", None), ended=True), [], id="ended by us already"
        ),
        pytest.param(
            [link("same", "u1", status="tobedeleted")],
            ledger(("same/u1", None)),
            ["same"],
            id="its own row ends it",
        ),
        pytest.param(
            [link("same", "u1", relationshipType="aunt")],
            ledger(("same/u1", "mother")),
            ["same"],
            id="another relationship than was sent last",
        ),
        pytest.param(
            [link("same", "u1")], ledger(("same/u1", "mother")), [], id="sent last"
        ),
        pytest.param(
            [link("more", "u2"), link("more", "u1")], ledger(), [], id="in any order"
        ),
    ],
)
def test_guardians_are_read_singly_only_where_it_matters(
    links: list[dict[str, Any]], known: LedgerView, expected: list[str]
) -> None:
    wants = Wants(SYNCED, roster(links), known)
    assert students_that_matter(wants, PEOPLE, types_matter=False) == expected


def test_where_types_stand_nowhere_else_everybody_with_a_guardian_is_read() -> None:
    links = [link("same", "u1"), link("more", "u1"), link("more", "u2")]
    wants = Wants(SYNCED, roster(links))
    found = students_that_matter(wants, PEOPLE, types_matter=True)
    assert found == ["more", "same"]


def test_without_a_drop_everybody_who_may_have_a_guardian_is_read() -> None:
    found = students_that_matter(EVERYTHING, PEOPLE, types_matter=False)
    assert found == ["more", "same", "silent"]


def test_keys_in_the_ledger_are_taken_apart_as_they_were_joined() -> None:
    people = records.people([student("a/b", "u1")])
    wants = Wants(SYNCED, roster([]), ledger(("a%2Fb/u1", None)))
    assert students_that_matter(wants, people, types_matter=False) == ["a/b"]


@pytest.mark.parametrize(
    ("shown", "asked"),
    [((), ["s"]), (("a",), ["s"]), (("a", "b"), ["s"])],
)
def test_a_student_of_ours_whose_last_guardians_left_the_drop_is_asked_for(
    shown: tuple[str, ...], asked: list[str]
) -> None:
    people = records.people([student("s", *shown)])
    ours = ledger(("s/a", "mother"), ("s/b", "father"))
    wants = Wants((AGENTS,), roster([]), ours)
    assert students_that_matter(wants, people, types_matter=False) == asked


def test_a_list_that_shows_exactly_the_links_that_are_ours_asks_for_nobody() -> None:
    people = records.people([student("s/1", "a", "b/2")])
    ours = ledger(("s%2F1/a", "mother"), ("s%2F1/b%2F2", "mother"))
    links = roster([link("s/1", "a"), link("s/1", "b/2")])
    keys = normalise.key("studentSourcedId", "agentSourcedId").alias("_key")
    links = replace(links, frames={AGENTS: links.frames[AGENTS].with_columns(keys)})
    wants = Wants((AGENTS,), links, ours)
    assert students_that_matter(wants, people, types_matter=False) == []


def test_guardians_are_compared_under_the_ids_that_the_target_gave() -> None:
    people = records.people([student("old", "g9", "u1"), student("s2")])
    given = [
        {"entity": entity, "key": key, "remote_id": found}
        for entity, key, found in (("students", "new", "old"), ("users", "g1", "g9"))
    ]
    names = pl.DataFrame(given, schema=LEDGER_SCHEMA)
    ours = ledger(("new/g1", "mother"), ("new/u1", "mother"))
    known = replace(ours, records=pl.concat([ours.records, names]))
    links = roster([link("new", "g1"), link("new", "u1")])
    keys = normalise.key("studentSourcedId", "agentSourcedId").alias("_key")
    links = replace(links, frames={AGENTS: links.frames[AGENTS].with_columns(keys)})
    wants = Wants((AGENTS,), links, known)
    assert students_that_matter(wants, people, types_matter=False) == []
    fewer = Wants((AGENTS,), roster([link("new", "g1")]), known)
    assert students_that_matter(fewer, people, types_matter=False) == ["old"]
