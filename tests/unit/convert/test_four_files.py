"""A roster as four files: the columns that the drop had, a row for each role."""

from __future__ import annotations

from sync.model.entities import Mode
from tests.unit.convert.conftest import Office


def test_a_column_that_the_drop_does_not_have_stays_away(office: Office) -> None:
    made = office.made("four-files", students=[office.student(phone="")])
    assert made.names() == ["students.csv"]
    assert made.file("students").frame.columns == [
        *("sourcedId", "status", "username", "enabledUser", "givenName", "familyName"),
        *("primaryOrgSourcedId", "grades", "phone"),
    ]


def test_a_user_has_a_row_for_each_role(office: Office) -> None:
    users = [
        office.user(role="teacher", roleOrgSourcedId=""),
        office.user(role="parent", roleType="secondary"),
    ]
    frame = office.made("four-files", users=users).file("users").frame
    said = frame.select("sourcedId", "role", "roleType", "roleOrgSourcedId").rows()
    assert said == [
        ("u1", "teacher", "primary", None),
        ("u1", "parent", "secondary", "o1"),
    ]


def test_a_student_with_other_roles_has_rows_in_both_files(office: Office) -> None:
    made = office.made(
        "four-files",
        students=[office.student(email="a@b.example"), office.student("s2")],
        users=[office.user("s1", role="aide"), office.user()],
    )
    assert made.file("students").frame["sourcedId"].to_list() == ["s1", "s2"]
    users = made.file("users").frame
    assert users.select("sourcedId", "role").rows() == [
        ("s1", "aide"),
        ("u1", "guardian"),
    ]
    assert users.row(0, named=True)["givenName"] == "Ada"


def test_a_delta_stays_a_delta(office: Office) -> None:
    pupil = office.student(status="tobedeleted")
    made = office.made("four-files", delta=True, students=[pupil])
    assert made.file("students").mode is Mode.DELTA
    assert made.row("students", "s1")["status"] == "tobedeleted"
    assert any("read the folder with --delta" in note for note in made.package.notes)


def test_an_enrollment_keeps_the_identifier_that_it_was_given(office: Office) -> None:
    row = {"userSourcedId": "s1", "role": "student", "classSourcedId": "c1"}
    first = office.made("four-files", enrollments=[row]).file("enrollments").frame
    (given,) = first["sourcedId"].to_list()
    again = office.made("four-files", enrollments=[{**row, "sourcedId": given}])
    assert again.file("enrollments").frame.equals(first)
