"""TimeBack, with either route of its enrollments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from sync.samples import Tables, sandbox_document
from tests.contract.harness import Can, Dump, Fact, Harness
from tests.support.districts import with_cell

PERSON = "stu-000001"
PHONE = "+1-617-555-0199"
API = "/ims/oneroster/rostering/v1p2"
HELD_ROLES = ("student", "teacher", "administrator", "proctor")


def service(url: str, prefix: str) -> dict[str, Any]:
    """A service's table: where it is, and where its credentials are."""
    return {
        "url": url,
        "client_id": {"env": f"{prefix}_CLIENT_ID"},
        "client_secret": {"env": f"{prefix}_CLIENT_SECRET"},
    }


def table(url: str) -> dict[str, Any]:
    """Both services at one address."""
    return {
        "kind": "timeback",
        "platform": service(url, "TIMEBACK"),
        "api": {**service(url, "TIMEBACK_API"), "token_url": f"{url}/oauth2/token"},
    }


def people_held(dump: Dump) -> Iterator[Fact]:
    """Everybody who is active, and the guardian links."""
    names = ("sourcedId", "givenName", "familyName", "email", "phone")
    for one in dump["users"]:
        if one["status"] == "active":
            yield ("person", *(one[name] or "" for name in names))
    for one in dump["agents"]:
        yield "link", one["studentSourcedId"], one["agentSourcedId"]


def people_wanted(tables: Tables) -> Iterator[Fact]:
    """The same of a drop, in which a user with several roles has several rows."""
    names = ("sourcedId", "givenName", "familyName", "email", "phone")
    everybody = [tables.students.select(names), tables.users.select(names)]
    for row in pl.concat(everybody).unique().iter_rows():
        yield "person", *row
    for row in tables.agents.select("studentSourcedId", "agentSourcedId").iter_rows():
        yield "link", *row


def seats_held(dump: Dump) -> Iterator[Fact]:
    """Enrollments in force by user, course, school and role."""
    for one in dump["enrollments"]:
        if one["status"] == "active":
            places = (one[name]["sourcedId"] for name in ("user", "course", "school"))
            yield "enrollment", *places, one["role"]


def seats_wanted(tables: Tables) -> Iterator[Fact]:
    """The same of a drop, in which the class says which course and school."""
    classes = tables.classes.select(
        "courseSourcedId", "schoolSourcedId", classSourcedId="sourcedId"
    )
    rows = tables.enrollments.drop("courseSourcedId", "schoolSourcedId").join(
        classes, on="classSourcedId"
    )
    names = ("userSourcedId", "courseSourcedId", "schoolSourcedId", "role")
    for row in rolled(rows).select(names).unique().iter_rows():
        yield "enrollment", *row


def rows_held(dump: Dump) -> Iterator[Fact]:
    """Enrollments in force by id, user, class and role."""
    for one in dump["enrollments"]:
        if one["status"] == "active":
            places = (one[name]["sourcedId"] for name in ("user", "class"))
            yield "enrollment", one["sourcedId"], *places, one["role"]


def rows_wanted(tables: Tables) -> Iterator[Fact]:
    """The same of a drop."""
    names = ("sourcedId", "userSourcedId", "classSourcedId", "role")
    for row in rolled(tables.enrollments).select(names).iter_rows():
        yield "enrollment", *row


def rolled(enrollments: pl.DataFrame) -> pl.DataFrame:
    """The enrollments of the roles that the api knows."""
    return enrollments.filter(pl.col("role").is_in(HELD_ROLES))


def aides(tables: Tables) -> Mapping[str, int]:
    """Rows of enrollments whose role it does not know."""
    rows = tables.enrollments
    return {"enrollments": rows.height - rolled(rows).height}


def count(folder: Path, *names: str) -> int:
    """The active records of these files of a fetched roster, in which a user has one
    row for each role."""
    return sum(map(_records, (folder / f"{name}.csv" for name in names)))


def _records(path: Path) -> int:
    frame = pl.read_csv(path, infer_schema=False).filter(status="active")
    key = "sourcedId" if "sourcedId" in frame.columns else frame.columns[:2]
    return frame.select(key).unique().height


def another_phone(tables: Tables) -> Tables:
    """One student with another number."""
    return with_cell(tables, "students", PERSON, phone=PHONE)


SMALL = {"page_cap_api": 5, "clamp_limit": True}
EDUBRIDGE = Harness(
    "timeback",
    table,
    before=sandbox_document,
    held=lambda dump: [*people_held(dump), *seats_held(dump)],
    wanted=lambda tables: [*people_wanted(tables), *seats_wanted(tables)],
    lists=tuple(f"{API}/{name}" for name in ("users", "enrollments", "classes")),
    secret="TIMEBACK_API_CLIENT_SECRET",  # noqa: S106 - the name of a variable
    fetched=lambda folder: count(folder, "students", "users", "agents", "enrollments"),
    can=frozenset(Can) - {Can.DELTA},
    small_pages=SMALL,
    shifting=SMALL | {"oneroster_loses_rows": True},
    empty={"empty_lists": True},
    unsupported=aides,
    changed=another_phone,
)
ONEROSTER = replace(
    EDUBRIDGE,
    name="timeback-oneroster",
    table=lambda url: table(url) | {"enrollments": "oneroster"},
    held=lambda dump: [*people_held(dump), *rows_held(dump)],
    wanted=lambda tables: [*people_wanted(tables), *rows_wanted(tables)],
    sibling=True,
)
