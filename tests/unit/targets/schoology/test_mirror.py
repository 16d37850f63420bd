from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.model.operation import precondition, record_json
from sync.model.request import Answer
from sync.targets.base import Wants
from tests.unit.targets.schoology.district import (
    District,
    drop,
    ledger,
    operation,
    row,
    seat,
    section,
    target,
    user,
    without_enrollments,
)

ENROLLMENTS, USERS = Entity.ENROLLMENTS, Entity.USERS


def enrollments(district: District) -> dict[str, dict[str, Any]]:
    frame = district.mirror().frames[ENROLLMENTS]
    return {one["_key"]: one for one in frame.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("status", "shown", "frozen"),
    [
        ("1", "active", False),
        (1, "active", False),
        ("2", "inactive", False),
        ("3", "active", False),
        ("4", "active", False),
        (5, "inactive", False),
        ("6", None, True),
        (None, None, True),
    ],
)
def test_each_status_has_its_meaning_and_an_unknown_one_is_left_alone(
    status: Any, shown: str | None, *, frozen: bool
) -> None:
    district = District(seats={"55": [seat("900", "7001", "S-17", status=status)]})
    found = enrollments(district)["55/S-17"]
    assert (found["status"], found["_frozen"]) == (shown, frozen)
    assert found["state"] == (None if status is None else str(status))
    assert (found["_remote_id"], found["_subject"]) == ("900", "55")


@pytest.mark.parametrize(
    ("admin", "role"), [(1, "teacher"), ("1", "teacher"), (0, "student"), ("2", None)]
)
def test_who_administers_a_section_is_its_teacher(admin: Any, role: str | None) -> None:
    district = District(seats={"55": [seat("900", "7001", "S-17", admin=admin)]})
    found = enrollments(district)["55/S-17"]
    assert found["role"] == role
    assert found["_frozen"] is (role is None)


@pytest.mark.parametrize("blank", ["", None, "  "])
def test_whoever_has_no_id_of_ours_is_nobody_whom_we_could_end(
    blank: str | None,
) -> None:
    district = District(
        users=[user("7001", "S-17"), user("7002", "")],
        seats={"55": [seat("900", "7002", blank or "")]},
    )
    (found,) = enrollments(district).values()
    assert found["_key"] == "?900"
    assert found["userSourcedId"] is None


def test_ids_are_those_that_the_list_of_users_says_today() -> None:
    district = District(
        users=[user("7001", "S-17"), user("7002", "S-18")],
        seats={
            "55": [
                seat("900", "7001", "old"),
                seat("901", "7777", "S-18"),
                seat("902", "7778", "S-20"),
            ]
        },
    )
    assert sorted(enrollments(district)) == ["55/S-17", "55/S-20", "?901"]


def test_of_two_enrollments_of_one_user_the_better_counts() -> None:
    district = District(
        seats={
            "55": [
                seat("900", "7001", "S-17", status="2"),
                seat("901", "7001", "S-17", status="3"),
                seat("902", "7001", "S-17", status="5"),
            ]
        }
    )
    found = enrollments(district)
    assert found["55/S-17"]["_remote_id"] == "901"
    assert sorted(found) == ["55/S-17", "?900", "?902"]


def test_a_record_without_an_id_is_kept_and_left_alone() -> None:
    district = District(seats={"55": [{"uid": "7001", "school_uid": "S-17"}]})
    (found,) = enrollments(district).values()
    assert found["_frozen"]


def test_what_is_ours_in_a_section_that_is_not_shown_is_there_and_left_alone() -> None:
    district = District(
        seats={"56": [seat("900", "7001", "S-17")]},
        barred=[("enrollments", "55", "403")],
    )
    book = ledger("55/S-17", "55/S-18", "56/S-17")
    frame = district.mirror(ledger=book).frames[ENROLLMENTS]
    assert frame["_key"].to_list() == ["55/S-17", "55/S-18", "56/S-17"]
    assert frame["_frozen"].to_list() == [True, True, False]
    assert frame["userSourcedId"].to_list() == ["S-17", "S-18", "S-17"]


def test_what_is_read_back_is_never_made_up() -> None:
    district = District(barred=[("enrollments", "55", "404")])
    wants = Wants((ENROLLMENTS,), without_enrollments(), ledger("55/S-17"))
    frames = district.of.assemble(wants, district.tables())
    assert frames[ENROLLMENTS].is_empty()


def test_what_we_ended_there_is_not_made_up_again() -> None:
    district = District(barred=[("enrollments", "55", "403")])
    frame = district.mirror(ledger=ledger("55/S-17", ended=True)).frames[ENROLLMENTS]
    assert frame.is_empty()


def people(district: District) -> dict[str, dict[str, Any]]:
    frame = district.mirror().frames[USERS]
    return {one["_key"]: one for one in frame.iter_rows(named=True)}


