"""OneRoster servers that keep to the published standard, in both versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sync.samples import Tables
from tests.contract import timeback
from tests.contract.harness import Can, Fact

ENVIRONMENT = {
    "ONEROSTER_ID": "sandbox-oneroster",
    "ONEROSTER_SECRET": "sandbox-oneroster-secret",
}
NAMES = tuple(ENVIRONMENT)
LISTS = ("users", "enrollments", "classes", "orgs")
UNHEARD = ("counselor",)
"""Roles of users that 1.1 does not know."""


def credential(key: str, secret: str) -> dict[str, Any]:
    """The two keys of a table that name the credentials."""
    return {one: {"env": name} for one, name in zip((key, secret), NAMES, strict=True)}


def table(url: str) -> dict[str, Any]:
    """Version 1.2 with a token."""
    return {
        "kind": "oneroster",
        "version": "1.2",
        "url": f"{url}{timeback.API}",
        "token_url": f"{url}/oauth2/token",
        "writes": "post-put",
        **credential("client_id", "client_secret"),
    }


def old_table(url: str) -> dict[str, Any]:
    """Version 1.1 with signed requests."""
    return {
        "kind": "oneroster",
        "version": "1.1",
        "url": f"{url}/ims/oneroster/v1p1",
        "writes": "post-put",
        **credential("consumer_key", "consumer_secret"),
    }


def left_out(tables: Tables) -> Mapping[str, int]:
    """The tables that it could write and is not told to, and roles it does not know."""
    names = ("orgs", "academicSessions", "courses", "classes")
    reference = {name: frame.height for name, frame in tables.items() if name in names}
    return {**reference, **timeback.aides(tables)}


def old_people(tables: Tables) -> Iterator[Fact]:
    """People and links without those whose roles 1.1 does not know."""
    users = tables.users
    away = set(users.filter(users["role"].is_in(UNHEARD))["sourcedId"])
    return (
        one for one in timeback.people_wanted(tables) if not away.intersection(one[:2])
    )


V1P2 = replace(
    timeback.ONEROSTER,
    name="oneroster-1.2",
    table=table,
    lists=tuple(f"{timeback.API}/{name}" for name in LISTS),
    secret=NAMES[1],
    environment=ENVIRONMENT,
    can=frozenset(Can),
    settings={"oneroster_dialect": "spec"},
    unsupported=left_out,
    root=timeback.API,
    sibling=False,
)
V1P1 = replace(
    V1P2,
    name="oneroster-1.1",
    table=old_table,
    wanted=lambda tables: [*old_people(tables), *timeback.rows_wanted(tables)],
    lists=tuple(f"/ims/oneroster/v1p1/{name}" for name in LISTS),
    can=V1P2.can - {Can.BEARER},
    root="/ims/oneroster/v1p1",
    unsupported=lambda tables: {
        **left_out(tables),
        "users": tables.users.filter(tables.users["role"].is_in(UNHEARD)).height,
    },
    sibling=True,
)
