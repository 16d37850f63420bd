"""The first run of a target: what it must find out before anybody may trust it."""

from __future__ import annotations

from tests.support.workspace import Workspace, total

WRITES = {"PUT", "POST", "DELETE"}


def writes(workspace: Workspace) -> int:
    return sum(
        one["method"] in WRITES and one["service"] != "token"
        for one in workspace.sandbox.requests()
    )


def test_an_empty_list_is_not_believed_where_a_record_is_there_by_itself(
    workspace: Workspace,
) -> None:
    workspace.fill(people=True)
    workspace.sandbox.configure(empty_lists=True)
    ended = workspace.sync(workspace.drop())
    assert ended.code == 5
    assert "empty" in ended.line
    assert writes(workspace) == 0


def test_people_who_never_show_where_they_are_read_end_the_first_run_with_5(
    workspace: Workspace,
) -> None:
    workspace.configure(settle="1s")
    workspace.sandbox.configure(lag=3600)
    ended = workspace.sync(workspace.drop())
    assert ended.code == 5
    assert "people_from" in ended.line
    assert ended.document["balanced"]


def test_what_shows_within_settle_is_converged(workspace: Workspace) -> None:
    workspace.configure(settle="20s")
    workspace.sandbox.configure(lag=0.8)
    drop = workspace.drop()
    ended = workspace.sync(drop)
    assert (ended.code, ended.document["converged"]) == (0, True)
    assert total(workspace.sync(drop).document, "operations", "planned") == 0
