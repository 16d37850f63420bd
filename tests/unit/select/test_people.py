from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.select import Selection
from sync.select.people import left_out

STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
Row = dict[str, str | None]
COLUMNS = ("_key", "primaryOrgSourcedId", "roles", "grades")


def roles(*parts: str) -> str:
    """Encoded roles from ``role`` or ``role@org``."""
    split = [one.partition("@") for one in parts]
    return ROLE_SEPARATOR.join(
        FIELD_SEPARATOR.join(["primary", role, org]) for role, _, org in split
    )


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))


def student(key: str, org: str | None = "o1", grades: str | None = "09") -> Row:
    return {"_key": key, "primaryOrgSourcedId": org, "grades": grades}


def user(key: str, org: str | None, *parts: str) -> Row:
    return {"_key": key, "primaryOrgSourcedId": org, "roles": roles(*parts) or None}


DROP = {
    STUDENTS: frame(
        [
            student("s1"),
            student("s2", "o2", "10"),
            student("s3", "o1", "KG"),
            student("s4", "o2", "09,10"),
        ]
    ),
    USERS: frame(
        [
            user("teacher1", "o1", "teacher"),
            user("teacher2", "o2", "teacher@o2", "aide@o1"),
            user("teacher3", "o3", "teacher"),
            user("mother1", "o9", "parent"),
            user("mother2", "o1", "guardian", "relative"),
            user("mother12", "o2", "parent"),
            user("lonely1", "o1", "parent"),
            user("lonely2", "o2", "parent"),
            user("both", "o1", "teacher", "parent"),
            user("pupil", "o1", "student"),
        ]
    ),
}
LINKS = pl.DataFrame(
    [
        ("s1", "mother1"),
        ("s2", "mother2"),
        ("s1", "mother12"),
        ("s2", "mother12"),
        ("s2", "both"),
    ],
    schema=["studentSourcedId", "agentSourcedId"],
    orient="row",
)
EVERYBODY = {*DROP[STUDENTS]["_key"], *DROP[USERS]["_key"]}
STAFF = {"teacher1", "teacher2", "teacher3", "both"}


def chosen(remote: dict[Entity, pl.DataFrame] | None = None, **keys: Any) -> set[str]:
    out = left_out(DROP, remote or {}, LINKS, Selection(**keys))
    everybody = EVERYBODY | {
        key for one in (remote or {}).values() for key in one["_key"]
    }
    assert set(out["_key"]) <= everybody
    return everybody - set(out["_key"])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, EVERYBODY),
        (
            {"orgs": ("o1",)},
            {
                *("s1", "s3", "teacher1", "teacher2", "both", "pupil"),
                *("mother1", "mother12", "lonely1"),
            },
        ),
        ({"orgs": ("o3",)}, {"teacher3"}),
        ({"orgs": ("o*",)}, EVERYBODY),
        (
            {"grades": ("09",)},
            {"s1", "s4", *STAFF, "mother1", "mother12", "lonely1", "lonely2"},
        ),
        (
            {"grades": ("1*",)},
            {"s2", "s4", *STAFF, "mother2", "mother12", "lonely1", "lonely2"},
        ),
        ({"roles": ("student",)}, {"s1", "s2", "s3", "s4", "pupil"}),
        ({"roles": ("aide",)}, {"teacher2"}),
        (
            {"roles": ("parent",), "orgs": ("o1",)},
            {"mother1", "mother12", "lonely1", "both"},
        ),
        (
            {"orgs": ("o2",), "grades": ("10",)},
            {"s2", "s4", "teacher2", "mother2", "mother12", "both", "lonely2"},
        ),
    ],
)
def test_people_are_chosen_by_org_grade_and_role(
    keys: dict[str, Any], expected: set[str]
) -> None:
    assert chosen(**keys) == expected


def test_who_is_at_the_target_only_is_left_out_by_what_it_shows_alone() -> None:
    remote = {
        STUDENTS: frame(
            [
                student("r1"),
                student("r2", "o2"),
                student("r3", None),
                student("r4", "o1", None),
                student("s1", "o2"),
            ]
        ),
        USERS: frame([user("r5", None)]),
    }
    found = chosen(remote, orgs=("o1",), grades=("09",), roles=("student", "teacher"))
    assert {one for one in found if one.startswith("r")} == {"r1", "r3", "r4", "r5"}
    assert "s1" in found


def test_a_person_of_both_files_is_one_person() -> None:
    drop = {
        STUDENTS: frame([student("p", "o1")]),
        USERS: frame([user("p", "o2", "aide@o2")]),
    }
    for org in ("o1", "o2"):
        assert left_out(drop, {}, LINKS.clear(), Selection(orgs=(org,))).is_empty()
    assert left_out(drop, {}, LINKS.clear(), Selection(orgs=("o3",))).height == 1


def test_without_people_nobody_is_left_out() -> None:
    assert left_out({}, {}, LINKS, Selection(orgs=("o1",))).is_empty()
