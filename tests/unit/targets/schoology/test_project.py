from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.targets.base import Projection
from tests.unit.targets.schoology.district import (
    TODAY,
    District,
    Row,
    drop,
    row,
    seat,
    section,
    target,
    user,
)

ENROLLMENTS = Entity.ENROLLMENTS


def rows(projection: Projection) -> dict[str, dict[str, Any]]:
    frame = projection.frames[ENROLLMENTS]
    assert frame["_key"].is_unique().all()
    return {one["_key"]: one for one in frame.iter_rows(named=True)}


def only(district: District, one: Row, today: date = TODAY) -> dict[str, Any]:
    (found,) = rows(district.projected(drop(one), today)).values()
    return found


def decisions(projection: Projection) -> dict[str, str | None]:
    return {key: one["_decision"] for key, one in rows(projection).items()}


def frozen(projection: Projection) -> set[str]:
    return set(projection.frozen["_key"])


def messages(projection: Projection) -> str:
    return "\n".join(projection.findings.frame["message"])


def test_a_row_stands_under_its_section_and_user_with_all_that_a_request_needs() -> (
    None
):
    found = only(District(), row("S-17"))
    assert found["_key"] == "55/S-17"
    assert found["_decision"] is None
    wanted = ("realmId", "uid", "sectionSchoolCode", "courseCode", "gradingPeriods")
    assert [found[name] for name in wanted] == ["55", "7001", "A", "MATH7", "13"]


def test_a_section_that_gets_another_code_keeps_its_enrollments() -> None:
    before = only(District(), row("S-17", "A"))
    renamed = District(sections=[section("55", "renamed"), section("56", "B")])
    assert only(renamed, row("S-17", "renamed"))["_key"] == before["_key"]


BLOCKED = [
    (row("S-0"), "no user with this school_uid"),
    (row("S-99"), "is inactive in Schoology"),
    (row("S-20"), "two users of Schoology"),
    (row("S-17", "Q"), "no section: Schoology has none"),
    (row("S-17", "twice"), "2 of Schoology have"),
    (row("S-17", "58"), "another section has the same"),
    (row("S-17", "60"), "has no section_school_code"),
]
CROWDED: dict[str, Any] = {
    "users": [
        user("7001", "S-17"),
        user("7020", "S-20"),
        user("7021", "S-20"),
    ],
    "inactive": [user("7009", "S-99")],
    "sections": [
        section("55", "A"),
        section("58", "twice"),
        section("59", "twice"),
        section("60", "", section_code="C"),
    ],
}


@pytest.mark.parametrize(("wanted", "why"), BLOCKED)
def test_what_cannot_be_enrolled_is_blocked_and_says_why(wanted: Row, why: str) -> None:
    found = only(District(**CROWDED), wanted)
    assert found["_decision"] == "blocked"
    assert why in found["_reason"]


@pytest.mark.parametrize("wanted", [row("S-17", "58"), row("S-17", "60")])
def test_routes_by_ids_need_no_codes(wanted: Row) -> None:
    for route in ("multi-realm", "realm"):
        district = District(of=target(route=route), **CROWDED)
        assert only(district, wanted)["_decision"] is None


BY_CODES: dict[str, Any] = {"route": "codes", "grading_periods": ["13"]}


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (section("55", "A", section_code=""), "no course and section code"),
        (section("55", "A", section_code="1", grading_periods=[14]), "none of the"),
        (section("55", "A", section_code="1", grading_periods=[13, 14]), None),
        (section("55", "A", section_code="1", grading_periods=[]), None),
    ],
)
def test_the_route_by_codes_needs_codes_in_its_periods(
    one: Row, why: str | None
) -> None:
    found = only(District(of=target(**BY_CODES), sections=[one]), row("S-17"))
    assert found["_decision"] == ("blocked" if why else None)
    assert (why or "") in (found["_reason"] or "")


@pytest.mark.parametrize("state", ["1", "3"])
def test_whoever_is_enrolled_stays_so_though_nobody_knows_his_account(
    state: str,
) -> None:
    district = District(
        seats={"55": [seat("900", "7777", "S-0", status=state)]}, inactive=[]
    )
    assert only(district, row("S-0"))["_decision"] == (
        None if state == "1" else "unchanged"
    )


def test_nobody_inactive_is_made_active_in_a_section() -> None:
    district = District(
        inactive=[user("7009", "S-99")],
        seats={"55": [seat("900", "7009", "S-99", status="5")]},
    )
    assert only(district, row("S-99"))["_decision"] == "blocked"


@pytest.mark.parametrize("role", ["aide", "proctor", "administrator", "ext:guest"])
def test_roles_without_a_word_there_are_left_out_and_keep_what_is_there(
    role: str,
) -> None:
    district = District(seats={"55": [seat("900", "7001", "S-17")]})
    projection = district.projected(drop(row("S-17", role=role)))
    ((key, found),) = rows(projection).items()
    assert found["_decision"] == "unsupported"
    assert key.startswith("?")
    assert frozen(projection) == {"55/S-17"}


