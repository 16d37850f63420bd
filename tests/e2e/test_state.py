"""The state folder: private, and refused rather than guessed at."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.support.workspace import TARGET, Workspace


@pytest.fixture
def elsewhere(synced: Workspace) -> Workspace:
    """A state folder that is a file, which not even root can write into."""
    synced.configure({"state_dir": "drop/students.csv"})
    return synced


@pytest.mark.parametrize(
    "command",
    [
        ["run", "drop", "--target", TARGET],
        ["plan", "drop", "--target", TARGET],
        ["resume"],
        ["runs"],
        ["fetch", "--target", TARGET, "--out", "out"],
    ],
    ids=lambda command: command[0],
)
def test_a_state_folder_that_cannot_be_written_ends_with_8(
    elsewhere: Workspace, command: list[str]
) -> None:
    before = elsewhere.sandbox.dump()
    ended = elsewhere.run(*command)
    assert ended.code == 8
    assert "students.csv" in ended.line
    assert elsewhere.sandbox.dump() == before


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("memory", ["normal", "low"])
def test_for_a_drop_that_is_not_there_no_state_folder_is_made(
    workspace: Workspace, command: str, memory: str
) -> None:
    workspace.configure({"memory": memory})
    ended = workspace.run(command, "nowhere", "--target", TARGET)
    assert ended.code == 2
    assert not workspace.state.exists()


def databases(workspace: Workspace) -> list[Path]:
    found = [
        path
        for path in workspace.state.rglob("*.sqlite")
        if path.name != "journal.sqlite"
    ]
    assert found
    return found


@pytest.mark.parametrize("command", ["run", "plan"])
def test_state_of_a_newer_program_ends_with_2_and_stays_as_it_is(
    synced: Workspace, command: str
) -> None:
    for path in databases(synced):
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 999")
        connection.commit()
        connection.close()
    before = synced.sandbox.dump()
    ended = synced.run(command, "drop", "--target", TARGET)
    assert ended.code == 2
    assert "newer" in ended.line
    assert synced.sandbox.dump() == before


def test_a_damaged_database_ends_with_8_and_names_it(synced: Workspace) -> None:
    for path in databases(synced):
        path.write_bytes(b"not a database" * 100)
    ended = synced.run("run", "drop", "--target", TARGET)
    assert ended.code == 8
    assert str(synced.state) in ended.line


def test_without_its_state_nothing_is_our_own_and_nothing_is_removed(
    synced: Workspace,
) -> None:
    shutil.rmtree(synced.state)
    drop = synced.folder / "drop"
    path = drop / "students.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], *lines[2:]]), "utf-8")
    for name in ("agents", "enrollments"):
        (drop / f"{name}.csv").unlink()
    before = synced.sandbox.dump()
    ended = synced.sync(drop)
    assert ended.code == 0
    assert ended.document["entities"]["students"]["remote"]["out_of_scope"] == 1
    assert synced.sandbox.dump() == before
