"""What Schoology would hold of a district before its first sync: tables come in, one
JSON document for the sandbox goes out.

Students and users become users with their sourcedId as `school_uid`, classes become
sections with theirs as `section_school_code`, schools become groups. Ids are numbers in
the order of the sourcedIds. Nobody is enrolled.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from sync.samples.tables import Tables

SchoologyDocument = dict[str, dict[str, list[dict[str, Any]]]]
"""Lists of records below the one key `schoology`."""

_FIRST = {
    "orgs": 101,
    "academicSessions": 13_001,
    "courses": 300_001,
    "classes": 5_500_001,
    "groups": 90_001,
    "people": 7_000_001,
}
"""The first id of each list."""
_ROLES = {"administrator": 1, "teacher": 2, "student": 3, "guardian": 4, "parent": 4}
"""The roles of the sandbox; whoever is something else counts as a teacher."""


def schoology_document(tables: Tables) -> SchoologyDocument:
    """Return what to load a sandbox with, so that the tables can be synced into it."""
    buildings = _numbered(tables.orgs, "orgs")
    periods = _numbered(tables.academicSessions, "academicSessions")
    courses = _numbered(tables.courses, "courses")
    return {
        "schoology": {
            "users": _users(tables, buildings),
            "courses": _courses(courses, buildings),
            "sections": _sections(tables.classes, courses, periods, buildings),
            "groups": _groups(tables.orgs, buildings),
            "grading_periods": _periods(periods),
        }
    }


def _numbered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the frame by sourcedId, with the id that each row gets."""
    rows = frame.unique("sourcedId", keep="first", maintain_order=True)
    rows = rows.sort("sourcedId").with_row_index("id", _FIRST[name])
    return rows.with_columns(pl.col("id").cast(pl.String))


def _records(frame: pl.DataFrame, *columns: pl.Expr) -> list[dict[str, Any]]:
    """The document is made of dictionaries: this is where columns end."""
    return frame.select(*columns).to_dicts()


def _building(frame: pl.DataFrame, column: str, orgs: pl.DataFrame) -> pl.DataFrame:
    """Add `building_id`: the id of the org in a column, blank where there is none."""
    known = orgs.select(pl.col("sourcedId").alias(column), building_id="id")
    found = frame.join(known, on=column, how="left", maintain_order="left")
    return found.with_columns(pl.col("building_id").fill_null(""))


def _users(tables: Tables, orgs: pl.DataFrame) -> list[dict[str, Any]]:
    students = tables.students.with_columns(role=pl.lit("student"))
    everybody = pl.concat([students, tables.users], how="diagonal")
    people = _building(_numbered(everybody, "people"), "primaryOrgSourcedId", orgs)
    role = pl.col("role").replace_strict(_ROLES, default=2, return_dtype=pl.Int64)
    return _records(
        people,
        pl.col("id").alias("uid"),
        pl.col("sourcedId").alias("school_uid"),
        pl.col("givenName").alias("name_first"),
        pl.col("middleName").fill_null("").alias("name_middle"),
        pl.col("familyName").alias("name_last"),
        pl.col("username"),
        pl.col("email").alias("primary_email"),
        role.cast(pl.String).alias("role_id"),
        pl.col("building_id"),
    )


def _courses(courses: pl.DataFrame, orgs: pl.DataFrame) -> list[dict[str, Any]]:
    placed = _building(courses, "orgSourcedId", orgs)
    code = pl.col("courseCode").alias("course_code")
    return _records(placed, pl.col("id"), code, pl.col("title", "building_id"))


def _sections(
    classes: pl.DataFrame,
    courses: pl.DataFrame,
    periods: pl.DataFrame,
    orgs: pl.DataFrame,
) -> list[dict[str, Any]]:
    course = courses.select(courseSourcedId="sourcedId", course_id="id")
    rows = _building(_numbered(classes, "classes"), "schoolSourcedId", orgs)
    rows = rows.join(course, on="courseSourcedId", maintain_order="left")
    terms = (
        pl.col("termSourcedIds")
        .str.split(",")
        .list.eval(
            pl.element().replace_strict(
                periods["sourcedId"], periods["id"], default=None
            )
        )
    )
    return _records(
        rows,
        pl.col("id", "course_id"),
        pl.col("classCode").alias("section_code"),
        pl.col("sourcedId").alias("section_school_code"),
        pl.col("title"),
        terms.list.drop_nulls().alias("grading_periods"),
        pl.col("building_id"),
        pl.lit(1).alias("active"),
    )


def _groups(orgs: pl.DataFrame, buildings: pl.DataFrame) -> list[dict[str, Any]]:
    schools = orgs.filter(pl.col("type") == "school")
    rows = _building(_numbered(schools, "groups"), "sourcedId", buildings)
    code = pl.col("sourcedId").alias("group_code")
    title = pl.col("name").alias("title")
    return _records(rows, pl.col("id"), title, code, pl.col("building_id"))


def _periods(periods: pl.DataFrame) -> list[dict[str, Any]]:
    start = pl.col("startDate").alias("start")
    end = pl.col("endDate").alias("end")
    return _records(periods, pl.col("id", "title"), start, end)
