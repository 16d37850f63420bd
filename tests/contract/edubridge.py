"""EduBridge alone, at a place where people, courses and schools are there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sync.samples import Tables, sandbox_document
from tests.contract import timeback
from tests.contract.harness import Can, Dump


def table(url: str) -> dict[str, Any]:
    """The service at an address of its own."""
    own = timeback.service(url, "TIMEBACK_API")
    return {"kind": "edubridge", **own, "token_url": f"{url}/oauth2/token"}


def people(tables: Tables) -> Dump:
    """The whole district but its enrollments."""
    document = sandbox_document(tables, people=True)
    return {name: rows for name, rows in document.items() if name != "enrollments"}


def others(tables: Tables) -> Mapping[str, int]:
    """All people and links, and the roles that it does not know."""
    return {
        "students": tables.students.height,
        "users": tables.users["sourcedId"].n_unique(),
        "agents": tables.agents.height,
        **timeback.aides(tables),
    }


HARNESS = replace(
    timeback.EDUBRIDGE,
    name="edubridge",
    table=table,
    before=people,
    held=timeback.seats_held,
    wanted=timeback.seats_wanted,
    lists=tuple(
        f"{timeback.API}/{name}" for name in ("users", "classes", "courses", "orgs")
    ),
    fetched=lambda folder: timeback.count(folder, "enrollments"),
    can=timeback.EDUBRIDGE.can - {Can.UPDATE},
    unsupported=others,
    changed=None,
)
