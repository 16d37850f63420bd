from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from sync.model.entities import SYNCED, Entity
from sync.model.operation import Verb
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Listing, Request
from sync.targets.base import BARRED, Wants
from sync.targets.schoology import SchoologyTarget
from sync.wire import UnreadableError
from tests.unit.targets.schoology.district import (
    District,
    drop,
    ledger,
    listed,
    operation,
    row,
    section,
    target,
    user,
    without_enrollments,
)

ENROLLMENTS = (Entity.ENROLLMENTS,)


def paths(listings: Any) -> list[str]:
    return [one.path for one in listings]


def asked(
    of: SchoologyTarget, wants: Wants, tables: dict[str, pl.DataFrame]
) -> list[Listing]:
    return list(of.listings(wants, tables))


def test_first_come_people_and_courses_then_sections_then_their_enrollments() -> None:
    of = target()
    wants = Wants(ENROLLMENTS, drop(row("S-17")))
    first = asked(of, wants, {})
    assert paths(first) == ["/users", "/courses", "/gradingperiods"]
    tables = {
        "users": listed(of, "users", [user("7001", "S-17")]),
        "courses": listed(of, "courses", [{"id": "41"}, {"id": "42"}]),
        "periods": listed(of, "periods", []),
    }
    second = asked(of, wants, tables)
    assert paths(second) == ["/courses/41/sections", "/courses/42/sections"]
    assert {one.query for one in second} == {(("include_past", "1"),)}
    tables["sections"] = listed(of, "sections", [section("55", "A"), section("56")])
    (third,) = asked(of, wants, tables)
    assert third.path == "/sections/55/enrollments"
    assert (third.subject, third.barred) == ("55", (403, 404))
    assert third.query == (("enrollment_status", "1,2,3,4,5"),)
    tables["enrollments"] = listed(of, "enrollments", [])
    assert asked(of, wants, tables) == []


def test_every_list_goes_by_limit_and_start_and_follows_redirects() -> None:
    for one in asked(target(), Wants(ENROLLMENTS, drop(row("S-17"))), {}):
        assert (one.window, one.limit) == (("limit", "start"), 200)
        assert one.follow
        assert one.headers == ()


def test_xml_is_asked_for_in_every_list() -> None:
    of = target(format="xml")
    for one in asked(of, Wants(ENROLLMENTS, drop(row("S-17"))), {}):
        assert one.headers == (("Accept", "text/xml"),)
    (single,) = of.lookup(operation("55/S-17"))
    assert single.headers == (("Accept", "text/xml"),)


def test_groups_are_one_list() -> None:
    of = target(realm="group")
    wants = Wants(ENROLLMENTS, drop(row("S-17", "chess")))
    assert paths(asked(of, wants, {})) == ["/users", "/groups"]
    tables = {
        "users": listed(of, "users", [user("7001", "S-17")]),
        "groups": listed(of, "groups", [{"id": "9", "group_code": "chess"}]),
    }
    assert paths(asked(of, wants, tables)) == ["/groups/9/enrollments"]


def realms(district: District, wants: Wants) -> list[str]:
    tables = district.tables()
    del tables["enrollments"]
    return paths(district.of.listings(wants, tables))


def test_the_inactive_are_asked_for_where_somebody_is_not_found() -> None:
    district = District()
    there = realms(district, Wants(ENROLLMENTS, drop(row("S-17"))))
    assert "/users/inactive" not in there
    strange = realms(district, Wants(ENROLLMENTS, drop(row("S-99"))))
    assert strange == ["/users/inactive"]


def test_the_ledgers_sections_are_read_as_well() -> None:
    wants = Wants(ENROLLMENTS, drop(row("S-17")), ledger("56/S-18", "57/S-1"))
    assert realms(District(), wants) == [
        f"/sections/{one}/enrollments" for one in (55, 56, 57)
    ]


def test_sections_of_which_we_have_ended_all_are_not_read() -> None:
    wants = Wants(ENROLLMENTS, drop(row("S-17")), ledger("56/S-18", ended=True))
    assert realms(District(), wants) == ["/sections/55/enrollments"]


def test_without_a_drop_everything_is_read() -> None:
    district = District(inactive=[])
    assert realms(district, Wants(ENROLLMENTS)) == [
        f"/sections/{one}/enrollments" for one in (55, 56)
    ]


def test_what_was_written_is_read_back_without_people_and_courses() -> None:
    wants = Wants(ENROLLMENTS, without_enrollments(), ledger("56/S-18", "55/S-17"))
    found = asked(target(), wants, {})
    assert paths(found) == [f"/sections/{one}/enrollments" for one in (55, 56)]
    assert {(one.absent, one.barred) for one in found} == {((404,), ())}


def test_lists_that_are_all_barred_are_not_asked_for_for_ever() -> None:
    district = District(sections=[])
    tables = district.tables()
    tables["sections"] = pl.DataFrame(schema={"_id": pl.String})
    tables["enrollments"] = tables["sections"]
    barred = {"label": ["sections"], "subject": ["41"], "status": ["403"]}
    tables[BARRED] = pl.DataFrame(barred)
    wants = Wants(ENROLLMENTS, drop(row("S-17")))
    assert asked(district.of, wants, tables) == []
    assert district.of.assemble(wants, tables)[Entity.CLASSES].is_empty()


