"""The state folder: private, and refused rather than guessed at."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import COMMAND
from tests.support.districts import slim
from tests.support.workspace import TARGET, Workspace

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def modes(folder: Path) -> dict[str, int]:
    """The modes of all below a folder that are not private."""
    found = {folder: PRIVATE_FOLDER}
    found |= {
        one: PRIVATE_FOLDER if one.is_dir() else PRIVATE_FILE
        for one in folder.rglob("*")
    }
    return {
        str(one.relative_to(folder)): mode
        for one, wanted in found.items()
        if (mode := one.stat().st_mode & 0o777) != wanted
    }


def test_every_file_is_0600_in_folders_of_0700_under_umask_000(
    workspace: Workspace,
) -> None:
    drop = workspace.drop(slim())
    out = workspace.folder / "out"
    lines = (
        f"run {drop} --target {TARGET}",
        f"plan {drop} --target {TARGET} --out {out}.rsplan",
        f"fetch --target {TARGET} --out {out}",
    )
    script = " && ".join(["umask 000", *(f"{COMMAND} {one}" for one in lines)])
    subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", script],
        cwd=workspace.folder,
        env={**os.environ, **workspace.environment},
        check=True,
        capture_output=True,
    )
    assert modes(workspace.state) == {}
    assert len(list(workspace.state.rglob("*"))) > 10
    assert modes(out) == {}
    assert out.with_suffix(".rsplan").stat().st_mode & 0o777 == PRIVATE_FILE


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
