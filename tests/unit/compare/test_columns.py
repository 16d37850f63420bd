"""Which headers tell a row from all others, by mapping, name and header."""

from __future__ import annotations

import pytest

from sync.compare.columns import columns
from sync.mapping import load


@pytest.mark.parametrize(
    ("mapping", "file", "headers", "entity", "key"),
    [
        (
            "four-files",
            "students.csv",
            ("givenName", "sourcedId"),
            "students",
            ("sourcedId",),
        ),
        (
            "four-files",
            "agents.csv",
            ("agentSourcedId", "studentSourcedId", "relationshipType"),
            "agents",
            ("agentSourcedId", "studentSourcedId"),
        ),
        (
            "four-files",
            "enrollments.csv",
            ("userSourcedId", "classSourcedId", "role", "status"),
            "enrollments",
            ("userSourcedId", "classSourcedId", "role"),
        ),
        (
            "oneroster-1.2",
            "users.csv",
            ("sourcedId", "agentSourcedIds", "username"),
            "users",
            ("sourcedId",),
        ),
        ("four-files", "lunch.csv", ("id", "meal"), None, ()),
        ("four-files", "students.csv", ("givenName",), "students", ()),
    ],
)
def test_the_key_of_a_file_is_that_of_its_entity(
    mapping: str,
    file: str,
    headers: tuple[str, ...],
    entity: str | None,
    key: tuple[str, ...],
) -> None:
    found = columns(load(mapping), file, headers, single=False)
    assert (found.entity, found.key) == (entity, key)


def test_a_single_file_is_known_by_its_header() -> None:
    headers = ("studentSourcedId", "agentSourcedId", "relationshipType")
    found = columns(load("four-files"), "export.csv", headers, single=True)
    assert (found.entity, found.key) == ("agents", headers[:2])
