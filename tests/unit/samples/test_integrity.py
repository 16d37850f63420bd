"""Laws that hold on every good night, of every size."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.samples import Tables, generate, next_night
from sync.samples.tables import COLUMNS

_GRADES = ["KG", *(f"{n:02d}" for n in range(1, 13))]
_PHONE = r"^\+?\d{7,15}$"
_MAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"

REFERENCES = [
    ("students", "primaryOrgSourcedId", "orgs"),
    ("users", "primaryOrgSourcedId", "orgs"),
    ("users", "roleOrgSourcedId", "orgs"),
    ("agents", "studentSourcedId", "students"),
    ("agents", "agentSourcedId", "users"),
    ("enrollments", "classSourcedId", "classes"),
    ("enrollments", "courseSourcedId", "courses"),
    ("enrollments", "schoolSourcedId", "orgs"),
    ("classes", "courseSourcedId", "courses"),
    ("classes", "schoolSourcedId", "orgs"),
    ("courses", "orgSourcedId", "orgs"),
    ("courses", "schoolYearSourcedId", "academicSessions"),
]


def _frame(tables: Tables, name: str) -> pl.DataFrame:
    return dict(tables.items())[name]


def _dangling(tables: Tables, name: str, column: str, target: str) -> list[str]:
    known = _frame(tables, target)["sourcedId"].to_list()
    cells = _frame(tables, name)[column]
    return cells.filter(~cells.is_in(known)).to_list()


def _open_learning(tables: Tables) -> pl.DataFrame:
    is_open = (pl.col("status") == "active") & pl.col("endDate").is_in(
        ["", "2027-06-04"]
    )
    return tables.enrollments.filter(is_open & (pl.col("role") == "student"))


@pytest.mark.parametrize(("name", "column", "target"), REFERENCES)
def test_every_reference_is_met(
    any_night: Tables, name: str, column: str, target: str
) -> None:
    assert _dangling(any_night, name, column, target) == []


def test_everybody_enrolled_is_a_student_or_of_the_staff(any_night: Tables) -> None:
    people = [*any_night.students["sourcedId"], *any_night.users["sourcedId"]]
    assert any_night.enrollments["userSourcedId"].is_in(people).all()


def test_terms_and_parents_are_met(any_night: Tables) -> None:
    sessions = any_night.academicSessions["sourcedId"].to_list()
    terms = any_night.classes["termSourcedIds"].str.split(",").explode()
    assert terms.is_in(sessions).all()
    orgs = any_night.orgs
    assert orgs["parentSourcedId"].is_in([*orgs["sourcedId"], ""]).all()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("students", ["sourcedId"]),
        ("students", ["identifier"]),
        ("users", ["sourcedId", "role", "roleOrgSourcedId"]),
        ("agents", ["studentSourcedId", "agentSourcedId"]),
        ("enrollments", ["sourcedId"]),
        ("orgs", ["sourcedId"]),
        ("academicSessions", ["sourcedId"]),
        ("courses", ["sourcedId"]),
        ("courses", ["courseCode"]),
        ("classes", ["sourcedId"]),
        ("classes", ["schoolSourcedId", "classCode"]),
    ],
)
def test_keys_are_unique(any_night: Tables, name: str, key: list[str]) -> None:
    assert not _frame(any_night, name).select(key).is_duplicated().any()


@pytest.mark.parametrize("column", ["username", "email"])
def test_nobody_shares_a_username_or_an_address(any_night: Tables, column: str) -> None:
    users = any_night.users.unique("sourcedId")
    cells = pl.concat([any_night.students[column], users[column]])
    cells = cells.filter(cells != "").str.to_lowercase()
    assert not cells.is_duplicated().any()


def test_nobody_stands_in_both_files_of_people(any_night: Tables) -> None:
    students = any_night.students["sourcedId"].to_list()
    assert not any_night.users["sourcedId"].is_in(students).any()


def test_rows_of_one_user_differ_in_role_only(any_night: Tables) -> None:
    role = ["role", "roleType", "roleOrgSourcedId"]
    users = any_night.users
    assert users.drop(role).unique().height == users["sourcedId"].n_unique()


@pytest.mark.parametrize("name", ["students", "users"])
def test_values_are_valid(any_night: Tables, name: str) -> None:
    people = _frame(any_night, name)
    mail, phone = people["email"], people["phone"].str.replace_all(r"[ .()-]", "")
    assert mail.filter(mail != "").str.contains(_MAIL).all()
    assert phone.filter(phone != "").str.contains(_PHONE).all()
    for column in ("sourcedId", "username", "givenName", "familyName"):
        assert (people[column] != "").all()


def test_enrollments_end_after_they_begin(any_night: Tables) -> None:
    dates = any_night.enrollments.filter(pl.col("endDate") != "").select(
        pl.col("beginDate", "endDate").str.to_date("%Y-%m-%d")
    )
    assert (dates["endDate"] >= dates["beginDate"]).all()


def test_every_class_is_in_the_school_of_its_students(any_night: Tables) -> None:
    learning = _open_learning(any_night).join(
        any_night.students.select("sourcedId", own="primaryOrgSourcedId"),
        left_on="userSourcedId",
        right_on="sourcedId",
    )
    classes = any_night.classes.select("sourcedId", ofClass="schoolSourcedId")
    learning = learning.join(classes, left_on="classSourcedId", right_on="sourcedId")
    assert (learning["schoolSourcedId"] == learning["own"]).all()
    assert (learning["ofClass"] == learning["own"]).all()


def test_every_course_is_of_the_grade_of_its_students(any_night: Tables) -> None:
    learning = _open_learning(any_night).join(
        any_night.students.select("sourcedId", mine="grades"),
        left_on="userSourcedId",
        right_on="sourcedId",
    )
    courses = any_night.courses.with_columns(pl.col("grades").str.split(","))
    learning = learning.join(courses, left_on="courseSourcedId", right_on="sourcedId")
    fits = learning.select(pl.col("grades").list.contains(pl.col("mine"))).to_series()
    assert fits.all()


def test_an_enrollment_names_the_course_of_its_class(any_night: Tables) -> None:
    known = any_night.enrollments.join(
        any_night.classes, left_on="classSourcedId", right_on="sourcedId"
    )
    assert (known["courseSourcedId"] == known["courseSourcedId_right"]).all()
    assert known.height == any_night.enrollments.height


def test_every_student_has_six_enrollments_at_first(district: Tables) -> None:
    seats = district.enrollments.filter(pl.col("role") == "student")
    assert seats["userSourcedId"].n_unique() == district.students.height
    assert (seats["userSourcedId"].value_counts()["count"] == 6).all()


def test_later_nights_have_five_or_six_open_enrollments(third_night: Tables) -> None:
    seats = _open_learning(third_night)["userSourcedId"].value_counts()
    assert seats.height == third_night.students.height
    counts = seats["count"]
    assert counts.is_between(5, 6).all()
    assert int((counts == 6).sum()) > 0.97 * counts.len()


def test_nobody_is_twice_in_a_class(any_night: Tables) -> None:
    seat = ["userSourcedId", "classSourcedId"]
    assert not _open_learning(any_night).select(seat).is_duplicated().any()


def test_every_class_has_one_teacher(any_night: Tables) -> None:
    teaching = any_night.enrollments.filter(pl.col("role") == "teacher")
    assert sorted(teaching["classSourcedId"]) == sorted(any_night.classes["sourcedId"])
    assert (teaching["primary"] == "true").all()
    teachers = any_night.users.filter(pl.col("role") == "teacher")["sourcedId"]
    assert teaching["userSourcedId"].is_in(teachers.to_list()).all()


def test_every_guardian_has_a_child(any_night: Tables) -> None:
    guardians = any_night.users.filter(
        pl.col("role").is_in(["parent", "guardian", "relative"])
    )
    linked = any_night.agents["agentSourcedId"].unique().sort()
    assert linked.to_list() == guardians["sourcedId"].sort().to_list()


def test_grades_are_known(any_night: Tables) -> None:
    assert any_night.students["grades"].is_in(_GRADES).all()


@pytest.mark.long
@settings(deadline=None, max_examples=12)
@given(st.integers(1, 60), st.integers(0, 2**31), st.sampled_from([0.0, 0.1, 1.0]))
def test_districts_of_any_size_are_sound(size: int, seed: int, change: float) -> None:
    first = generate(size, seed)
    assert first.students.height == size
    for tables in (first, next_night(first, seed + 1, change)):
        for name, frame in tables.items():
            assert tuple(frame.columns) == COLUMNS[name]
            assert set(frame.dtypes) == {pl.String()}
            assert sum(frame.null_count().row(0)) == 0
        for reference in REFERENCES:
            assert _dangling(tables, *reference) == []
