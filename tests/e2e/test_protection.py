"""What a broken delivery must never do: end, unlink or unenroll somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from sync.samples import Tables
from tests.support.districts import district, edit
from tests.support.remote import lost
from tests.support.workspace import Workspace, total


def with_student_in_users() -> tuple[Tables, str]:
    """A district that delivers one of its students in users.csv alone."""
    tables = district()
    key = tables.students["sourcedId"][0]
    row = tables.students.filter(sourcedId=key)
    moved = {name: [""] for name in tables.users.columns}
    moved |= {name: [row[name][0]] for name in row.columns if name in moved}
    moved |= {"role": ["student"], "roleType": ["primary"]}
    users = pl.concat([tables.users, pl.DataFrame(moved, schema=tables.users.schema)])
    students = tables.students.filter(pl.col("sourcedId") != key)
    return replace(tables, students=students, users=users), key


@pytest.fixture
def two_files(workspace: Workspace) -> tuple[Workspace, str]:
    """A synced workspace whose ``drop`` has a student in users.csv."""
    tables, key = with_student_in_users()
    assert workspace.sync(workspace.drop(tables)).code == 0
    return workspace, key


def test_a_missing_users_file_ends_nobody_whom_it_delivered(
    two_files: tuple[Workspace, str],
) -> None:
    workspace, _ = two_files
    before = workspace.sandbox.dump()
    (workspace.folder / "drop" / "users.csv").unlink()
    ended = workspace.sync(workspace.folder / "drop")
    assert ended.code == 1
    assert "users.csv" in ended.line
    assert lost(before, workspace.sandbox.dump()) == {}


def test_a_key_that_a_spreadsheet_broke_ends_nobody_of_either_file(
    two_files: tuple[Workspace, str],
) -> None:
    workspace, key = two_files
    before = workspace.sandbox.dump()
    edit(workspace.folder / "drop" / "users.csv", f"\n{key},", "\n1.23E+05,")
    workspace.sync(workspace.folder / "drop")
    assert "users" not in lost(before, workspace.sandbox.dump())


@pytest.mark.parametrize("broken", ["swapped", "both unknown"])
def test_a_link_whose_two_identifiers_are_wrong_stays(
    synced: Workspace, broken: str
) -> None:
    path = synced.folder / "drop" / "agents.csv"
    _, first, *_ = path.read_text("utf-8").splitlines()
    student, agent, relation = first.split(",")
    wrong = f"{agent},{student}" if broken == "swapped" else "nobody-1,nobody-2"
    edit(path, first, f"{wrong},{relation}")
    before = synced.sandbox.dump()
    assert synced.sync(synced.folder / "drop").code in {1, 3}
    assert lost(before, synced.sandbox.dump()) == {}


def test_within_additions_only_a_row_ends_nobody_either(synced: Workspace) -> None:
    today = datetime.now(UTC).date()
    days = f"{today - timedelta(days=2)}/{today + timedelta(days=2)}"
    synced.configure(removal={"additions_only": [days]})
    path = synced.folder / "drop" / "students.csv"
    key = district().students["sourcedId"][0]
    edit(path, f"{key},active", f"{key},tobedeleted")
    before = synced.sandbox.dump()
    report = synced.sync(synced.folder / "drop").document
    assert total(report, "diff", "deferred") == 1
    assert "users" not in lost(before, synced.sandbox.dump())


def test_without_a_ledger_orgs_in_scope_end_nobody(workspace: Workspace) -> None:
    tables = district()
    workspace.fill(tables, people=True)
    workspace.configure(
        removal={"scope": "orgs", "orgs": tables.orgs["sourcedId"].to_list()},
        guards={"first_run": "pass", "rejected": {"percent": 100}},
    )
    before = workspace.sandbox.dump()
    kept = replace(tables, students=tables.students.tail(tables.students.height - 1))
    report = workspace.sync(workspace.drop(kept)).document
    assert total(report, "remote", "remove") == 0
    assert lost(before, workspace.sandbox.dump()) == {}


def test_an_identifier_of_two_dots_is_rejected_alone(synced: Workspace) -> None:
    path = synced.folder / "drop" / "agents.csv"
    header, first, *rest = path.read_text("utf-8").splitlines()
    lines = [f"{header},agentId", f"{first},..", *(f"{line}," for line in rest)]
    path.write_text("\n".join([*lines, ""]), "utf-8")
    before = synced.sandbox.dump()
    ended = synced.sync(synced.folder / "drop")
    assert ended.code == 1
    assert ended.document["findings"]["RS108"] == 1
    assert lost(before, synced.sandbox.dump()) == {}
