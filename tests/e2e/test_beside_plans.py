"""What lies beside a plan is believed with its seal only, and an approval is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.districts import district, without_students
from tests.support.workspace import Workspace

LEAVERS = ("stu-000002", "stu-000003", "stu-000004")


def held(workspace: Workspace, *leavers: str) -> tuple[Path, str]:
    """The plan of a drop that lacks half of the students."""
    tables = without_students(district(), *(leavers or LEAVERS))
    ended = workspace.plan(workspace.drop(tables, f"{len(leavers)}-next"))
    assert ended.code == 4, ended.err
    return Path(ended.document["plan"]["path"]), ended.document["digest"]


@pytest.mark.parametrize("name", ["after.json", "ledger.parquet", "kept.seal"])
def test_what_another_run_kept_is_not_believed_beside_a_plan(
    synced: Workspace, name: str
) -> None:
    other, _ = held(synced, *LEAVERS, "stu-000005")
    path, digest = held(synced)
    shutil.copy(other.with_name(name), path.with_name(name))
    ended = synced.run("apply", path, "--approve", digest)
    assert ended.code == 2
    assert "not as it was left" in ended.line


def interrupted(workspace: Workspace) -> str:
    """An approved plan of which nothing was sent before the deadline."""
    path, digest = held(workspace)
    ended = workspace.run(
        *("apply", path, "--approve", digest, "--deadline", "0s", "--json")
    )
    assert ended.code == 7, ended.err
    return str(ended.document["run"])


def test_a_resumed_run_tells_who_let_its_plan_through(synced: Workspace) -> None:
    run = interrupted(synced)
    before = synced.report(run)["approved"]
    if not (synced.state / "runs" / run / "journal.sqlite").exists():
        pytest.fail("the run was over before it began to send")
    ended = synced.run("resume", run, "--json")
    assert ended.code == 0, ended.err
    assert ended.document["approved"] == before
    assert before["digest"]


def gone(path: Path) -> None:
    path.unlink()


def of_somebody(path: Path) -> None:
    text = path.read_text("utf-8")
    path.write_text(text.replace('"digest": "', '"digest": "0'), "utf-8")


@pytest.mark.parametrize("spoil", [gone, of_somebody])
def test_a_held_plan_is_not_resumed_without_its_approval(
    synced: Workspace, spoil: Callable[[Path], None]
) -> None:
    run = interrupted(synced)
    before = synced.sandbox.dump()
    spoil(synced.state / "runs" / run / "approval.json")
    ended = synced.run("resume", run)
    assert ended.code == 4, ended.err
    assert synced.sandbox.dump() == before
