"""Staff: posts come in, rows of users.csv go out.

Teachers come from the timetable; principals, assistant principals, counselors and aides
follow from the size of a school; the district has its own. A few have two roles, and so
two rows.
"""

from __future__ import annotations

import polars as pl

from sync.samples.chance import Chance, padded
from sync.samples.names import (
    culture,
    family_names,
    given_names,
    latin,
    name_index,
    native,
)
from sync.samples.people import phone
from sync.samples.schools import DISTRICT

_MAIL = "@canada-valley.example"
# Students of a school for each post of a kind, and how many posts there are at least.
_POSTS = (
    ("principal", 10**9, 1),
    ("siteAdministrator", 600, 0),
    ("counselor", 300, 1),
    ("aide", 90, 1),
)
_DISTRICT_POSTS = ("districtAdministrator", "districtAdministrator")
_SECOND_ROLES = ("aide", "siteAdministrator", "proctor")
_SECOND_SHARE = 30


def staff(
    classes: pl.DataFrame, schools: pl.DataFrame, sizes: pl.DataFrame, chance: Chance
) -> pl.DataFrame:
    """Return the rows of all staff.

    `sizes` has `school` and `size`, the number of students.
    """
    teachers = (
        classes.select("teacher", "schoolId")
        .unique("teacher")
        .sort("teacher")
        .select(
            person=pl.col("teacher") + 1,
            id=pl.lit("tch-") + padded(pl.col("teacher") + 1),
            role=pl.lit("teacher"),
            orgId="schoolId",
        )
    )
    others = (
        _other_posts(schools, sizes)
        .with_row_index("n")
        .select(
            # Numbers of their own, so that they draw other names than teachers do.
            person=pl.col("n").cast(pl.Int64) + teachers.height + 1,
            id=pl.lit("stf-") + padded(pl.col("n") + 1),
            role="role",
            orgId="orgId",
        )
    )
    first = pl.concat([teachers, others]).with_columns(
        primaryOrgSourcedId="orgId", roleType=pl.lit("primary")
    )
    return _rows(pl.concat([first, _second_roles(first, schools, chance)]), chance)


def _other_posts(schools: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    known = schools.join(sizes, on="school", how="left").sort("school")
    known = known.with_columns(pl.col("size").fill_null(0).cast(pl.Int64))
    kinds = []
    for role, students, least in _POSTS:
        count = pl.max_horizontal(pl.col("size") // students, pl.lit(least))
        posts = known.select(
            orgId=pl.col("schoolId").repeat_by(count).explode(empty_as_null=False)
        )
        kinds.append(posts.select("orgId", role=pl.lit(role)))
    roles = [*_DISTRICT_POSTS, "systemAdministrator"]
    district = pl.DataFrame({"orgId": [DISTRICT] * len(roles), "role": roles})
    return pl.concat([*kinds, district])


def _second_roles(
    first: pl.DataFrame, schools: pl.DataFrame, chance: Chance
) -> pl.DataFrame:
    """Two teachers at least, otherwise three in a hundred, also work elsewhere."""
    person = pl.col("person")
    teachers = first.filter(pl.col("role") == "teacher")
    order = chance.draw(person, "second role")
    count = max(2, teachers.height * _SECOND_SHARE // 1000)
    some = teachers.sort(order).head(count).sort("person")
    ids = schools["schoolId"]
    own = pl.col("orgId").replace_strict(
        ids, pl.Series(range(len(ids)), dtype=pl.Int64), return_dtype=pl.Int64
    )
    away = 1 + chance.below(person, "second school", len(ids) - 1).cast(pl.Int64)
    return some.with_columns(
        role=chance.pick(person, "second post", _SECOND_ROLES),
        orgId=pl.lit(ids).gather((own + away) % len(ids)),
        roleType=pl.lit("secondary"),
    ).select(first.columns)


def _rows(posts: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    person = pl.col("person")
    posts = posts.with_columns(culture=culture(person, "staff culture", chance))
    given, family = given_names(), family_names()
    drawn_given = chance.draw(person, "staff given")
    drawn_family = chance.draw(person, "staff family")
    posts = posts.with_columns(
        g=name_index(given, pl.col("culture"), drawn_given),
        f=name_index(family, pl.col("culture"), drawn_family),
    ).with_columns(
        username=latin(given, pl.col("g"))
        + pl.lit(".")
        + latin(family, pl.col("f"))
        + person.cast(pl.String)
    )
    order = ["person", "roleType"]
    return posts.sort(order).with_columns(
        sourcedId="id",
        status=pl.lit("active"),
        enabledUser=pl.lit("true"),
        givenName=native(given, pl.col("g")),
        familyName=native(family, pl.col("f")),
        email=pl.col("username") + _MAIL,
        phone=phone(person, "desk", chance),
        identifier=pl.lit("E") + padded(person, 5),
        roleOrgSourcedId="orgId",
    )
