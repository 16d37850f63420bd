"""Locks, signals and sudden ends, in processes of their own.

That a run goes on after a kill or a signal at any instant is proven by the fault suite
(R1, R2, R14, R16); here is what it says of itself, and what else may come then.
"""

from __future__ import annotations

import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.nursery import Child, nursery
from tests.support.districts import slim
from tests.support.remote import active, doubles, lost
from tests.support.workspace import TARGET, Workspace, total

pytestmark = pytest.mark.long  # the contract suite kills every kind in its short form

LATENCY = 0.05
ENOUGH = 10
"""Writes after which a run is in the midst of sending."""


def run(workspace: Workspace, *options: object) -> Child:
    """A process that carries the night out."""
    command = ("run", workspace.folder / "drop", "--target", TARGET, *options)
    return nursery().start(command, workspace.folder, workspace.environment)


def writes(workspace: Workspace) -> int:
    return sum(
        one["method"] != "GET" and one["service"] != "token"
        for one in workspace.sandbox.requests()
    )


@pytest.fixture
def slow(workspace: Workspace) -> Workspace:
    """A platform that takes its time, and a drop for it."""
    workspace.drop(slim())
    workspace.configure(limits={"concurrency": 2})
    workspace.sandbox.configure(latency=LATENCY)
    return workspace


def sending(workspace: Workspace) -> Child:
    """A run that has sent a part of its changes."""
    process = run(workspace)
    assert process.until(lambda: writes(workspace) >= ENOUGH), process.ended()
    return process


def runs(workspace: Workspace) -> list[dict[str, object]]:
    found: list[dict[str, object]] = workspace.run("runs", "--json").document["runs"]
    return found


def is_synced(workspace: Workspace) -> None:
    held, tables = workspace.sandbox.dump(), slim()
    assert active(held)["users"] == {
        *tables.students["sourcedId"],
        *tables.users["sourcedId"],
    }
    assert len(active(held)["agents"]) == tables.agents.height
    assert len(active(held)["enrollments"]) == tables.enrollments.height
    assert doubles(held) == []
    again = workspace.sync(workspace.folder / "drop")
    assert (again.code, total(again.document, "operations", "planned")) == (0, 0)


def test_of_two_runs_at_once_the_second_ends_with_6_and_names_the_first(
    slow: Workspace,
) -> None:
    first = sending(slow)
    before = len(list((slow.state / "runs").iterdir()))
    second = slow.process("run", slow.folder / "drop", "--target", TARGET, "--json")
    slow.sandbox.configure(latency=0.0)
    assert second.code == 6
    assert str(first.pid) in second.line
    (holder,) = re.findall(r"\d{8}T\d{6}Z-district-\w+", second.line)
    assert holder in {str(one["run"]) for one in runs(slow)}
    assert first.ended().code == 0
    assert len(list((slow.state / "runs").iterdir())) == before
    is_synced(slow)


def test_wait_lets_the_second_run_begin_when_the_first_has_ended(
    slow: Workspace,
) -> None:
    first = sending(slow)
    second = run(slow, "--wait", "1m", "--json")
    slow.sandbox.configure(latency=0.0)
    assert first.ended().code == 0
    ended = second.ended()
    assert ended.code == 0
    assert total(ended.document, "operations", "planned") == 0


def test_wait_ends_with_6_when_the_time_is_over(slow: Workspace) -> None:
    first = sending(slow)
    second = run(slow, "--wait", "100ms").ended()
    slow.sandbox.configure(latency=0.0)
    assert second.code == 6
    assert first.ended().code == 0


def test_a_signal_while_sending_ends_with_7_and_is_told(slow: Workspace) -> None:
    process = sending(slow)
    process.signal(signal.SIGTERM)
    ended = process.ended().told_well()
    slow.sandbox.configure(latency=0.0)
    assert ended.code == 7
    assert "resume" in ended.line
    (last,) = runs(slow)
    report = slow.report(str(last["run"]))
    assert (report["outcome"], report["exit_code"]) == ("interrupted", 7)
    assert report["balanced"] is True
    assert total(report, "operations", "done") >= ENOUGH - 2
    assert total(report, "operations", "not_reached") > 0
    assert total(report, "operations", "in_doubt") == 0
    again = slow.sync(slow.folder / "drop")
    assert again.code == 0, again.err
    is_synced(slow)


