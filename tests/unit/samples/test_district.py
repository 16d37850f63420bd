from __future__ import annotations

import polars as pl
import pytest

from sync.samples import Tables, generate
from sync.samples.tables import csv_bytes


def _bytes(tables: Tables) -> dict[str, bytes]:
    return {name: csv_bytes(frame) for name, frame in tables.items()}


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert _bytes(generate(150, 3)) == _bytes(generate(150, 3))


@pytest.mark.parametrize("name", ["students", "users", "agents", "enrollments"])
def test_another_seed_gives_other_bytes(name: str) -> None:
    assert _bytes(generate(150, 3))[name] != _bytes(generate(150, 4))[name]


@pytest.mark.parametrize("size", [0, -5])
def test_a_district_without_students_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="at least one student"):
        generate(size)


def test_tables_do_not_show_anybody_in_their_repr(district: Tables) -> None:
    assert repr(district) == "Tables()"


def _families(district: Tables) -> pl.DataFrame:
    """Each student with the sorted list of his guardians."""
    links = district.agents.group_by("studentSourcedId").agg(
        pl.col("agentSourcedId").sort().alias("guardians")
    )
    return district.students.join(
        links, left_on="sourcedId", right_on="studentSourcedId"
    )


def test_siblings_share_guardians_and_a_family_name(district: Tables) -> None:
    first = pl.col("guardians").list.first()
    name = pl.col("familyName").str.replace(", Jr.", "", literal=True)
    families = _families(district).group_by(first).agg(name.n_unique(), n=pl.len())
    assert (families["n"] > 1).sum() > 500
    assert (families["familyName"] == 1).all()


def test_there_are_one_and_a_half_guardians_for_a_student(district: Tables) -> None:
    assert 1.35 < district.agents.height / district.students.height < 1.65


def test_few_students_have_no_guardian(district: Tables) -> None:
    alone = district.students.height - _families(district).height
    assert 0 < alone < district.students.height * 0.03


def test_some_children_have_guardians_of_two_names(district: Tables) -> None:
    names = district.users.select("sourcedId", "familyName")
    linked = district.agents.join(names, left_on="agentSourcedId", right_on="sourcedId")
    homes = linked.group_by("studentSourcedId").agg(pl.col("familyName").n_unique())
    assert 0.1 < (homes["familyName"] > 1).sum() / homes.height < 0.3


@pytest.mark.parametrize(
    "kind", ["mother", "father", "stepmother", "stepfather", "grandmother"]
)
def test_guardians_are_of_many_kinds(district: Tables, kind: str) -> None:
    assert kind in district.agents["relationshipType"]


@pytest.mark.parametrize(
    "role",
    [
        *("teacher", "principal", "siteAdministrator", "counselor", "aide", "parent"),
        *("guardian", "relative", "districtAdministrator", "systemAdministrator"),
    ],
)
def test_every_role_is_filled(district: Tables, role: str) -> None:
    assert role in district.users["role"]


def test_some_staff_have_a_second_role_at_another_school(district: Tables) -> None:
    second = district.users.filter(pl.col("roleType") == "secondary")
    assert second.height >= 2
    assert (second["roleOrgSourcedId"] != second["primaryOrgSourcedId"]).all()
    first = district.users.filter(pl.col("roleType") == "primary")
    assert second["sourcedId"].is_in(first["sourcedId"].to_list()).all()


def test_most_classes_have_between_twenty_and_thirty_students(
    district: Tables,
) -> None:
    seats = district.enrollments.filter(pl.col("role") == "student")
    sizes = seats["classSourcedId"].value_counts()["count"]
    assert (sizes <= 30).all()
    assert sizes.is_between(20, 30).sum() > 0.8 * sizes.len()


@pytest.mark.parametrize(
    "script", ["Latin", "Cyrillic", "Arabic", "Han", "Hangul", "Devanagari", "Hiragana"]
)
def test_names_are_written_in_many_scripts(district: Tables, script: str) -> None:
    names = district.students["givenName"] + " " + district.students["familyName"]
    assert names.str.contains(rf"\p{{{script}}}").any()


@pytest.mark.parametrize("mark", ["'", "-", ", Jr.", " ", "ñ"])
def test_names_have_the_marks_that_break_programs(district: Tables, mark: str) -> None:
    assert district.students["familyName"].str.contains(mark, literal=True).any()


def test_birth_dates_fit_grades(district: Tables) -> None:
    grade = pl.col("grades").replace("KG", "00").cast(pl.Int64)
    born = pl.col("birthDate").str.to_date("%Y-%m-%d")
    five = district.students.select(pl.date(2026 - grade, 9, 1), born=born)
    days = (five["date"] - five["born"]).dt.total_days()
    assert days.is_between(5 * 365, 6 * 366).all()


def test_identifiers_begin_with_zeros(district: Tables) -> None:
    assert district.students["identifier"].str.contains(r"^0+\d+$").all()


@pytest.mark.parametrize("shape", ["@", "/", "^[0-9a-f]{8}-.{4}-4.{3}-9.{3}-"])
def test_a_few_identifiers_are_of_another_shape(district: Tables, shape: str) -> None:
    share = district.enrollments["sourcedId"].str.contains(shape).sum()
    assert 0 < share < 0.01 * district.enrollments.height


def test_a_few_students_have_no_address(district: Tables) -> None:
    blank = (district.students["email"] == "").sum()
    assert 0 < blank < 0.05 * district.students.height
