from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.errors import ConfigError
from sync.model.entities import Entity
from sync.model.operation import Verb
from sync.model.request import Answer
from sync.targets.base import Wants
from sync.targets.openedx import OpenedxTarget
from tests.support.openedx import (
    ART,
    MATH,
    Scene,
    known,
    operation,
    person,
    seat,
    settings,
    target,
)

NOBODY: dict[str, pl.DataFrame] = {}


def asked(scene: Scene, **keys: Any) -> list[tuple[tuple[str, str], ...]]:
    found = target(**keys).listings(scene.wants(), NOBODY)
    return [listing.query for listing in found]


def test_each_course_that_drop_or_ledger_names_is_listed_by_itself() -> None:
    scene = Scene(students=[person("ada")], seats=[seat("e", "ada")])
    scene.ledger = [known("bo", ART)]
    assert asked(scene) == [(("course_id", ART),), (("course_id", MATH),)]


def test_the_configured_courses_are_listed_and_no_others() -> None:
    scene = Scene(students=[person("ada")], seats=[seat("e", "ada")])
    assert asked(scene, courses=[ART]) == [(("course_id", ART),)]


def test_a_list_of_a_course_asks_as_the_vendor_wants_it() -> None:
    (listing,) = target(courses=[MATH]).listings(Scene().wants(), NOBODY)
    assert listing.path == "/api/so2/v1/enrollments"
    assert dict(listing.headers) == {
        "Content-Type": "application/json",
        "Access-Control-Request-Headers": "authorization",
    }
    assert (listing.subject, listing.barred) == (MATH, (403, 404))
    assert listing.window is None
    assert listing.feeds == ("enrollments",)


@pytest.mark.parametrize(("courses", "lists"), [(200, 200), (201, 1)])
def test_of_more_than_200_courses_the_one_list_of_all_is_read(
    courses: int, lists: int
) -> None:
    keys = [f"course-v1:D+N{number}+R" for number in range(courses)]
    found = target(courses=keys).listings(Scene().wants(), NOBODY)
    assert len(found) == lists
    if lists == 1:
        assert (found[0].query, found[0].subject, found[0].barred) == ((), None, ())


def test_where_nothing_names_a_course_everything_is_read() -> None:
    assert [
        one.query for one in target().listings(Wants((Entity.ENROLLMENTS,)), NOBODY)
    ] == [()]


def test_rows_of_teachers_and_of_the_sis_name_no_course_to_read() -> None:
    rows = [seat("e", "ada", role="teacher"), seat("f", "ada", "SIS-7")]
    assert asked(Scene(students=[person("ada")], seats=rows)) == []


def test_nothing_is_read_twice_or_for_others() -> None:
    scene = Scene()
    assert not target().listings(scene.wants(), scene.tables())
    assert target().listings(Wants((Entity.STUDENTS,)), NOBODY) == ()
    assert target().assemble(Wants((Entity.STUDENTS,)), NOBODY) == {}


def test_a_record_is_looked_up_in_its_course_or_by_its_username() -> None:
    (by_course,) = target().lookup(operation("ada", verb=Verb.REMOVE))
    assert by_course.query == (("course_id", MATH),)
    (by_name,) = target(identifier="username").lookup(operation("ada"))
    assert by_name.query == (("username", "ada@x.org"),)
    assert by_name.absent == (404,)


def test_ping_asks_for_our_courses_or_for_what_is_new() -> None:
    assert [one.query for one in target(courses=[MATH, ART]).probes()] == [
        (("course_id", ART),),
        (("course_id", MATH),),
    ]
    assert [one.query for one in target().probes()] == [(("days", "1"),)]


def test_it_writes_enrollments_alone_in_batches() -> None:
    able = target().capabilities
    assert set(able.verbs) == {Entity.ENROLLMENTS}
    assert set(able.lacks) == {Entity.STUDENTS, Entity.USERS, Entity.AGENTS}
    assert able.batched
    assert not able.keeps_dates


def test_one_list_is_read_as_one() -> None:
    (listing,) = target(courses=[MATH]).listings(Scene().wants(), NOBODY)
    frame, page = target().read(listing, Answer(200, {}, b"[]"))
    assert (frame.height, page.received) == (0, 0)


def test_nothing_waits_and_everything_can_end() -> None:
    frame = pl.DataFrame({"id": ["a", "b"]})
    assert target().waves(frame).to_list() == [0, 0]
    assert target().cannot_end(Entity.ENROLLMENTS, frame)[0].to_list() == [False, False]


@pytest.mark.parametrize("policy", ["keep", "inactive", "tobedeleted"])
def test_it_ends_enrollments_softly(policy: str) -> None:
    OpenedxTarget(settings(), {Entity.ENROLLMENTS: policy})


def test_it_deletes_no_enrollments() -> None:
    with pytest.raises(ConfigError, match="no removal"):
        OpenedxTarget(settings(), {Entity.ENROLLMENTS: "delete"})