def killed(workspace: Workspace) -> str:
    """The run that was killed in the midst of sending."""
    process = sending(workspace)
    process.kill()
    process.ended()
    workspace.sandbox.configure(latency=0.0)
    (last,) = runs(workspace)
    assert last["outcome"] is None
    return str(last["run"])


def test_run_closes_what_a_killed_process_began_and_converges(slow: Workspace) -> None:
    run = killed(slow)
    ended = slow.sync(slow.folder / "drop")
    assert ended.code == 0, ended.err
    outcomes = {str(one["run"]): one["outcome"] for one in runs(slow)}
    assert outcomes == {run: "interrupted", ended.document["run"]: "done"}
    report = slow.report(run)
    assert report["exit_code"] == 7
    assert total(report, "operations", "in_doubt") == 0
    assert report["balanced"] is True
    is_synced(slow)


def test_plan_and_dry_run_after_a_kill_lose_nothing(slow: Workspace) -> None:
    run = killed(slow)
    before = slow.sandbox.dump()
    planned = slow.plan(slow.folder / "drop")
    assert planned.code in {0, 4}
    assert lost(before, slow.sandbox.dump()) == {}
    assert {str(one["run"]): one["outcome"] for one in runs(slow)}[run] == "interrupted"


def test_resume_of_a_run_that_was_killed_before_sending_says_run_again(
    slow: Workspace,
) -> None:
    process = run(slow)
    assert process.until(slow.sandbox.requests), process.ended()
    process.kill()
    process.ended()
    slow.sandbox.configure(latency=0.0)
    resumed = slow.run("resume")
    assert resumed.code == 7
    assert "run again" in resumed.line
    assert slow.sync(slow.folder / "drop").code == 0
    is_synced(slow)


def test_a_signal_before_anything_was_sent_ends_with_7(slow: Workspace) -> None:
    process = run(slow)
    assert process.until(slow.sandbox.requests), process.ended()
    before = slow.sandbox.dump()
    process.signal(signal.SIGTERM)
    ended = process.ended().told_well()
    assert ended.code == 7
    assert slow.sandbox.dump() == before


def test_a_deadline_while_sending_ends_with_7_and_resume_finishes(
    slow: Workspace,
) -> None:
    ended = slow.sync(slow.folder / "drop", "--deadline", "1500ms")
    assert ended.code == 7
    assert total(ended.document, "operations", "not_reached") > 0
    slow.sandbox.configure(latency=0.0)
    assert slow.run("resume").code == 0


def test_resume_with_nothing_open_ends_with_0_and_one_line(synced: Workspace) -> None:
    ended = synced.process("resume")
    assert ended.code == 0
    assert "nothing is open" in ended.err


def test_resume_after_a_target_that_failed_says_run_again(slow: Workspace) -> None:
    slow.sandbox.configure(latency=0.0, faults="500=1")
    slow.configure(limits={"retries": 0})
    assert slow.sync(slow.folder / "drop").code == 5
    slow.sandbox.set_faults("")
    ended = slow.run("resume")
    assert ended.code == 5
    assert "run again" in ended.line


@pytest.mark.parametrize("between", ["plan", "dry run", "refused", "held"])
def test_what_sends_nothing_comes_between_a_killed_run_and_its_resume(
    slow: Workspace, between: str
) -> None:
    killed(slow)
    drop = slow.folder / "drop"
    if between == "plan":
        assert slow.plan(drop, "--out", slow.folder / "n.rsplan").code in {0, 4}
    elif between == "dry run":
        assert slow.sync(drop, "--dry-run").code in {0, 4}
    elif between == "refused":
        (slow.folder / "empty").mkdir()
        assert slow.sync(slow.folder / "empty").code == 3
    else:
        few = slow.drop(slim(), "few")
        (few / "students.csv").write_text("sourcedId,givenName,familyName\n")
        assert slow.sync(few).code in {3, 4}
    ended = slow.run("resume")
    assert ended.code == 0, ended.err
    is_synced(slow)


def test_resume_says_run_again_when_a_good_run_has_come_after_it(
    slow: Workspace,
) -> None:
    killed(slow)
    assert slow.sync(slow.folder / "drop").code == 0
    assert "nothing is open" in slow.process("resume").err


