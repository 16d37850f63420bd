"""OneRoster packages: what is read, counted and found, to the line and the column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sync.flow import How, Intake, take_in
from sync.model.entities import Entity
from sync.report.check import document
from tests.support.oneroster import (
    Edit,
    absent,
    cell,
    column,
    declared,
    drop_line,
    lacks,
    package,
    row,
    without,
    write,
)

TODAY = date(2026, 11, 21)
BOTH = ("1.1", "1.2")

Found = tuple[str, str, str | None, str | None, int | None, str | None]
"""Severity, code, entity, file, line and column of a finding."""


def taken(folder: Path, version: str, *edits: Edit, mode: str = "bulk") -> Intake:
    return take_in(write(folder, package(version, mode), edits), How(), TODAY)


def told(intake: Intake) -> dict[str, Any]:
    code = 3 if intake.refused else int(intake.rejected)
    return document(intake.mapped, intake.drop, intake.roster, intake.findings, code)


def found(intake: Intake) -> list[Found]:
    names = ("severity", "code", "entity", "file", "line", "column")
    return [tuple(one[n] for n in names) for one in told(intake)["findings"]]


def counts(intake: Intake) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(one["rows"][n] for n in ("read", "accepted", "merged", "rejected"))
        for name, one in told(intake)["entities"].items()
    }


@pytest.mark.parametrize("version", BOTH)
def test_a_good_package_has_nothing_to_say(tmp_path: Path, version: str) -> None:
    intake = taken(tmp_path / "d", version)
    said = told(intake)
    assert found(intake) == []
    assert said["drop"]["layout"] == f"oneroster-{version}"
    assert said["drop"]["mode"] == "bulk"
    assert counts(intake) == {
        "orgs": (2, 2, 0, 0),
        "academicSessions": (2, 2, 0, 0),
        "courses": (1, 1, 0, 0),
        "classes": (1, 1, 0, 0),
        "students": (2, 2, 0, 0),
        "users": (4, 4, 0, 0),
        "agents": (3, 3, 0, 0),
        "enrollments": (3, 3, 0, 0),
    }
    entities = {one["file"]: one["entity"] for one in said["files"]}
    assert entities["users.csv"] == "users"
    assert entities["manifest.csv"] is None
    assert entities["demographics.csv"] is None


@pytest.mark.parametrize("version", BOTH)
def test_the_roster_is_the_same_in_both_versions(tmp_path: Path, version: str) -> None:
    roster = taken(tmp_path / "d", version).roster
    assert roster is not None
    students = roster.frames[Entity.STUDENTS]
    assert students.select(
        "sourcedId", "status", "primaryOrgSourcedId", "birthDate", "roles"
    ).rows() == [
        ("s1", "active", "o2", "2011-02-03", None),
        ("s2", "active", "o2", "2011-04-05", None),
    ]
    assert "orgSourcedIds" not in students.columns
    users = dict(roster.frames[Entity.USERS].select("sourcedId", "roles").rows())
    second = "teacher" if version == "1.1" else "aide"
    assert users["u1"] == f"primary\x1fteacher\x1fo2\x1esecondary\x1f{second}\x1fo1"
    links = roster.frames[Entity.AGENTS]
    assert links.select(
        "studentSourcedId", "agentSourcedId", "relationshipType"
    ).rows() == [
        ("s1", "g1", "parent"),
        ("s1", "g2", "guardian"),
        ("s2", "g2", "guardian"),
    ]


@dataclass(frozen=True)
class Expected:
    """One change of a good package, and what must come of it; a line of None is any."""

    version: str
    edits: tuple[Edit, ...]
    code: int
    found: tuple[Found, ...]
    rows: dict[str, tuple[int, ...]]


USERS = "users.csv"
MANIFEST = "manifest.csv"
NO, REFUSED, SAY, NOTE = "rejected", "refused", "warning", "note"


def case(
    name: str,
    versions: tuple[str, ...],
    edits: tuple[Edit, ...] | Edit,
    code: int,
    *expected: Found,
    **rows: tuple[int, ...],
) -> Any:
    several = edits if isinstance(edits, tuple) else (edits,)
    return [
        pytest.param(Expected(one, several, code, expected, rows), id=f"{one}-{name}")
        for one in versions
    ]


CASES = [
    *case(
        "a role that is blank rejects under users",
        ("1.1",),
        cell("users", 4, "role", ""),
        1,
        (NO, "RS260", "enrollments", "enrollments.csv", 4, "userSourcedId"),
        (NO, "RS101", "users", USERS, 4, "role"),
        students=(2, 2, 0, 0),
        users=(4, 3, 0, 1),
        enrollments=(3, 2, 0, 1),
    ),
    *case(
        "a role that nobody knows rejects under users",
        ("1.1",),
        cell("users", 5, "role", "janitor"),
        1,
        (NO, "RS113", "users", USERS, 5, "role"),
        users=(4, 3, 0, 1),
    ),
    *case(
        "a person without a row of roles",
        ("1.2",),
        drop_line("roles", 6),
        1,
        (NO, "RS207", "users", USERS, 5, None),
        users=(4, 3, 0, 1),
    ),
    *case(
        "a student without a row of roles counts under users",
        ("1.2",),
        drop_line("roles", 3),
        1,
        (NO, "RS260", "enrollments", "enrollments.csv", 3, "userSourcedId"),
        (NO, "RS207", "users", USERS, 3, None),
        (NO, "RS260", "agents", USERS, 3, "agentSourcedIds"),
        agents=(3, 2, 0, 1),
        students=(1, 1, 0, 0),
        users=(5, 4, 0, 1),
        enrollments=(3, 2, 0, 1),
    ),
    *case(
        "a bad row of roles beside a good one counts nowhere",
        ("1.2",),
        cell("roles", 5, "role", "aid"),
        1,
        (NO, "RS113", None, "roles.csv", 5, "role"),
        users=(4, 4, 0, 0),
    ),
    *case(
        "a bad row of roles takes a person of one role with it",
        ("1.2",),
        cell("roles", 6, "orgSourcedId", "o9"),
        1,
        (NO, "RS250", None, "roles.csv", 6, "orgSourcedId"),
        (NO, "RS206", "users", USERS, 5, None),
        users=(4, 3, 0, 1),
    ),
    *case(
        "a row of roles for nobody",
        ("1.2",),
        row("roles", "r9,,,zz,primary,teacher,,,o2,"),
        1,
        (NO, "RS254", None, "roles.csv", 9, "userSourcedId"),
        users=(4, 4, 0, 0),
    ),
    *case(
        "an org of the list that is not there",
        ("1.1",),
        cell("users", 4, "orgSourcedIds", "o2,o9"),
        1,
        (NO, "RS260", "enrollments", "enrollments.csv", 4, "userSourcedId"),
        (NO, "RS250", "users", USERS, 4, "orgSourcedIds"),
        users=(4, 3, 0, 1),
    ),
    *case(
        "the only org is not there, said once",
        ("1.1",),
        cell("users", 5, "orgSourcedIds", "o9"),
        1,
        (NO, "RS250", "users", USERS, 5, "orgSourcedIds"),
        users=(4, 3, 0, 1),
    ),
    *case(
        "a link that dangles leaves the student",
        BOTH,
        cell("users", 2, "agentSourcedIds", "g1,g9"),
        1,
        (NO, "RS254", "agents", USERS, 2, "agentSourcedIds"),
        students=(2, 2, 0, 0),
        agents=(3, 2, 0, 1),
    ),
    *case(
        "two links that dangle in one row are two",
        BOTH,
        cell("users", 2, "agentSourcedIds", "g8,g9"),
        1,
        (NO, "RS254", "agents", USERS, 2, "agentSourcedIds"),
        (NO, "RS254", "agents", USERS, 2, "agentSourcedIds"),
        agents=(3, 1, 0, 2),
    ),
    *case(
        "a pair that both rows name is one",
        BOTH,
        cell("users", 6, "agentSourcedIds", "s1"),
        0,
        (NOTE, "RS069", "agents", USERS, None, "agentSourcedIds"),
        agents=(3, 3, 0, 0),
    ),
    *case(
        "a pair that only the guardian names",
        BOTH,
        cell("users", 6, "agentSourcedIds", "s1,s2"),
        0,
        (NOTE, "RS069", "agents", USERS, None, "agentSourcedIds"),
        agents=(4, 4, 0, 0),
    ),
    *case(
        "a list with spaces, blanks and the same twice",
        BOTH,
        cell("users", 2, "agentSourcedIds", " g1, g2 ,,g1"),
        0,
        agents=(3, 3, 0, 0),
    ),
    *case(
        "a student is named as his own guardian",
        BOTH,
        cell("users", 3, "agentSourcedIds", "s2"),
        1,
        (NO, "RS262", "agents", USERS, 3, "agentSourcedIds"),
        agents=(3, 2, 0, 1),
    ),
    *case(
        "a student who falls takes his links and enrollments along",
        ("1.1",),
        cell("users", 3, "givenName", ""),
        1,
        (NO, "RS260", None, "demographics.csv", 3, "sourcedId"),
        (NO, "RS260", "enrollments", "enrollments.csv", 3, "userSourcedId"),
        (NO, "RS101", "students", USERS, 3, "givenName"),
        (NO, "RS260", "agents", USERS, 3, "agentSourcedIds"),
        students=(2, 1, 0, 1),
        agents=(3, 2, 0, 1),
        enrollments=(3, 2, 0, 1),
    ),
    *case(
        "a student who falls takes his row of roles along",
        ("1.2",),
        (cell("users", 3, "givenName", ""), drop_line("demographics", 3)),
        1,
        (NO, "RS260", "enrollments", "enrollments.csv", 3, "userSourcedId"),
        (NO, "RS260", None, "roles.csv", 3, "userSourcedId"),
        (NO, "RS101", "students", USERS, 3, "givenName"),
        (NO, "RS260", "agents", USERS, 3, "agentSourcedIds"),
        students=(2, 1, 0, 1),
    ),
    *case(
        "a bad birth date counts nowhere",
        BOTH,
        cell("demographics", 3, "birthDate", "05/04/2011"),
        1,
        (NO, "RS116", None, "demographics.csv", 3, "birthDate"),
        students=(2, 2, 0, 0),
    ),
    *case(
        "demographics of nobody",
        BOTH,
        row("demographics", "zz,,,2011-01-01,male"),
        1,
        (NO, "RS254", None, "demographics.csv", 4, "sourcedId"),
        students=(2, 2, 0, 0),
    ),
    *case("blank grades are allowed", BOTH, cell("users", 2, "grades", ""), 0),
    *case("blank status is active", BOTH, cell("users", 2, "status", ""), 0),
    *case(
        "a status of bulk is read",
        BOTH,
        cell("users", 6, "status", "tobedeleted"),
        0,
        users=(4, 4, 0, 0),
    ),
    *case(
        "a student without a username",
        ("1.1",),
        cell("users", 3, "username", ""),
        1,
        (NO, "RS260", None, "demographics.csv", 3, "sourcedId"),
        (NO, "RS260", "enrollments", "enrollments.csv", 3, "userSourcedId"),
        (NO, "RS101", "students", USERS, 3, "username"),
        (NO, "RS260", "agents", USERS, 3, "agentSourcedIds"),
    ),
    *case(
        "a row of users that is too short counts under users",
        BOTH,
        row("users", "x1,,,true"),
        1,
        (NO, "RS035", "users", USERS, 8, None),
        users=(5, 4, 0, 1),
        students=(2, 2, 0, 0),
    ),
    *case(
        "a row of roles that is too short counts nowhere",
        ("1.2",),
        row("roles", "r9,,,a1"),
        1,
        (NO, "RS035", None, "roles.csv", 9, None),
        users=(4, 4, 0, 0),
    ),
    *case(
        "a missing column of users is said once",
        BOTH,
        lacks("users", "familyName"),
        3,
        (REFUSED, "RS050", "users", USERS, None, "familyName"),
    ),
    *case(
        "a missing column of roles",
        ("1.2",),
        lacks("roles", "role"),
        3,
        (REFUSED, "RS050", None, "roles.csv", None, "role"),
    ),
    *case(
        "a misspelt column of links",
        BOTH,
        lambda files: files.update(
            users=[
                files["users"][0].replace("agentSourcedIds", "agentSourceIds"),
                *files["users"][1:],
            ]
        ),
        0,
        (NOTE, "RS052", "users", USERS, None, "agentSourceIds"),
        agents=(3, 3, 0, 0),
    ),
    *case(
        "columns of a vendor are left alone with a note",
        BOTH,
        column("users", "Lunch Code", "f"),
        0,
        (NOTE, "RS053", "users", USERS, None, None),
    ),
    *case(
        "without a column of links nothing is said of agents",
        BOTH,
        lacks("users", "agentSourcedIds"),
        0,
    ),
    *case(
        "no manifest",
        BOTH,
        without("manifest"),
        0,
        (NOTE, "RS060", None, None, None, None),
        students=(2, 2, 0, 0),
    ),
    *case(
        "an unknown mode",
        BOTH,
        declared("file.users", "bluk"),
        3,
        (REFUSED, "RS062", None, MANIFEST, None, "value"),
    ),
    *case(
        "a mode in capitals is known",
        BOTH,
        declared("file.users", "BULK"),
        0,
    ),
    *case(
        "an empty mode",
        BOTH,
        declared("file.users", " "),
        3,
        (REFUSED, "RS062", None, MANIFEST, None, "value"),
    ),
    *case(
        "a declared file that is missing",
        BOTH,
        without("enrollments"),
        3,
        (REFUSED, "RS063", None, MANIFEST, None, "value"),
    ),
    *case(
        "a file that is there and declared absent",
        BOTH,
        declared("file.enrollments", "absent"),
        0,
        (SAY, "RS064", "enrollments", "enrollments.csv", None, None),
    ),
    *case(
        "a version that nobody knows",
        BOTH,
        declared("oneroster.version", "2.0"),
        3,
        (REFUSED, "RS061", None, MANIFEST, 3, "value"),
    ),
    *case(
        "no version: told by the files",
        BOTH,
        declared("oneroster.version", ""),
        0,
        (SAY, "RS068", None, MANIFEST, None, None),
    ),
    *case(
        "an unknown property",
        BOTH,
        row("manifest", "file.pupils,bulk"),
        0,
        (NOTE, "RS067", None, MANIFEST, None, "propertyName"),
    ),
    *case(
        "a property twice, the same",
        BOTH,
        row("manifest", "file.users,bulk"),
        0,
    ),
    *case(
        "a property twice, not the same",
        BOTH,
        row("manifest", "file.users,delta"),
        3,
        (REFUSED, "RS065", None, MANIFEST, None, "propertyName"),
    ),
    *case(
        "a file that the manifest does not mention",
        BOTH,
        declared("file.enrollments", ""),
        0,
        (SAY, "RS066", "enrollments", "enrollments.csv", None, None),
        enrollments=(3, 3, 0, 0),
    ),
    *case(
        "a manifest without its columns",
        BOTH,
        lambda files: files.update(manifest=["property,val", *files["manifest"][1:]]),
        3,
        (REFUSED, "RS050", None, MANIFEST, None, "propertyName"),
        (REFUSED, "RS050", None, MANIFEST, None, "value"),
    ),
    *case(
        "a file of results is set aside",
        BOTH,
        lambda files: (
            files.update(results=["sourcedId,score", "x,1"])
            or declared("file.results", "bulk")(files)
        ),
        0,
        (NOTE, "RS013", None, "results.csv", None, None),
    ),
    *case(
        "a file that OneRoster does not have",
        BOTH,
        lambda files: files.update(notes=["a,b"]),
        0,
        (NOTE, "RS002", None, "notes.csv", None, None),
    ),
    *case(
        "users of a role that begins with ext:",
        ("1.1",),
        cell("users", 5, "role", "ext:librarian"),
        0,
        users=(4, 4, 0, 0),
    ),
]


@pytest.mark.parametrize("expected", CASES)
def test_each_mistake_is_named_where_it_stands(
    tmp_path: Path, expected: Expected
) -> None:
    intake = taken(tmp_path / "d", expected.version, *expected.edits)
    anywhere = {place for place in expected.found if place[4] is None}
    said = [
        (*one[:4], None, one[5]) if (*one[:4], None, one[5]) in anywhere else one
        for one in found(intake)
    ]
    assert said == list(expected.found)
    assert told(intake)["exit_code"] == expected.code
    assert {name: counts(intake)[name] for name in expected.rows} == expected.rows


def test_the_files_of_one_package_may_differ_in_mode(tmp_path: Path) -> None:
    intake = taken(tmp_path / "d", "1.2", declared("file.enrollments", "delta"))
    assert told(intake)["drop"]["mode"] == "mixed"
    assert intake.roster is not None
    modes = {entity.value: mode.value for entity, mode in intake.roster.modes.items()}
    assert modes["enrollments"] == "delta"
    assert modes["students"] == modes["users"] == modes["agents"] == "bulk"


@pytest.mark.parametrize("version", BOTH)
def test_a_delta_judges_no_reference_but_to_what_fell(
    tmp_path: Path, version: str
) -> None:
    intake = taken(
        tmp_path / "d",
        version,
        cell("users", 2, "agentSourcedIds", "g1,g9"),
        cell("enrollments", 2, "classSourcedId", "c9"),
        cell("users", 3, "givenName", ""),
        drop_line("demographics", 3),
        mode="delta",
    )
    assert told(intake)["drop"]["mode"] == "delta"
    roles = [("RS260", "roles.csv")] if version == "1.2" else []
    assert [(one[1], one[3]) for one in found(intake)] == [
        ("RS260", "enrollments.csv"),
        *roles,
        ("RS101", USERS),
        ("RS260", USERS),
    ]


def test_in_a_delta_good_rows_state_all_links_of_their_people(tmp_path: Path) -> None:
    edit = cell("users", 3, "givenName", "")
    roster = taken(tmp_path / "d", "1.1", edit, mode="delta").roster
    assert roster is not None
    assert roster.links_stated.to_list() == ["s1"]
    bulk = taken(tmp_path / "b", "1.1", edit).roster
    assert bulk is not None
    assert bulk.links_stated.is_empty()


def test_an_undeclared_file_with_a_status_is_a_delta(tmp_path: Path) -> None:
    edits = (
        declared("file.enrollments", ""),
        cell("enrollments", 2, "status", "active"),
    )
    roster = taken(tmp_path / "d", "1.1", *edits).roster
    assert roster is not None
    assert roster.modes[Entity.ENROLLMENTS].value == "delta"


@pytest.mark.parametrize("file", ["roles", "demographics"])
def test_a_bad_row_about_a_person_freezes_that_person(
    tmp_path: Path, file: str
) -> None:
    name = {"roles": "role", "demographics": "birthDate"}[file]
    roster = taken(tmp_path / "d", "1.2", cell(file, 2, name, "???")).roster
    assert roster is not None
    frozen = set(roster.frozen.rows())
    assert {("students", "s1"), ("users", "s1")} <= frozen
    assert ("students", "s2") not in frozen
    assert roster.no_removals == frozenset()


@pytest.mark.parametrize(
    ("file", "line"), [("roles", "r9,,,,primary,teacher,,,o2,"), ("roles", "r9,,,a1")]
)
def test_a_row_about_somebody_unknown_forbids_to_remove_people(
    tmp_path: Path, file: str, line: str
) -> None:
    roster = taken(tmp_path / "d", "1.2", row(file, line)).roster
    assert roster is not None
    assert {Entity.STUDENTS, Entity.USERS} <= roster.no_removals


def test_metadata_is_carried_and_our_own_is_not(tmp_path: Path) -> None:
    edits = (
        column("users", "metadata.cohort", "blue"),
        column("users", "metadata.rosterSync.note", "x"),
    )
    roster = taken(tmp_path / "d", "1.1", *edits).roster
    assert roster is not None
    students = roster.frames[Entity.STUDENTS]
    assert students["metadata.cohort"].to_list() == ["blue", None]
    assert not [name for name in students.columns if "rosterSync" in name]


def test_what_convert_wrote_is_taken_back(tmp_path: Path) -> None:
    edits = (
        column("users", "metadata.rosterSync.status", "inactive"),
        column("users", "metadata.rosterSync.relationshipTypes", "mother|aunt"),
        column("users", "metadata.rosterSync.agentIds", "x1|"),
        column(
            "users",
            "metadata.rosterSync.roles",
            "",
            "",
            "/teacher/o2 secondary/aide/o%201",
        ),
        column("enrollments", "metadata.rosterSync.courseSourcedId", "", "k1"),
        cell("enrollments", 3, "classSourcedId", ""),
    )
    intake = taken(tmp_path / "d", "1.1", *edits)
    roster = intake.roster
    assert roster is not None
    assert roster.frames[Entity.STUDENTS]["status"].to_list() == ["inactive", "active"]
    links = roster.frames[Entity.AGENTS].select("relationshipType", "agentId").rows()
    assert links == [("mother", "x1"), ("aunt", None), ("guardian", None)]
    users = dict(roster.frames[Entity.USERS].select("sourcedId", "roles").rows())
    assert users["u1"] == "primary\x1fteacher\x1fo2\x1esecondary\x1faide\x1fo 1"
    taken_back = roster.frames[Entity.ENROLLMENTS]
    assert taken_back["courseSourcedId"].to_list() == [None, "k1", None]


@pytest.mark.parametrize("absent_files", [("roles",), ("roles", "demographics")])
def test_without_the_file_of_roles_everybody_is_rejected_and_protected(
    tmp_path: Path, absent_files: tuple[str, ...]
) -> None:
    intake = taken(tmp_path / "d", "1.2", absent(*absent_files))
    assert intake.roster is not None
    assert counts(intake)["users"] == (6, 0, 0, 6)
    frozen = set(intake.roster.frozen.rows())
    assert {("students", "s1"), ("users", "u1")} <= frozen