def test_a_row_without_a_class_is_left_out() -> None:
    found = only(District(), row("S-17", None))
    assert found["_decision"] == "unsupported"
    assert "names no class" in found["_reason"]


@pytest.mark.parametrize(
    ("dates", "status", "decision"),
    [
        ({"beginDate": "2026-09-15", "endDate": "2026-09-15"}, "active", None),
        ({"beginDate": "2026-09-16"}, "active", "deferred"),
        ({"endDate": "2026-09-14"}, "tobedeleted", None),
        ({}, "active", None),
    ],
)
def test_today_decides_on_dates_both_days_included(
    dates: Row, status: str, decision: str | None
) -> None:
    found = only(District(), row("S-17", **dates))
    assert (found["status"], found["_decision"]) == (status, decision)


def test_what_is_to_come_may_name_what_is_not_there_yet() -> None:
    found = only(District(), row("S-0", "next-year", beginDate="2026-10-01"))
    assert found["_decision"] == "deferred"


def test_what_is_over_may_name_a_section_that_is_gone() -> None:
    found = only(District(), row("S-17", "last-year", status="tobedeleted"))
    assert found["_decision"] == "unchanged"
    several = District(sections=[section("58", "twice"), section("59", "twice")])
    ended = row("S-17", "twice", status="inactive")
    assert only(several, ended)["_decision"] == "blocked"


@pytest.mark.parametrize("status", ["active", "tobedeleted"])
@pytest.mark.parametrize("state", ["3", "4"])
def test_what_is_pending_counts_as_it_is(status: str, state: str) -> None:
    district = District(seats={"55": [seat("900", "7001", "S-17", status=state)]})
    projection = district.projected(drop(row("S-17", status=status)))
    (found,) = rows(projection).values()
    assert found["_decision"] == "unchanged"
    assert found["_reason"].startswith("pending,")
    assert "1 enrollment is left as it is" in messages(projection)
    assert projection.findings.frame["code"].to_list() == ["RS305"]


PERIODS = [
    {"id": "13", "start": "2026-08-01", "end": "2026-12-20"},
    {"id": "12", "start": "2026-01-01", "end": "2026-06-01"},
    {"id": "14", "start": "2027-01-01", "end": "2027-06-01"},
]


@pytest.mark.parametrize(
    ("facts", "past"),
    [
        ({"active": 1}, False),
        ({"active": 0}, True),
        ({"active": 1, "grading_periods": [12]}, True),
        ({"active": 1, "grading_periods": [12, 13]}, False),
        ({"active": 0, "grading_periods": [14]}, False),
        ({"active": 1, "grading_periods": []}, False),
        ({"active": 1, "grading_periods": [99]}, False),
    ],
)
@pytest.mark.parametrize("state", ["2", "5"])
def test_a_section_that_is_past_is_not_filled_again(
    facts: Row, state: str, *, past: bool
) -> None:
    district = District(
        sections=[section("55", "A", **facts)],
        seats={"55": [seat("900", "7001", "S-17", status=state)]},
        periods=PERIODS,
    )
    found = only(district, row("S-17"))
    assert found["_decision"] == ("unsupported" if past else None)


def test_without_periods_a_section_says_itself_whether_it_is_past() -> None:
    district = District(
        sections=[section("55", "A", active="0")],
        seats={"55": [seat("900", "7001", "S-17", status="2")]},
    )
    assert only(district, row("S-17"))["_decision"] == "unsupported"


def test_two_roles_in_one_section_are_never_guessed_between() -> None:
    projection = District().projected(
        drop(row("S-17"), row("S-17", role="teacher"), row("S-18"))
    )
    found = decisions(projection)
    assert found["55/S-18"] is None
    assert [found[key] for key in found if key != "55/S-18"] == ["blocked"] * 2
    assert "55/S-17" in found, "what is there is left alone"


def test_an_ended_row_of_another_role_is_no_second_role() -> None:
    projection = District().projected(
        drop(row("S-17"), row("S-17", role="teacher", status="tobedeleted"))
    )
    found = rows(projection)
    assert found["55/S-17"]["role"] == "student"
    assert projection.merged == {ENROLLMENTS: 1}


def test_rows_of_one_section_are_one_and_it_ends_with_the_last() -> None:
    district = District(sections=[section("55", "A")])
    both = drop(row("S-17", "A", status="tobedeleted"), row("S-17", "55"))
    projection = district.projected(both)
    assert rows(projection)["55/S-17"]["status"] == "active"
    assert projection.merged == {ENROLLMENTS: 1}


def test_a_section_that_is_not_shown_blocks_its_rows() -> None:
    district = District(barred=[("enrollments", "55", "403")])
    found = rows(district.projected(drop(row("S-17"), row("S-17", "B"))))
    assert found["55/S-17"]["_decision"] == "blocked"
    assert "(403)" in found["55/S-17"]["_reason"]
    assert found["56/S-17"]["_decision"] is None


