"""Schoology, where people and sections are there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from sync.samples import Tables
from tests.contract import timeback
from tests.contract.harness import Can, Dump, Fact, Harness
from tests.support.districts import slim, with_cell
from tests.support.schoology import KEY, SECRET, schoology_document

ENVIRONMENT = {"SCHOOLOGY_KEY": KEY, "SCHOOLOGY_SECRET": SECRET}
ACTIVE = 1
ROLES = {0: "student", 1: "teacher"}
"""What ``admin`` means."""


def table(url: str) -> dict[str, Any]:
    """JSON, signed in plain text, imported by the codes of sections."""
    return {
        "kind": "schoology",
        "url": f"{url}/v1",
        "consumer_key": {"env": "SCHOOLOGY_KEY"},
        "consumer_secret": {"env": "SCHOOLOGY_SECRET"},
    }


EVERYTHING = (
    "users",
    "courses",
    *(
        f"sections/{one['id']}/enrollments"
        for one in schoology_document(slim())["schoology"]["sections"]
    ),
)
"""The lists of people, courses, and of who is in a section."""


def held(dump: Dump) -> Iterator[Fact]:
    """Who is in which section, by our own ids, and whether he leads it."""
    part = dump["schoology"]
    people = {one["uid"]: one["school_uid"] for one in part["users"]}
    codes = {one["id"]: one["section_school_code"] for one in part["sections"]}
    for one in part["enrollments"]:
        if one["status"] == ACTIVE:
            where = codes[one["realm_id"]]
            yield "enrollment", people[one["uid"]], where, ROLES[one["admin"]]


def wanted(tables: Tables) -> Iterator[Fact]:
    """The same of a drop."""
    names = ("userSourcedId", "classSourcedId", "role")
    known = pl.col("role").is_in(list(ROLES.values()))
    for row in tables.enrollments.filter(known).select(names).iter_rows():
        yield "enrollment", *row


def others(tables: Tables) -> Mapping[str, int]:
    """All people and links, and the roles that it does not know."""
    known = tables.enrollments["role"].is_in(list(ROLES.values()))
    return {
        "students": tables.students.height,
        "users": tables.users["sourcedId"].n_unique(),
        "agents": tables.agents.height,
        "enrollments": tables.enrollments.filter(~known).height,
    }


def another_role(tables: Tables) -> Tables:
    """A teacher who is a learner now."""
    first = tables.enrollments.filter(role="teacher")["sourcedId"].first()
    return with_cell(tables, "enrollments", str(first), role="student")


def fetched(folder: Path) -> int:
    """The enrollments of a fetched roster."""
    return timeback.count(folder, "enrollments")


SMALL = {"schoology_page_cap": 3}
JSON = Harness(
    "schoology",
    table,
    before=schoology_document,
    held=held,
    wanted=wanted,
    lists=("/v1/users", "/v1/courses"),
    secret="SCHOOLOGY_SECRET",  # noqa: S106 - the name of a variable
    fetched=fetched,
    can=frozenset({Can.UPDATE, Can.TOTAL}),
    small_pages=SMALL,
    shifting=SMALL | {"schoology_list_shifts": True},
    empty={"schoology_barred": dict.fromkeys(EVERYTHING, 200)},
    unsupported=others,
    changed=another_role,
    environment=ENVIRONMENT,
    root="/v1",
)
XML = replace(
    JSON,
    name="schoology-xml",
    table=lambda url: (
        table(url) | {"format": "xml", "signature": "HMAC-SHA1", "route": "multi-realm"}
    ),
    sibling=True,
)
