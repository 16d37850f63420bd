from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from tests.support.openedx import (
    ART,
    MATH,
    Row,
    Scene,
    held,
    known,
    person,
    seat,
    target,
)

OURS = (MATH, ART)


def rows(scene: Scene) -> dict[str, Row]:
    return {row["_key"]: row for row in scene.held_now().to_dicts()}


def scene(*remote: Row, **parts: Any) -> Scene:
    return Scene(target(courses=OURS), remote=list(remote), **parts)


def test_an_enrollment_is_known_by_its_course_and_its_lower_case_address() -> None:
    (row,) = scene(held("Ada")).held_now().to_dicts()
    assert row["_key"] == f"{MATH}/ada@x.org"
    assert (row["identifier"], row["_remote_id"]) == ("Ada@x.org", "Ada")
    assert (row["status"], row["role"], row["_frozen"]) == ("active", "student", False)
    assert json.loads(row["_rest"]) == {"mode": "audit", "username": "Ada"}


def test_with_usernames_it_is_known_by_them() -> None:
    made = Scene(
        target(courses=OURS, identifier="username"), remote=[held("Ada", email=None)]
    )
    assert list(rows(made)) == [f"{MATH}/ada"]


def test_an_inactive_enrollment_is_ended() -> None:
    assert scene(held("ada", is_active=False)).held_now()["status"].to_list() == [
        "inactive"
    ]


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_of_two_rows_of_one_person_the_active_one_counts(order: list[bool]) -> None:
    made = scene(*(held("ada", is_active=active) for active in order))
    assert made.held_now()["status"].to_list() == ["active"]


@pytest.mark.parametrize(
    "row",
    [
        held("ada", email=None),
        held("ada", email=" "),
        held("ada", is_active="yes"),
        held("ada", email="a,b@x.org"),
        {"course_id": None, "username": "ada", "email": "ada@x.org"},
    ],
)
def test_what_cannot_be_told_or_named_is_frozen(row: Row) -> None:
    assert scene(row).held_now()["_frozen"].to_list() == [True]


def test_two_accounts_under_one_address_are_frozen() -> None:
    (row,) = scene(held("ada"), held("ada2", email="ADA@x.org")).held_now().to_dicts()
    assert row["_frozen"]


def test_courses_that_are_not_ours_are_left_out() -> None:
    assert list(rows(scene(held("ada"), held("bo", "course-v1:X+Y+Z")))) == [
        f"{MATH}/ada@x.org"
    ]


def test_the_ledger_tells_for_whom_an_enrollment_was_made() -> None:
    made = scene(
        held("ada"),
        held("bo"),
        held("cy"),
        students=[person("s2", "ada@x.org"), person("s3", "bo@x.org")],
        ledger=[known("ada", person="s1")],
    )
    assert made.held_now()["userSourcedId"].to_list() == ["s1", "s3", None]


def test_an_address_of_two_people_is_nobodys() -> None:
    made = scene(
        held("ada"), students=[person("s1", "ada@x.org"), person("s2", "ada@x.org")]
    )
    assert made.held_now()["userSourcedId"].to_list() == [None]


def waits(who: str = "ada", **cells: Any) -> Row:
    return known(who, remote_id="pending:registration", **cells)


def test_who_waits_for_an_account_stands_in_the_mirror() -> None:
    row = rows(scene(ledger=[waits()]))[f"{MATH}/ada@x.org"]
    assert (row["status"], row["_remote_id"]) == ("active", "pending:registration")
    assert (row["userSourcedId"], row["_frozen"]) == ("ada", False)
    assert row["_subject"] is None


def test_who_has_waited_and_is_listed_waits_no_more() -> None:
    (row,) = scene(held("ada"), ledger=[waits()]).held_now().to_dicts()
    assert row["_remote_id"] == "ada"


def test_a_permission_that_was_taken_back_is_forgotten() -> None:
    assert scene(ledger=[waits(ended=True)]).held_now().is_empty()


def test_others_of_the_ledger_are_not_made_up() -> None:
    made = scene(held("bo"), ledger=[known("ada")])
    assert list(rows(made)) == [f"{MATH}/bo@x.org"]


def test_of_a_course_that_cannot_be_read_the_ledgers_records_are_frozen() -> None:
    made = scene(
        held("bo", ART),
        ledger=[known("ada"), known("ex", ended=True), known("new", remote_id=None)],
        barred=[MATH],
    )
    found = rows(made)
    assert found[f"{MATH}/ada@x.org"]["_frozen"]
    assert found[f"{MATH}/ex@x.org"]["status"] == "inactive"
    assert f"{MATH}/new@x.org" not in found
    assert not found[f"{ART}/bo@x.org"]["_frozen"]


def test_the_courses_say_which_could_not_be_read() -> None:
    frame = scene(barred=[MATH]).mirror().frames[Entity.COURSES]
    assert frame.select("_key", "_barred", "_frozen").rows() == [
        (ART, None, False),
        (MATH, "403", True),
    ]


def test_whose_list_a_record_was_in_is_kept() -> None:
    made = scene(held("ada"), ledger=[waits("bo")])
    frame = made.target.assemble(made.wants(), made.tables(MATH))[Entity.ENROLLMENTS]
    assert frame["_subject"].to_list() == [MATH, None]


def test_lists_of_which_none_has_a_record_are_an_empty_frame() -> None:
    made = scene()
    nothing = {"enrollments": pl.DataFrame(schema={"_id": pl.String})}
    full = scene(held("ada")).held_now()
    assert made.target.assemble(made.wants(), nothing)[Entity.ENROLLMENTS].schema == (
        full.schema
    )


def test_a_plan_and_its_second_reading_say_the_same_of_a_record() -> None:
    made = scene(held("ada"), held("bo"), ledger=[known("ada", person="s1")])
    made.students = [person("s2", "bo@x.org")]
    made.seats = [seat("e", "s2")]
    first = made.held_now()
    again = scene(held("ada"), held("bo"), seats=None)
    again.ledger = [
        known(who, person=whose, remote_id=None)
        for who, whose in zip(("ada", "bo"), first["userSourcedId"], strict=True)
    ]
    assert again.held_now().equals(first)


def test_a_fetched_roster_names_people_and_courses() -> None:
    made = scene(held("Ada"), held("ada", ART, email="ada@x.org"), held("bo", ART))
    made.ledger = [known("bo", ART, person="s2")]
    frames = made.target.assemble(made.wants(roster=False), made.tables())
    assert frames[Entity.COURSES]["sourcedId"].to_list() == [ART, MATH]
    people = frames[Entity.USERS].select("sourcedId", "username", "email", "roles")
    assert [row[:3] for row in people.rows()] == [
        ("Ada@x.org", "Ada", "Ada@x.org"),
        ("ada@x.org", "ada", "ada@x.org"),
        ("s2", "bo", "bo@x.org"),
    ]
    assert set(frames[Entity.ENROLLMENTS]["userSourcedId"]) <= set(people["sourcedId"])
