"""Open edX, where people have accounts already and courses have keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from sync.samples import Tables, openedx_document, with_course_keys
from tests.contract.harness import Can, Dump, Fact, Harness
from tests.support.districts import drop, slim

ENVIRONMENT = {
    "OPENEDX_ID": "sandbox-openedx",
    "OPENEDX_SECRET": "sandbox-openedx-secret",
}


def table(url: str) -> dict[str, Any]:
    """Learners are known by their addresses."""
    return {
        "kind": "openedx",
        "url": url,
        "client_id": {"env": "OPENEDX_ID"},
        "client_secret": {"env": "OPENEDX_SECRET"},
    }


def reachable(tables: Tables) -> Tables:
    """The district with a course key for each course and an address for everybody."""
    own = pl.concat_str("sourcedId", pl.lit("@canada-valley.example"))
    there = pl.when(pl.col("email") == "").then(own).otherwise("email").alias("email")
    return with_course_keys(
        replace(tables, students=tables.students.with_columns(there))
    )


def before(tables: Tables) -> Dump:
    """Accounts and courses."""
    return openedx_document(reachable(tables))


EVERYWHERE = [one["id"] for one in before(slim())["openedx"]["courses"]]
"""The keys of all courses."""


def held(dump: Dump) -> Iterator[Fact]:
    """Whose address is enrolled in which course."""
    part = dump["openedx"]
    people = {one["username"]: one["email"] for one in part["users"]}
    for one in part["enrollments"]:
        if one["is_active"]:
            yield "enrollment", people[one["username"]].lower(), one["course_id"]


def wanted(tables: Tables) -> Iterator[Fact]:
    """The same of the learners of a drop."""
    known = reachable(tables)
    people = dict(known.students.select("sourcedId", "email").iter_rows())
    courses = dict(known.classes.select("sourcedId", "courseSourcedId").iter_rows())
    rows = known.enrollments.filter(role="student")
    pairs = rows.select("userSourcedId", "classSourcedId").iter_rows()
    for person, where in dict.fromkeys(pairs):
        yield "enrollment", people[person].lower(), courses[where]


def others(tables: Tables) -> Mapping[str, int]:
    """All people and links, and whoever is no learner."""
    return {
        "students": tables.students.height,
        "users": tables.users["sourcedId"].n_unique(),
        "agents": tables.agents.height,
        "enrollments": tables.enrollments.filter(pl.col("role") != "student").height,
    }


def write_drop(tables: Tables, folder: Path) -> Path:
    """The drop of the reachable district."""
    return drop(reachable(tables), folder)


def fetched(folder: Path) -> int:
    """The enrollments of a fetched roster, which does not know our ids of people."""
    frame = pl.read_csv(folder / "enrollments.csv", infer_schema=False)
    return frame.filter(status="active").height


HARNESS = Harness(
    "openedx",
    table,
    before=before,
    held=held,
    wanted=wanted,
    lists=("/api/so2/v1/enrollments",),
    secret="OPENEDX_SECRET",  # noqa: S106 - the name of a variable
    fetched=fetched,
    can=frozenset({Can.BEARER}),
    small_pages={"openedx_list_shape": 2, "openedx_page_size": 1},
    shifting={},
    empty={"openedx_list_hidden": EVERYWHERE},
    unsupported=others,
    environment=ENVIRONMENT,
    write_drop=write_drop,
)
