from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.samples import (
    Tables,
    course_key,
    generate,
    openedx_document,
    with_course_keys,
)
from sync.samples.tables import shaped

KEY = r"^course-v1:[\w.~-]+\+[\w.~-]+\+[\w.~-]+$"


@pytest.fixture(scope="module")
def small() -> Tables:
    return generate(60, 3)


def _with_people(tables: Tables, *people: tuple[str, str, str]) -> Tables:
    rows = pl.DataFrame(people, ["sourcedId", "username", "email"], orient="row")
    students = shaped("students", pl.concat([tables.students, rows], how="diagonal"))
    frames = dict(tables.items()) | {"students": students}
    return Tables(**frames)


def test_everybody_with_an_address_has_one_account(small: Tables) -> None:
    users = openedx_document(small)["openedx"]["users"]
    addresses = {*small.students["email"], *small.users["email"]} - {""}
    assert {user["email"] for user in users} == addresses
    assert len(users) == len(addresses)
    assert len({user["username"].lower() for user in users}) == len(users)


def test_the_username_is_the_rows_own_then_the_local_part_then_the_sourced_id(
    small: Tables,
) -> None:
    tables = _with_people(
        small,
        ("n1", "own.name", "some@x.example"),
        ("n2", "", "local-part@x.example"),
        ("n3", "not good", "o'hara@x.example"),
        ("n4", "", ""),
    )
    users = openedx_document(tables)["openedx"]["users"]
    names = {user["email"]: user["username"] for user in users}
    assert names["some@x.example"] == "own.name"
    assert names["local-part@x.example"] == "local-part"
    assert names["o'hara@x.example"].startswith("n3.")
    assert "" not in names


def test_an_address_that_two_people_share_has_one_account(small: Tables) -> None:
    people = [("n2", "bo", "One@x.example"), ("n1", "al", "one@x.example")]
    users = openedx_document(_with_people(small, *people))["openedx"]["users"]
    shared = [user for user in users if user["email"].lower() == "one@x.example"]
    assert shared == [{"username": "al", "email": "one@x.example"}]


def test_two_people_of_one_username_get_others(small: Tables) -> None:
    people = [("n/1", "same", "a@x.example"), ("n2", "Same", "b@x.example")]
    users = openedx_document(_with_people(small, *people))["openedx"]["users"]
    names = {u["username"] for u in users if u["email"] in {p[2] for p in people}}
    assert {name.rpartition(".")[0] for name in names} == {"n_1", "n2"}


def test_only_course_keys_become_courses(small: Tables) -> None:
    assert openedx_document(small)["openedx"]["courses"] == []
    courses = openedx_document(with_course_keys(small))["openedx"]["courses"]
    assert [course["id"] for course in courses] == sorted(
        course_key(key) for key in small.courses["sourcedId"]
    )


def test_rewritten_references_still_meet(small: Tables) -> None:
    tables = with_course_keys(small)
    keys = set(tables.courses["sourcedId"])
    assert set(tables.enrollments["courseSourcedId"]) <= keys
    assert set(tables.classes["courseSourcedId"]) <= keys
    assert tables.courses["sourcedId"].str.contains(KEY).all()
    assert with_course_keys(tables).courses.equals(tables.courses)


def test_a_key_says_the_identifier() -> None:
    assert course_key("MATH-7") == "course-v1:District+MATH-7+2026"
    assert course_key("a b/c") == "course-v1:District+a~20b~2Fc+2026"
    assert course_key("course-v1:Dist+M+1") == "course-v1:Dist+M+1"
    with pytest.raises(ValueError, match="nothing"):
        course_key("")


@given(st.lists(st.text(min_size=1), unique=True))
def test_no_two_identifiers_get_one_key(identifiers: list[str]) -> None:
    keys = pl.Series([course_key(each) for each in identifiers], dtype=pl.String)
    assert keys.is_unique().all()
    assert keys.str.contains(KEY).all()
