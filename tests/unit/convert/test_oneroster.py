"""A whole roster becomes a package: files, modes, statuses, what is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.convert.binding import HEADERS
from sync.convert.run import convert
from sync.model.entities import Entity, Mode
from tests.unit.convert.conftest import MOMENT, Made, Office, Tables

LAYOUTS = ["oneroster-1.1", "oneroster-1.2"]
both = pytest.mark.parametrize("layout", LAYOUTS)

ORGS = [{"sourcedId": "o1", "name": "School", "type": "school", "status": "active"}]
ENROLLMENT = {"sourcedId": "e1", "userSourcedId": "s1", "role": "student"}


@both
def test_every_file_has_its_whole_header_with_metadata_sorted_behind(
    office: Office, layout: str
) -> None:
    pupil = office.student(**{"metadata.b": "2", "metadata.a": "1"})
    made = office.made(
        layout, students=[pupil], users=[office.user()], agents=[office.link()]
    )
    header = made.file("users").frame.columns
    assert header == [*HEADERS[layout]["users"], "metadata.a", "metadata.b"]


@both
def test_what_the_drop_does_not_have_is_absent(office: Office, layout: str) -> None:
    made = office.made(layout, students=[office.student()], users=[office.user()])
    said = made.manifest()
    assert said.pop("manifest.version") == "1.0"
    assert said.pop("oneroster.version") == layout.removeprefix("oneroster-")
    there = {name for name, mode in said.items() if mode != "absent"}
    roles = {"file.roles"} if layout == "oneroster-1.2" else set()
    assert there == {"file.users", *roles}
    assert made.names() == [
        "manifest.csv",
        *sorted(f"{name.removeprefix('file.')}.csv" for name in there),
    ]


@both
def test_a_file_without_rows_is_a_file_without_rows(
    office: Office, layout: str
) -> None:
    drop: Tables = {
        "students": [office.student()],
        "users": [office.user()],
        "orgs": ORGS,
    }
    roster = office.roster(drop)
    orgs = {Entity.ORGS: roster.frames[Entity.ORGS].clear()}
    emptied = replace(roster, frames={**roster.frames, **orgs})
    made = Made(convert(emptied, layout, MOMENT))
    assert made.file("orgs").frame.is_empty()
    assert made.manifest()["file.orgs"] == "bulk"


@both
def test_bulk_leaves_status_and_date_blank_and_says_the_rest_in_metadata(
    office: Office, layout: str
) -> None:
    pupils = [office.student(), office.student("s2", status="inactive")]
    made = office.made(layout, students=pupils, users=[office.user()])
    frame = made.file("users").frame
    assert frame["status"].null_count() == frame["dateLastModified"].null_count() == 3
    assert "metadata.rosterSync.status" not in made.row("users", "s1")
    assert made.row("users", "s2")["metadata.rosterSync.status"] == "inactive"


@both
def test_a_delta_fills_status_and_date_in_every_row_of_every_file(
    office: Office, layout: str
) -> None:
    pupils = [
        office.student("s1", status="inactive", birthDate="2014-05-14"),
        office.student("s2", status="tobedeleted"),
        office.student("s3"),
    ]
    made = office.made(
        layout, delta=True, students=pupils, users=[office.user()], orgs=ORGS
    )
    statuses = {key: made.row("users", key)["status"] for key in ("s1", "s2", "s3")}
    assert statuses == {"s1": "active", "s2": "tobedeleted", "s3": "active"}
    assert made.row("users", "s1")["metadata.rosterSync.status"] == "inactive"
    assert "metadata.rosterSync.status" not in made.row("users", "s2")
    for one in made.package.files[1:]:
        assert one.mode is Mode.DELTA
        assert set(one.frame["dateLastModified"]) == {"2026-08-31T02:15:30.250Z"}
        assert one.frame["status"].null_count() == 0


@both
@pytest.mark.parametrize("there", ["students", "users"])
def test_a_drop_without_users_or_students_gives_a_delta_of_people(
    office: Office, layout: str, there: str
) -> None:
    rows = {"students": [office.student()], "users": [office.user()]}
    made = office.made(layout, {there: rows[there]})
    assert made.manifest()["file.users"] == "delta"
    lacking = next(name for name in rows if name != there)
    assert any(f"no complete {lacking}" in note for note in made.package.notes)


@both
def test_without_agents_no_blank_column_says_that_nobody_has_a_guardian(
    office: Office, layout: str
) -> None:
    made = office.made(layout, students=[office.student()], users=[office.user()])
    assert "agentSourcedIds" not in made.file("users").frame.columns
    assert any("agentSourcedIds" in note for note in made.package.notes)


@both
def test_dates_of_birth_go_into_demographics(office: Office, layout: str) -> None:
    pupils = [
        office.student(birthDate="2014-05-14"),
        office.student("s2", birthDate=""),
    ]
    made = office.made(layout, students=pupils, users=[office.user()])
    assert made.row("demographics", "s1") == {
        "sourcedId": "s1",
        "birthDate": "2014-05-14",
    }
    assert made.file("demographics").frame["sourcedId"].to_list() == ["s1", "s2"]


@both
def test_an_enrollment_keeps_its_course_in_metadata(
    office: Office, layout: str
) -> None:
    rows = [
        {**ENROLLMENT, "classSourcedId": "c1", "courseSourcedId": ""},
        {**ENROLLMENT, "sourcedId": "e2", "courseSourcedId": "k1"},
    ]
    made = office.made(layout, students=[office.student()], enrollments=rows)
    name = "metadata.rosterSync.courseSourcedId"
    assert name not in made.row("enrollments", "e1")
    assert made.row("enrollments", "e2")[name] == "k1"


@both
def test_a_line_break_becomes_a_space_and_is_told(office: Office, layout: str) -> None:
    pupil = office.student(familyName="St.\r\nJohn")
    made = office.made(layout, students=[pupil], users=[office.user()])
    assert made.row("users", "s1")["familyName"] == "St. John"
    (lost,) = made.package.left_out
    assert (lost.entity, lost.column, lost.count) == ("users", "familyName", 1)
    assert not made.package.lacks_rows


def test_1_1_leaves_out_who_has_a_comma_in_the_primary_org_and_all_that_names_him(
    office: Office,
) -> None:
    tables: Tables = {
        "students": [office.student(), office.student("s2", primaryOrgSourcedId="a,b")],
        "users": [office.user()],
        "agents": [office.link(), office.link("s2")],
        "enrollments": [{**ENROLLMENT, "userSourcedId": "s2", "classSourcedId": "c1"}],
    }
    made = office.made("oneroster-1.1", tables)
    assert made.file("users").frame["sourcedId"].to_list() == ["s1", "u1"]
    assert made.file("enrollments").frame.is_empty()
    lost = {(one.entity, one.column, one.count) for one in made.package.left_out}
    assert lost == {
        ("students", None, 1),
        ("agents", None, 1),
        ("enrollments", None, 1),
    }
    assert made.package.lacks_rows
    whole = office.made("oneroster-1.2", tables)
    assert whole.package.left_out == ()
    assert whole.row("users", "s2")["primaryOrgSourcedId"] == "a,b"