def test_people_stand_under_the_id_that_the_district_gave_them() -> None:
    district = District(
        users=[user("7001", "S-17"), user("7003", "")],
        inactive=[user("7009", "S-99"), user("7001", "S-17")],
    )
    found = people(district)
    assert sorted(found) == ["?7003", "S-17", "S-99"]
    assert found["S-17"]["_remote_id"] == "7001"
    assert (found["S-17"]["status"], found["S-99"]["status"]) == ("active", "inactive")


def test_an_id_that_two_accounts_have_is_marked() -> None:
    district = District(users=[user("7001", "S-17"), user("7002", "S-17")])
    found = people(district)
    assert sorted(found) == ["?7002", "S-17"]
    assert found["S-17"]["_twice"]


def test_an_account_in_force_takes_the_place_of_one_that_is_not() -> None:
    district = District(users=[user("7001", "S-17")], inactive=[user("7000", "S-17")])
    found = people(district)
    assert found["S-17"]["_remote_id"] == "7001"
    assert not found["S-17"]["_twice"]


def test_a_run_keeps_no_names_of_people() -> None:
    district = District(users=[user("7001", "S-17") | {"name_first": "Ada"}])
    for frame in district.mirror().frames.values():
        assert "Ada" not in frame.write_csv()


def test_what_is_fetched_for_people_says_it_in_full() -> None:
    district = District(
        users=[user("7001", "S-17") | {"name_first": "Ada", "username": "ada"}],
        sections=[section("55", "A", school_id="1"), section("56")],
        seats={
            "55": [seat("900", "7001", "S-17")],
            "56": [seat("901", "7001", "S-17")],
        },
    )
    wants = Wants((ENROLLMENTS,))
    frames = district.of.assemble(wants, district.tables())
    rows = frames[ENROLLMENTS].select("sourcedId", "userSourcedId", "classSourcedId")
    assert rows.rows() == [("900", "S-17", "A"), ("901", "S-17", "56")]
    assert frames[USERS]["givenName"].to_list() == ["Ada"]
    assert frames[Entity.CLASSES]["sourcedId"].to_list() == ["A", "56"]


def test_codes_of_schools_and_courses_there_are_not_taken_for_those_of_a_drop() -> None:
    frames = District(seats={"55": [seat("900", "7001", "S-17")]}).mirror().frames
    for entity in (ENROLLMENTS, Entity.CLASSES):
        assert "schoolSourcedId" not in frames[entity].columns
        assert "courseSourcedId" not in frames[entity].columns


def facts(frame: pl.DataFrame) -> list[str]:
    return [precondition(one) for one in record_json(frame)]


@pytest.mark.parametrize("remote_id", ["900", None])
def test_a_record_says_the_same_in_its_list_and_by_itself(
    remote_id: str | None,
) -> None:
    of = target()
    record = seat("900", "7001", "S-17", admin=1)
    district = District(of, seats={"55": [record]})
    whole = district.mirror().frames[ENROLLMENTS]
    (listing,) = of.lookup(
        operation("55/S-17", after={"uid": "7001"}, remote_id=remote_id)
    )
    body = {"enrollment": [record], "total": "1"} if listing.paged else record
    answer = Answer(200, {}, json.dumps(body).encode())
    table = of.read(listing, answer)[0].with_columns(
        pl.lit(listing.subject).alias("_subject")
    )
    alone = of.assemble(Wants((ENROLLMENTS,), drop()), {"enrollments": table})
    assert facts(alone[ENROLLMENTS]) == facts(whole)
    assert alone[ENROLLMENTS]["_key"].to_list() == ["55/S-17"]


def test_json_and_xml_say_the_same() -> None:
    def inside(record: dict[str, Any]) -> str:
        return "".join(f"<{n}>{v}</{n}>" for n, v in record.items())

    records = [seat("900", "7001", "S-17"), seat("901", "7003", "", admin=1)]
    text = "".join(f"<enrollment>{inside(one)}</enrollment>" for one in records)
    xml = f"<result>{text}<total>2</total><links><self>x</self></links></result>"
    body = json.dumps({"enrollment": records, "total": 2})
    of = target()
    (listing, *_) = of.lookup(operation("55/S-17"))
    pages = [of.read(listing, Answer(200, {}, one.encode())) for one in (xml, body)]
    assert pages[0][0].equals(pages[1][0])
    assert pages[0][1] == pages[1][1]


def test_nothing_read_at_all_is_no_enrollment_at_all() -> None:
    none = pl.DataFrame(schema={"_id": pl.String})
    wants = Wants((ENROLLMENTS,), drop(row("S-17")))
    frames = target().assemble(wants, {"enrollments": none})
    assert frames[ENROLLMENTS].is_empty()
    assert {"_key", "_remote_id", "_frozen", "status", "userSourcedId"} <= set(
        frames[ENROLLMENTS].columns
    )
