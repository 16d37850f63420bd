from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.targets.openedx.records import frame
from sync.targets.openedx.silence import WITNESS, unread, witnesses
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


def scene(*ledger: Row, **parts: Any) -> Scene:
    """A drop of a course whose list came empty."""
    rows = {"students": [person("ada")], "seats": [seat("e", "ada")]} | parts
    return Scene(target(courses=[MATH, ART]), ledger=list(ledger), **rows)


def told(made: Scene, *witness: Row) -> dict[str, str]:
    tables = made.tables() | {WITNESS: frame(witness)}
    return unread(made.wants(), tables)


def test_some_people_of_an_empty_course_are_asked_for_by_name() -> None:
    people = [known(f"p{number}", person="x") for number in range(5)]
    made = scene(*people)
    listings = made.target.listings(made.wants(), made.tables())
    assert [one.query for one in listings] == [
        (("username", name),) for name in ("p0", "p1", "p2")
    ]
    assert {one.label for one in listings} == {WITNESS}
    again = made.tables() | {WITNESS: frame([])}
    assert not made.target.listings(made.wants(), again)


QUIET: dict[str, Scene] = {
    "a list that is not empty": scene(known("ada"), remote=[held("bo")]),
    "nobody known to be there": scene(),
    "somebody who waits": scene(known("ada", remote_id="pending:registration")),
    "somebody who was ended": scene(known("ada", ended=True)),
    "a list that was refused": scene(known("ada"), barred=[MATH]),
}


@pytest.mark.parametrize("made", QUIET.values(), ids=list(QUIET))
def test_otherwise_nobody_is_asked_for(made: Scene) -> None:
    assert witnesses(made.wants(), made.tables()) == []
    assert "empty" not in unread(made.wants(), made.tables()).values()


def test_a_witness_who_is_in_the_course_gives_the_list_the_lie() -> None:
    assert told(scene(known("ada")), held("ada")) == {MATH: "empty"}


def test_a_witness_who_is_not_confirms_that_it_is_empty() -> None:
    assert told(scene(known("ada")), held("ada", ART)) == {}


def test_without_a_witness_an_empty_list_is_not_believed() -> None:
    made = scene(known("ada", remote_id="ada@x.org"))
    assert witnesses(made.wants(), made.tables()) == []
    assert unread(made.wants(), made.tables()) == {MATH: "empty"}


def test_what_is_read_back_after_a_change_may_well_be_empty() -> None:
    made = scene(known("ada"), seats=None)
    assert unread(made.wants(), made.tables()) == {}


def test_a_course_that_is_not_believed_keeps_everything_and_says_why() -> None:
    made = scene(known("ada"), known("bo"))
    assert made.held_now()["_frozen"].to_list() == [True, True]
    row = made.rows()["e"]
    assert row["_decision"] == "blocked"
    assert "came empty" in row["_reason"]
    courses = made.mirror().frames[Entity.COURSES]
    assert courses.filter(pl.col("_barred") == "empty")["_key"].to_list() == [MATH]
