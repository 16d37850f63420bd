"""Nights on which people leave, from a server that answers by what has changed.

However the server understands being asked for many at once, the night ends as the long
way would have ended it; where it understands, few requests do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from sync.samples import Tables, generate, sandbox_document
from tests.e2e.test_changes_alone import delete
from tests.e2e.test_oneroster_rest import Make, Night, night, operations
from tests.support.districts import drop, without_students

__all__ = ["night"]

pytestmark = pytest.mark.long

LEAVERS = 6
LONG_AGO = "2026-01-05T00:00:00.000Z"
KEYS = {
    "entities": ["students", "users", "agents", "enrollments"],
    "guards": {"by": [], "removals": {"percent": 100}},
}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return generate(700, seed=7)


def leavers(tables: Tables) -> list[str]:
    """Of the middle: a file without its end may have been cut off."""
    return tables.students["sourcedId"][100 : 100 + LEAVERS].to_list()


def settled(night: Make, tables: Tables, server: Mapping[str, Any]) -> Night:
    """A server that has held the district for long, and a mirror of it."""
    made = night(server=server, **KEYS)
    document = sandbox_document(tables, people=True)
    for name, records in document.items():
        for one in records:
            if name != "agents":
                one["dateLastModified"] = LONG_AGO
    made.sandbox.load(document)
    first = made.sync(drop(tables, made.workspace.folder / "all"))
    assert (first.code, operations(first)) == (0, 0), first.err
    made.sandbox.clear_requests()
    return made


def asked(made: Night) -> Counter[str]:
    """How often each way of reading was used."""
    found: Counter[str] = Counter()
    for line in made.sent("GET"):
        path, _, query = line.removeprefix("GET /").partition("?")
        found[
            "changes"
            if "dateLastModified" in query
            else "named"
            if "filter=" in query
            else "singly"
            if "/" in path
            else "whole"
        ] += 1
    return found


NAMED: dict[str, tuple[dict[str, Any], int, int]] = {
    "TimeBack's": ({"oneroster_queries": "refuse"}, 2, 0),
    "any number of clauses": ({"oneroster_queries": "all"}, 4, 0),
    "twenty clauses": ({"oneroster_queries": "edfi"}, 7, 0),
    "two clauses": ({}, 30, 0),
    "ended are hidden": (
        {"oneroster_queries": "refuse", "oneroster_ended": "hidden"},
        4,
        60,
    ),
    "guardians are hidden": (
        {"oneroster_queries": "refuse", "agents_in_list": "empty"},
        3,
        730,
    ),
    "no filter at all": ({"ignore_filter": True}, 10, 70),
    "the links in no list": (
        {"oneroster_queries": "refuse", "agents_in_list": "absent"},
        3,
        730,
    ),
}
"""What the server understands, and how many requests by name and by themselves its
records take at most. Where lists show nobody's guardians each student is read."""


@pytest.mark.parametrize(("server", "named", "singly"), NAMED.values(), ids=NAMED)
def test_leavers_end_with_few_requests_and_nobody_else(
    night: Make, tables: Tables, server: dict[str, Any], named: int, singly: int
) -> None:
    gone = leavers(tables)
    made = settled(night, tables, server)
    before = made.sandbox.dump()
    last = made.sync(
        drop(without_students(tables, *gone), made.workspace.folder / "fewer")
    )
    assert (last.code, last.document["converged"]) == (0, True), last.err
    after = made.sandbox.dump()
    assert operations(last) > 30
    for name in ("users", "enrollments"):
        mine = "sourcedId" if name == "users" else "user"
        for old, new in zip(before[name], after[name], strict=True):
            whose = old[mine] if isinstance(old[mine], str) else old[mine]["sourcedId"]
            assert (old == new) is (whose not in gone), (old, new)
    assert not {one["studentSourcedId"] for one in after["agents"]} & set(gone)
    found = asked(made)
    assert found["named"] <= named
    assert found["singly"] <= singly
    again = made.sync(
        drop(without_students(tables, *gone), made.workspace.folder / "again")
    )
    assert (again.code, operations(again)) == (0, 0)


@pytest.mark.parametrize("queries", ["refuse", "usual"])
def test_what_has_changed_without_a_trace_is_seen_before_it_is_ended(
    night: Make, tables: Tables, queries: str
) -> None:
    """No list of changes shows it: the record itself has to be looked at."""
    gone = leavers(tables)
    made = settled(night, tables, {"oneroster_queries": queries})
    held = made.held("users")[gone[0]] | {"givenName": "Somebody"}
    made.sandbox.load({"users": [held | {"dateLastModified": LONG_AGO}]})
    left = next(
        one for one in made.sandbox.dump()["enrollments"] if gone[1] in str(one["user"])
    )["sourcedId"]
    made.sandbox.configure(oneroster_delete="hard")
    delete(made, f"enrollments/{left}")
    last = made.sync(drop(without_students(tables, *gone), made.workspace.folder / "b"))
    assert (last.code, last.document["converged"]) == (0, True), last.err
    ended = made.held("users")[gone[0]]
    assert (ended["givenName"], ended["enabledUser"]) == ("Somebody", "false")
    assert left not in made.held("enrollments")
    assert {f"GET /enrollments/{left}", f"GET /users/{gone[0]}"} <= {*made.sent("GET")}


def test_a_night_without_changes_is_known_from_the_last_one(
    night: Make, tables: Tables
) -> None:
    made = settled(night, tables, {})
    for known in (False, True, True):
        ended = made.sync(made.workspace.folder / "all")
        assert (ended.code, operations(ended)) == (0, 0)
        names = {one["name"] for one in ended.document["stages"]}
        assert ("validate" not in names) is known
    student = made.held("users")[leavers(tables)[0]]
    now = {"givenName": "Somebody", "dateLastModified": None}
    made.sandbox.load({"users": [student | now]})
    ended = made.sync(made.workspace.folder / "all")
    assert (ended.code, operations(ended)) == (0, 1), ended.err