def test_nothing_is_read_for_what_is_not_written() -> None:
    people = (Entity.STUDENTS, Entity.USERS, Entity.AGENTS)
    assert asked(target(), Wants(people, drop()), {}) == []
    assert target().assemble(Wants(people), {}) == {}


@pytest.mark.parametrize("total", ["2", 2])
def test_a_page_says_how_many_there_are_and_never_where_to_go(total: Any) -> None:
    body = {
        "enrollment": [{"id": "1"}, {"id": "2"}],
        "total": total,
        "links": {"self": "x", "next": "http://elsewhere.example/?start=2"},
    }
    listing = Listing("enrollments", "schoology", "/sections/55/enrollments")
    frame, page = target().read(listing, Answer(200, {}, json.dumps(body).encode()))
    assert (page.received, page.total, page.next) == (2, 2, None)
    assert frame["_id"].to_list() == ["1", "2"]


def test_one_enrollment_is_read_as_it_is() -> None:
    of = target()
    (listing,) = of.lookup(operation("55/S-17", Verb.UPDATE))
    body = json.dumps({"id": "9055", "uid": "7001", "status": "1", "admin": 0})
    frame, page = of.read(listing, Answer(200, {}, body.encode()))
    assert page.received == 1
    assert frame.row(0, named=True)["uid"] == "7001"


def test_a_page_of_something_else_is_unreadable() -> None:
    listing = Listing("users", "schoology", "/users")
    with pytest.raises(UnreadableError):
        target().read(listing, Answer(200, {}, b'{"error": "no"}'))


def test_what_is_there_is_looked_up_by_its_id_and_what_is_new_by_its_user() -> None:
    of = target()
    (known,) = of.lookup(operation("55/S-17", Verb.UPDATE))
    assert (known.path, known.paged) == ("/sections/55/enrollments/9055", False)
    (new,) = of.lookup(operation("55/S-17", after={"uid": "7001"}))
    assert (new.path, new.paged) == ("/sections/55/enrollments", True)
    assert new.query[0] == ("uid", "7001")
    assert known.absent == new.absent == (404,)
    assert known.barred == new.barred == (), "what may not be seen settles nothing"
    assert known.subject == new.subject == "55"


def failure(
    status: int | None, kind: FailureKind = FailureKind.REJECT, **facts: Any
) -> Failure:
    return Failure(kind, status, "no", "no", **facts)


def batch(of: SchoologyTarget, count: int) -> Request:
    (request,) = of.compose([operation(f"55/S-{n}") for n in range(count)], {})
    return request


FATAL = FailureKind.FATAL
BY_CODES = {"route": "codes", "grading_periods": ["13"]}


@pytest.mark.parametrize(
    ("keys", "refused", "parts"),
    [
        ({}, failure(400), 2),
        ({}, failure(404), 2),
        ({}, failure(422), 2),
        ({}, failure(403, FATAL), 2),
        ({"route": "realm"}, failure(400), 2),
        ({"route": "realm"}, failure(403, FATAL), 0),
        ({"route": "realm"}, failure(404), 0),
        (BY_CODES, failure(404), 0),
        (BY_CODES, failure(400), 2),
        ({}, failure(401, FATAL), 0),
        ({}, failure(500, FailureKind.RETRY), 0),
        ({}, failure(429, FailureKind.RETRY), 0),
        ({}, failure(400, in_doubt=True), 0),
        ({}, failure(None), 0),
    ],
)
def test_a_batch_is_halved_where_one_item_may_be_the_reason(
    keys: dict[str, Any], refused: Failure, parts: int
) -> None:
    of = target(**keys)
    request = batch(of, 5)
    found = of.take_apart(request, refused)
    assert len(found) == parts
    if parts:
        assert [one for part in found for one in part] == list(request.operations)
        assert [len(part) for part in found] == [3, 2]
    assert of.take_apart(batch(of, 1), refused) == ()


def test_what_is_pending_cannot_be_ended() -> None:
    joined = pl.DataFrame(
        {
            "fate": ["remove", "remove", "kept", None],
            "ends": [False, False, False, True],
            "r:state": ["1", "3", "4", "4"],
        }
    )
    stuck, why = target().cannot_end(Entity.ENROLLMENTS, joined)
    assert stuck.to_list() == [False, True, False, True]
    assert why.startswith("pending")


def test_where_nothing_is_there_nothing_is_stuck() -> None:
    joined = pl.DataFrame({"fate": [None], "ends": [False]})
    stuck, _ = target().cannot_end(Entity.ENROLLMENTS, joined)
    assert stuck.to_list() == [False]


def test_what_it_does_not_write_is_declared() -> None:
    able = target().capabilities
    assert set(able.verbs) | set(able.lacks) == set(SYNCED)
    assert able.batched
    assert not able.keeps_dates


def test_all_go_in_one_wave() -> None:
    waves = target().waves(pl.DataFrame({"id": ["a", "b"]}))
    assert waves.to_list() == [0, 0]
    assert waves.dtype == pl.UInt8


@pytest.mark.parametrize(
    ("realm", "wanted"),
    [("section", ["/users", "/courses"]), ("group", ["/users", "/groups"])],
)
def test_ping_asks_for_one_record_of_each_list(realm: str, wanted: list[str]) -> None:
    probes = target(realm=realm).probes()
    assert paths(probes) == wanted
    assert {one.limit for one in probes} == {1}
