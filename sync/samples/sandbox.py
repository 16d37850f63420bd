"""What a remote system would hold: tables come in, one JSON document goes out.

Names and nesting are those of OneRoster 1.2 JSON, dates and booleans are text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from sync.samples.tables import Tables

Document = dict[str, list[dict[str, Any]]]
"""Lists of records by the name of their collection."""

_ROSTERED = ("student", "teacher", "administrator", "proctor")


def sandbox_document(tables: Tables, people: bool = False) -> Document:
    """Return what to load a sandbox with: orgs, academicSessions, courses, classes.

    With `people` also users (students among them), agents and enrollments, as the
    remote would hold them after a sync of these tables.
    """
    document = {
        "orgs": _orgs(tables.orgs),
        "academicSessions": _sessions(tables.academicSessions),
        "courses": _courses(tables.courses),
        "classes": _classes(tables.classes),
    }
    if people:
        document["users"] = _users(tables)
        document["agents"] = _agents(tables.agents)
        document["enrollments"] = _enrollments(tables.enrollments)
    return document


def _records(frame: pl.DataFrame, columns: Iterable[pl.Expr]) -> list[dict[str, Any]]:
    """The document is made of dictionaries: this is where columns end."""
    return frame.select(*columns).to_dicts()


def _plain(*names: str) -> list[pl.Expr]:
    return [pl.col(name) for name in names]


def _optional(*names: str) -> list[pl.Expr]:
    return [pl.col(name).replace("", None) for name in names]


def _reference(name: str, column: str) -> pl.Expr:
    """A reference to another record, null where the cell is blank."""
    there = pl.when(pl.col(column) != "")
    return there.then(pl.struct(sourcedId=pl.col(column))).alias(name)


def _list(name: str, column: str) -> pl.Expr:
    parts = pl.col(column).str.split(",")
    return parts.list.eval(pl.element().filter(pl.element() != "")).alias(name)


def _orgs(orgs: pl.DataFrame) -> list[dict[str, Any]]:
    columns = _plain("sourcedId", "status", "name", "type", "identifier")
    return _records(orgs, [*columns, _reference("parent", "parentSourcedId")])


def _sessions(sessions: pl.DataFrame) -> list[dict[str, Any]]:
    columns = _plain("sourcedId", "status", "title", "type", "startDate", "endDate")
    year = pl.col("schoolYear").cast(pl.Int64)
    return _records(sessions, [*columns, year, _reference("parent", "parentSourcedId")])


def _courses(courses: pl.DataFrame) -> list[dict[str, Any]]:
    columns = _plain("sourcedId", "status", "title", "courseCode")
    grades = _list("grades", "grades")
    return _records(courses, [*columns, grades, _reference("org", "orgSourcedId")])


def _classes(classes: pl.DataFrame) -> list[dict[str, Any]]:
    terms = pl.col("termSourcedIds").str.split(",")
    references = pl.struct(sourcedId=pl.element())
    return _records(
        classes,
        [
            *_plain("sourcedId", "status", "title", "classCode", "classType"),
            _list("grades", "grades"),
            _reference("course", "courseSourcedId"),
            _reference("school", "schoolSourcedId"),
            terms.list.eval(references).alias("terms"),
        ],
    )


def _users(tables: Tables) -> list[dict[str, Any]]:
    students = tables.students.with_columns(
        role=pl.lit("student"),
        roleType=pl.lit("primary"),
        roleOrgSourcedId="primaryOrgSourcedId",
    )
    everybody = pl.concat([students, tables.users], how="diagonal").sort(
        "sourcedId", "roleType", "role", "roleOrgSourcedId"
    )
    everybody = everybody.with_columns(pl.all().fill_null(""))
    key = "sourcedId"
    role = pl.struct(
        "roleType", "role", org=pl.struct(sourcedId=pl.col("roleOrgSourcedId"))
    )
    persons = everybody.group_by(key, maintain_order=True).agg(
        pl.all().exclude(key).first(), role.alias("roles")
    )
    link = pl.struct(sourcedId=pl.col("agentSourcedId"))
    agents = (
        tables.agents.sort("studentSourcedId", "agentSourcedId")
        .group_by("studentSourcedId", maintain_order=True)
        .agg(link.alias("agents"))
    )
    persons = persons.join(
        agents, left_on=key, right_on="studentSourcedId", how="left"
    ).sort(key)
    return _records(
        persons,
        [
            *_plain(key, "status", "enabledUser", "username", "givenName"),
            pl.col("familyName"),
            *_optional("middleName", "email", "phone", "identifier"),
            _list("grades", "grades"),
            pl.col("roles"),
            pl.col("agents").fill_null([]),
            _reference("primaryOrg", "primaryOrgSourcedId"),
        ],
    )


def _agents(agents: pl.DataFrame) -> list[dict[str, Any]]:
    own_id = pl.col("agentSourcedId").alias("agentId")
    columns = [pl.col("studentSourcedId"), own_id, pl.col("agentSourcedId")]
    ordered = agents.sort("studentSourcedId", "agentSourcedId")
    return _records(ordered, [*columns, pl.col("relationshipType")])


def _enrollments(enrollments: pl.DataFrame) -> list[dict[str, Any]]:
    known = enrollments.filter(pl.col("role").is_in(_ROSTERED)).sort("sourcedId")
    return _records(
        known,
        [
            *_plain("sourcedId", "status", "role", "primary"),
            *_optional("beginDate", "endDate"),
            _reference("user", "userSourcedId"),
            _reference("class", "classSourcedId"),
            _reference("course", "courseSourcedId"),
            _reference("school", "schoolSourcedId"),
        ],
    )
