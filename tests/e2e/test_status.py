"""``status``: when the last good run was, and that somebody must look."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.cli import status
from tests.support.workspace import TARGET, Workspace


def test_status_tells_the_last_good_run_of_each_target(synced: Workspace) -> None:
    ended = synced.run("status", "--json")
    (told,) = ended.document["targets"]
    assert ended.code == 0
    assert told["target"] == TARGET
    assert told["good"]["run"] == told["last"]["run"]
    assert told["last"]["exit_code"] == 0
    assert told["good"]["run"] in synced.run("status").out


def test_status_ends_with_5_when_there_was_no_good_run(workspace: Workspace) -> None:
    assert workspace.run("status").code == 0
    ended = workspace.run("status", "--max-age", "26h", "--json")
    assert ended.code == 5
    assert ended.document["targets"] == [{"target": TARGET, "good": None, "last": None}]
    assert "no good run yet" in ended.line


@pytest.mark.parametrize(
    ("hours", "code"), [(25, 0), (27, 5), (-1, 5)], ids=["young", "old", "to come"]
)
def test_status_goes_by_the_age_of_the_last_good_run(
    synced: Workspace, monkeypatch: pytest.MonkeyPatch, hours: int, code: int
) -> None:
    late = status.now() + timedelta(hours=hours)
    monkeypatch.setattr(status, "now", lambda: late)
    assert synced.run("status", "--max-age", "26h").code == code
