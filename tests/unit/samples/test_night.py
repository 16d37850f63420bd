from __future__ import annotations

import polars as pl
import pytest

from sync.samples import Tables, next_night
from sync.samples.tables import csv_bytes

_SHARE = 0.05


def _changed(before: Tables, after: Tables) -> set[str]:
    """Students who differ in any row that is about them."""
    who: set[str] = set()
    for name, key in (
        ("students", "sourcedId"),
        ("agents", "studentSourcedId"),
        ("enrollments", "userSourcedId"),
    ):
        old, new = dict(before.items())[name], dict(after.items())[name]
        for one, other in ((old, new), (new, old)):
            rows = one.join(other, on=one.columns, how="anti")
            who.update(rows[key].to_list())
    return who


def test_the_share_of_changed_students_is_the_asked_one(
    district: Tables, second_night: Tables
) -> None:
    share = len(_changed(district, second_night)) / district.students.height
    assert 0.8 * _SHARE < share < 1.1 * _SHARE


def test_a_night_without_changes_has_the_same_rows_in_another_order(
    district: Tables,
) -> None:
    night = next_night(district, 5, 0.0)
    for name, frame in district.items():
        other = dict(night.items())[name]
        assert frame.sort(frame.columns).equals(other.sort(frame.columns))
    assert not night.students.equals(district.students)


def test_the_same_seed_gives_the_same_night(district: Tables) -> None:
    one, two, other = (next_night(district, seed) for seed in (5, 5, 6))
    for name in ("students", "users", "agents", "enrollments"):
        first = csv_bytes(dict(one.items())[name])
        assert first == csv_bytes(dict(two.items())[name])
        assert first != csv_bytes(dict(other.items())[name])


def test_the_order_of_rows_does_not_decide_who_changes(district: Tables) -> None:
    turned = Tables(**{name: frame.reverse() for name, frame in district.items()})
    one, two = next_night(district, 5), next_night(turned, 5)
    assert _changed(district, one) == _changed(turned, two)


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_beyond_all_or_nothing_is_refused(
    district: Tables, share: float
) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        next_night(district, 1, share)


def test_as_many_students_arrive_as_leave(
    district: Tables, second_night: Tables
) -> None:
    old = district.students["sourcedId"].to_list()
    new = second_night.students["sourcedId"].to_list()
    expected = round(len(old) * _SHARE * 0.2)
    assert len(set(old) - set(new)) == len(set(new) - set(old)) == expected


@pytest.mark.parametrize(
    "column",
    ["phone", "email", "familyName", "grades", "primaryOrgSourcedId"],
)
def test_each_field_changes_for_somebody(
    district: Tables, second_night: Tables, column: str
) -> None:
    both = district.students.join(second_night.students, on="sourcedId")
    assert (both[column] != both[f"{column}_right"]).any()


@pytest.mark.parametrize("column", ["phone", "email", "familyName"])
def test_staff_and_guardians_change_too(
    district: Tables, second_night: Tables, column: str
) -> None:
    both = district.users.join(second_night.users, on="sourcedId")
    share = int((both[column] != both[f"{column}_right"]).sum()) / both.height
    assert 0.25 * _SHARE * 0.6 < share < 0.45 * _SHARE * 0.6


def test_a_relationship_changes(district: Tables, second_night: Tables) -> None:
    link = ["studentSourcedId", "agentSourcedId"]
    both = district.agents.join(second_night.agents, on=link)
    differs = both["relationshipType"] != both["relationshipType_right"]
    assert differs.any()


@pytest.mark.parametrize(
    "way",
    [
        (pl.col("status") == "active") & (pl.col("endDate") < "2026-12-01"),
        pl.col("status") == "tobedeleted",
    ],
)
def test_enrollments_end_by_date_and_by_status(
    second_night: Tables, way: pl.Expr
) -> None:
    learning = second_night.enrollments.filter(pl.col("endDate") != "")
    assert not learning.filter(way).is_empty()


def test_enrollments_of_students_who_stay_also_vanish(
    district: Tables, second_night: Tables
) -> None:
    gone = district.enrollments.join(
        second_night.enrollments, on="sourcedId", how="anti"
    )
    staying = second_night.students["sourcedId"].to_list()
    assert gone["userSourcedId"].is_in(staying).any()


def test_nothing_of_a_student_who_left_remains(
    district: Tables, second_night: Tables
) -> None:
    gone = district.students.join(second_night.students, on="sourcedId", how="anti")
    ids = gone["sourcedId"].to_list()
    assert not second_night.enrollments["userSourcedId"].is_in(ids).any()
    assert not second_night.agents["studentSourcedId"].is_in(ids).any()
    assert not second_night.users["sourcedId"].is_in(ids).any()


def test_numbers_of_those_who_left_are_not_given_again(
    district: Tables, third_night: Tables
) -> None:
    both = district.students.join(third_night.students, on="identifier")
    assert (both["sourcedId"] == both["sourcedId_right"]).all()
    seats = district.enrollments.join(third_night.enrollments, on="sourcedId")
    assert (seats["classSourcedId"] == seats["classSourcedId_right"]).all()
