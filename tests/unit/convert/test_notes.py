"""What somebody should know of a package before handing it on."""

from __future__ import annotations

from datetime import date

import pytest

from sync.convert import convert, write
from sync.flow import How, take_in
from tests.unit.convert.conftest import MOMENT, Office, Row, Tables


def notes(
    office: Office, layout: str, *, delta: bool = False, **more: list[Row]
) -> str:
    tables: Tables = {
        "students": [office.student()],
        "users": [office.user(username="u1.name")],
        **more,
    }
    return "\n".join(office.made(layout, tables, delta=delta).package.notes)


def test_a_requirement_of_oneroster_that_is_blank_is_named(office: Office) -> None:
    said = notes(office, "oneroster-1.2", users=[office.user(username="")])
    assert "users.csv: username, which OneRoster requires, is blank in 1 row" in said


def test_nothing_is_said_of_requirements_that_are_met(office: Office) -> None:
    assert "requires" not in notes(office, "oneroster-1.2")


def test_people_who_are_not_active_are_counted(office: Office) -> None:
    pupils = [office.student(), office.student("s2", status="inactive")]
    said = notes(office, "oneroster-1.1", students=pupils)
    assert "users.csv: 1 row not active, which a bulk file cannot say" in said


def test_columns_that_are_blank_for_want_of_them_are_named(office: Office) -> None:
    said = notes(office, "oneroster-1.1")
    assert "emptied: middleName, email, phone, identifier of students; " in said
    assert "birthDate" not in said
    assert "orgSourcedIds" not in said


def test_users_who_are_students_are_told(office: Office) -> None:
    users = [office.user(username="u1.name", role="student")]
    said = notes(office, "oneroster-1.1", users=users)
    assert "1 row of users have the role student" in said


@pytest.mark.parametrize(
    ("layout", "role", "foreign"),
    [
        ("oneroster-1.1", "ext:coach", True),
        ("oneroster-1.2", "ext:coach", False),
        ("oneroster-1.1", "principal", False),
        ("oneroster-1.2", "administrator", True),
        ("oneroster-1.1", "administrator", False),
    ],
)
def test_words_that_the_version_does_not_know_are_named(
    office: Office, layout: str, role: str, *, foreign: bool
) -> None:
    users = [office.user(username="u1.name", role=role)]
    said = notes(office, layout, users=users)
    assert (f"is no word of OneRoster's ({role})" in said) is foreign


def test_identifiers_that_oneroster_does_not_allow_are_counted(
    office: Office,
) -> None:
    said = notes(office, "oneroster-1.1", students=[office.student("s ö")])
    assert "users.csv: 1 row with characters in sourcedId" in said


def test_a_delta_tells_its_moment_and_what_its_lists_mean(office: Office) -> None:
    said = notes(office, "oneroster-1.1", delta=True, agents=[office.link()])
    assert "dateLastModified is 2026-08-31T02:15:30.250Z" in said
    assert "states all guardians of a student" in said


def test_links_that_are_not_active_are_counted(office: Office) -> None:
    links = [office.link(status="tobedeleted")]
    said = notes(office, "oneroster-1.2", agents=links)
    assert "guardians of 1 row are not active" in said


def test_a_delta_that_states_all_links_of_a_student_needs_no_word(
    office: Office,
) -> None:
    made = office.made(
        "oneroster-1.2",
        delta=True,
        students=[office.student()],
        users=[office.user()],
        agents=[office.link()],
    )
    folder = office.folder / "package"
    write(made.package, folder, zipped=False)
    intake = take_in(folder, How(), date(2026, 9, 1))
    assert intake.roster is not None
    again = convert(intake.roster, "oneroster-1.2", MOMENT)
    assert not any("states all guardians" in note for note in again.notes)