def test_sections_that_are_not_shown_block_what_is_not_found() -> None:
    district = District(barred=[("sections", "41", "403")])
    for status in ("active", "tobedeleted"):
        found = only(district, row("S-17", "Q", status=status))
        assert found["_decision"] == "blocked"
        assert "some courses cannot be read" in found["_reason"]


THERE = {
    "55": [seat("900", "7001", "S-17"), seat("901", "7002", "S-18")],
    "56": [seat("902", "7001", "S-17"), seat("903", "7002", "S-18")],
}


@pytest.mark.parametrize(
    ("wanted", "rejected", "kept"),
    [
        ([row("S-17", "Q")], [], {"55/S-17", "56/S-17"}),
        ([row("S-0", "A")], [], {"55/S-17", "55/S-18"}),
        ([row("S-0", "A"), row("S-17", "A")], [], {"55/S-18"}),
        ([], [row("S-17", "A")], {"55/S-17"}),
        ([], [row("S-17", "Q")], {"55/S-17", "56/S-17"}),
        ([], [row("S-17", None)], {"55/S-17", "56/S-17"}),
        ([], [row("S-0", "B")], {"56/S-17", "56/S-18"}),
        ([row("S-17", "B")], [row("S-17", "Q")], {"55/S-17"}),
        ([row("S-17", "A")], [], set()),
    ],
)
def test_what_rejected_and_blocked_rows_may_have_meant_is_frozen(
    wanted: list[Row], rejected: list[Row], kept: set[str]
) -> None:
    district = District(seats=THERE, inactive=[])
    projection = district.projected(drop(*wanted, rejected=rejected))
    assert frozen(projection) == kept


def test_what_schoology_does_not_keep_is_a_note_with_its_number() -> None:
    projection = District().projected(
        drop(
            row("S-17", beginDate="2026-09-01", endDate="2026-12-01"),
            row("S-18", beginDate="2026-09-01", primary="true"),
        )
    )
    said = messages(projection)
    assert "2 rows of enrollments have dates" in said
    assert "1 row of enrollments is primary" in said


def test_a_file_may_lack_every_column_that_may_be_lacking() -> None:
    roster = drop(row("S-17"), row("S-18", "B"), row("S-17", "B"))
    frame = roster.frames[ENROLLMENTS].drop(
        "status", "beginDate", "endDate", "primary", "_keep"
    )
    object.__setattr__(roster, "frames", {ENROLLMENTS: frame})
    projection = District().projected(roster)
    assert decisions(projection) == dict.fromkeys(
        ("55/S-17", "56/S-17", "56/S-18"), None
    )
    assert not len(projection.findings)


def test_without_enrollments_nothing_is_projected() -> None:
    roster = drop()
    frames = {Entity.USERS: pl.DataFrame({"_key": ["S-17"]})}
    object.__setattr__(roster, "frames", frames)
    mirror = District().mirror()
    projection = target().project(roster, mirror, LedgerView.empty(), TODAY)
    assert (projection.frames, projection.merged) == ({}, {})


WANTED = st.builds(
    row,
    st.sampled_from(["S-17", "S-18", "S-0", "S-99"]),
    st.sampled_from(["A", "B", "55", "Q", None]),
    role=st.sampled_from(["student", "teacher", "aide"]),
    status=st.sampled_from(["active", "tobedeleted"]),
    beginDate=st.sampled_from([None, "2026-09-01", "2026-10-01"]),
    endDate=st.sampled_from([None, "2026-09-01", "2026-12-01"]),
)
STATES = st.sampled_from(["1", "2", "3", "4", "5"])


@settings(deadline=None, max_examples=20)
@given(
    st.lists(WANTED, max_size=12, unique_by=lambda one: one["sourcedId"]),
    st.dictionaries(st.sampled_from(["S-17", "S-18"]), STATES),
    st.sampled_from([[], [("enrollments", "55", "403")]]),
)
def test_every_row_stays_a_row_or_is_merged_and_no_key_is_there_twice(
    wanted: list[Row], there: dict[str, str], barred: list[tuple[str, str, str]]
) -> None:
    seats = [
        seat(f"90{n}", {"S-17": "7001", "S-18": "7002"}[key], key, status=state)
        for n, (key, state) in enumerate(sorted(there.items()))
    ]
    district = District(
        seats={"55": seats}, inactive=[user("7009", "S-99")], barred=barred
    )
    projection = district.projected(drop(*wanted))
    frame = projection.frames[ENROLLMENTS]
    assert frame["_key"].is_unique().all()
    assert frame.height + projection.merged[ENROLLMENTS] == len(wanted)
    assert frame["_key"].is_sorted()
    sent = frame.filter(pl.col("_decision").is_null() & (pl.col("status") == "active"))
    assert sent.filter(pl.any_horizontal(pl.col("realmId", "uid").is_null())).is_empty()