def test_apply_of_a_plan_that_a_killed_run_began_names_the_run_to_go_on_with(
    slow: Workspace,
) -> None:
    planned = slow.plan(slow.folder / "drop", "--out", slow.folder / "n.rsplan")
    assert planned.code == 0, planned.err
    process = nursery().start(
        ("apply", slow.folder / "n.rsplan"), slow.folder, slow.environment
    )
    assert process.until(lambda: writes(slow) >= ENOUGH), process.ended()
    process.signal(signal.SIGKILL)
    process.ended()
    slow.sandbox.configure(latency=0.0)
    again = slow.run("apply", slow.folder / "n.rsplan")
    assert again.code == 2
    begun = next(one["run"] for one in runs(slow) if one["wrote"])
    assert "did not come to its end" in again.line
    assert again.line.endswith(f"resume {begun}")
    assert slow.run("resume", str(begun)).code == 0
    is_synced(slow)


def test_an_unknown_run_ends_with_2(synced: Workspace) -> None:
    assert synced.run("resume", "20260101T000000Z-district-0000").code == 2
    assert synced.run("report", "20260101T000000Z-district-0000").code == 2


def test_resume_refuses_another_configuration_than_the_plans(slow: Workspace) -> None:
    killed(slow)
    slow.configure(removal={"grace": 2})
    resumed = slow.run("resume")
    assert resumed.code == 2
    assert "configuration" in resumed.line
    slow.configure()
    assert slow.run("resume").code == 0
    is_synced(slow)


@pytest.mark.parametrize("name", ["plan.rsplan", "after.json", "ledger.parquet"])
def test_what_a_killed_run_kept_may_be_damaged(slow: Workspace, name: str) -> None:
    path = slow.state / "runs" / killed(slow) / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    ended = slow.sync(slow.folder / "drop")
    assert ended.code in {0, 4}, ended.err  # held where the ledger knows too little
    assert any("damaged" in note for note in ended.document["notes"])


def removed(path: Path) -> None:
    for one in path.parent.glob("journal*"):
        one.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


HARMS = {removed: "is lost", emptied: "is damaged", halved: "is damaged"}


def without_journal(workspace: Workspace, harm: Callable[[Path], None]) -> str:
    """A run that was killed in the midst of sending, and whose journal is gone."""
    run = killed(workspace)
    workspace.configure(limits={"concurrency": 2}, settle="0s")
    journal = workspace.state / "runs" / run / "journal.sqlite"
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    harm(journal)
    return run


def is_all_in_doubt(workspace: Workspace, run: str, why: str) -> None:
    report = workspace.report(run)
    planned = total(report, "operations", "planned")
    assert planned == total(report, "operations", "in_doubt") > ENOUGH
    assert report["balanced"] is True
    assert f"what run {run} sent is not known: its journal {why}" in report["notes"]


@pytest.mark.parametrize(("harm", "why"), HARMS.items(), ids=["lost", "empty", "half"])
def test_what_a_killed_run_sent_is_not_known_without_its_journal_and_nights_go_on(
    slow: Workspace, harm: Callable[[Path], None], why: str
) -> None:
    run = without_journal(slow, harm)
    ended = slow.sync(slow.folder / "drop")
    assert ended.code == 0, ended.err
    said = [note for note in ended.document["notes"] if run in note]
    assert said == [
        f"run {run} had been interrupted; what it sent is not known, its journal {why}:"
        " what it did is found by comparing"
    ]
    assert total(ended.document, "operations", "planned") > 0
    is_all_in_doubt(slow, run, why)
    is_synced(slow)


@pytest.mark.parametrize(("harm", "why"), [*HARMS.items()][::2], ids=["lost", "half"])
def test_resume_without_the_journal_sends_nothing_and_says_run_again(
    slow: Workspace, harm: Callable[[Path], None], why: str
) -> None:
    run = without_journal(slow, harm)
    resumed = slow.run("resume")
    assert resumed.code == 8
    assert f"what run {run} sent is not known: its journal {why}" in resumed.line
    assert "run again" in resumed.line
    assert "send " not in resumed.err
    is_all_in_doubt(slow, run, why)
    assert slow.sync(slow.folder / "drop").code == 0
    is_synced(slow)
