"""OneRoster packages against the sandbox: bulk, then deltas, night after night."""

from __future__ import annotations

import zipfile
from typing import Any

import pytest

from tests.support.ended import Ended
from tests.support.oneroster import (
    Edit,
    Files,
    absent,
    cell,
    lacks,
    package,
    write,
)
from tests.support.remote import active
from tests.support.vendors import ready
from tests.support.workspace import Workspace

VERBS = ("create", "update", "reactivate", "remove")
SYNCED = ("students", "users", "agents", "enrollments")
VERSIONS = pytest.mark.parametrize("version", ["1.1", "1.2"])


@pytest.fixture
def school(workspace: Workspace) -> Workspace:
    workspace.configure(
        removal={"users": "inactive"}, guards={"removals": {"percent": 100}}
    )
    return ready(workspace, ["o1", "o2"], {"c1": ("k1", "o2")})


def changes(ended: Ended) -> dict[str, dict[str, int]]:
    """Entity -> what was changed, counted."""
    found: dict[str, dict[str, int]] = {}
    for name in SYNCED:
        one = ended.document["entities"].get(name)
        if one is None:
            continue
        counts = {verb: one["diff"].get(verb, 0) for verb in VERBS}
        counts["remove"] += one["remote"]["remove"]
        if any(counts.values()):
            found[name] = {verb: count for verb, count in counts.items() if count}
    return found


def first_night(school: Workspace, version: str) -> None:
    done = school.sync(write(school.folder / "bulk", package(version)))
    assert done.code == 0, done.err


def delta(school: Workspace, version: str, *edits: Edit) -> Ended:
    return school.sync(write(school.folder / "delta", package(version, "delta"), edits))


def keep(file: str, *lines: int) -> Edit:
    """Only these lines of a file, besides its header."""

    def edit(files: Files) -> None:
        files[file] = [files[file][0], *(files[file][line - 1] for line in lines)]

    return edit


def only_users(version: str, *lines: int) -> tuple[Edit, ...]:
    """A delta of these lines of users alone, with their roles."""
    roles = [keep("roles", *lines)] if version == "1.2" else []
    others = ("orgs", "academicSessions", "courses", "classes", "demographics")
    return (keep("users", *lines), *roles, absent(*others, "enrollments"))


@VERSIONS
def test_a_zip_is_synced_and_the_second_night_is_empty(
    school: Workspace, version: str
) -> None:
    folder = write(school.folder / "bulk", package(version))
    path = school.folder / "night.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for one in sorted(folder.iterdir()):
            archive.write(one, f"OneRoster/{one.name.upper()}")
    done = school.sync(path)
    assert done.code == 0, done.err
    assert changes(done) == {
        "students": {"create": 2},
        "users": {"create": 4},
        "agents": {"create": 3},
        "enrollments": {"create": 3},
    }
    again = school.sync(path)
    assert (again.code, changes(again)) == (0, {})


@VERSIONS
def test_a_delta_applies_what_it_says_and_leaves_the_rest(
    school: Workspace, version: str
) -> None:
    first_night(school, version)
    before = active(school.sandbox.dump())
    edits = (*only_users(version, 2), cell("users", 2, "givenName", "Adele"))
    done = delta(school, version, *edits)
    assert (done.code, changes(done)) == (0, {"students": {"update": 1}})
    assert active(school.sandbox.dump()) == before


@VERSIONS
def test_tobedeleted_in_a_delta_ends_that_person_and_nobody_else(
    school: Workspace, version: str
) -> None:
    first_night(school, version)
    before = active(school.sandbox.dump())
    edits = (*only_users(version, 3), cell("users", 2, "status", "tobedeleted"))
    done = delta(school, version, *edits)
    assert done.code == 0, done.err
    ended = changes(done)
    assert ended["students"] == {"remove": 1}
    after = active(school.sandbox.dump())
    assert before["users"] - after["users"] == {"s2"}


@VERSIONS
def test_a_link_that_a_deltas_row_leaves_out_is_ended(
    school: Workspace, version: str
) -> None:
    first_night(school, version)
    edits = (*only_users(version, 2), cell("users", 2, "agentSourcedIds", "g1"))
    done = delta(school, version, *edits)
    assert (done.code, changes(done)) == (0, {"agents": {"remove": 1}})
    again = delta_again(school)
    assert (again.code, changes(again)) == (0, {})


@VERSIONS
def test_a_blank_list_in_a_delta_ends_all_links_of_the_student(
    school: Workspace, version: str
) -> None:
    first_night(school, version)
    edits = (*only_users(version, 2), cell("users", 2, "agentSourcedIds", ""))
    assert changes(delta(school, version, *edits)) == {"agents": {"remove": 2}}


@VERSIONS
def test_a_delta_without_the_column_of_links_ends_none(
    school: Workspace, version: str
) -> None:
    first_night(school, version)
    edits = (*only_users(version, 2), lacks("users", "agentSourcedIds"))
    assert changes(delta(school, version, *edits)) == {}


@VERSIONS
def test_a_blank_list_ends_no_link_where_blank_means_keep(
    school: Workspace, version: str
) -> None:
    school.configure(removal={"users": "inactive"}, fields={"blank": "keep"})
    first_night(school, version)
    edits = (*only_users(version, 2), cell("users", 2, "agentSourcedIds", ""))
    assert changes(delta(school, version, *edits)) == {}


def test_a_role_that_a_delta_leaves_out_is_ended(school: Workspace) -> None:
    first_night(school, "1.2")
    edits = only_users("1.2", 4)
    done = delta(school, "1.2", *edits)
    assert (done.code, changes(done)) == (0, {"users": {"update": 1}})
    assert roles(school, "u1") == {"teacher"}


def roles(school: Workspace, key: str) -> set[str]:
    dump: dict[str, Any] = school.sandbox.dump()
    (person,) = [one for one in dump["users"] if one["sourcedId"] == key]
    return {one["role"] for one in person["roles"]}


def delta_again(school: Workspace) -> Ended:
    return school.sync(school.folder / "delta")


@VERSIONS
def test_a_file_declared_absent_is_left_alone_on_the_platform(
    school: Workspace, version: str
) -> None:
    first_night(school, version)
    before = active(school.sandbox.dump())
    edits = (absent("enrollments"),)
    path = write(school.folder / "next", package(version), edits)
    done = school.sync(path)
    assert (done.code, changes(done)) == (0, {})
    assert active(school.sandbox.dump()) == before
