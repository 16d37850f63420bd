"""``watch``: drops that arrive in a folder are run as ``run`` would, and filed."""

from __future__ import annotations

import json
import os
import signal
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import finished
from tests.support.districts import slim
from tests.support.ended import Ended
from tests.support.workspace import TARGET, Workspace, target_table

QUICK = ("--settle", "0s")


@pytest.fixture(name="place")
def _place(workspace: Workspace) -> Path:
    """The watched folder."""
    folder = workspace.folder / "in"
    folder.mkdir()
    return folder


def watched(workspace: Workspace, *options: object) -> Ended:
    given = ("watch", "in", "--target", TARGET, "--once", *QUICK, *options)
    return workspace.run(*given)


def dropped(workspace: Workspace, name: str) -> Path:
    """A whole drop, which arrives at once."""
    path = workspace.drop(slim(), "coming")
    return path.rename(workspace.folder / "in" / name)


def tree(folder: Path) -> list[str]:
    found = (one for one in folder.rglob("*") if one.is_file())
    return sorted(one.relative_to(folder).as_posix() for one in found)


def test_a_drop_is_run_once_and_filed_with_its_report_in_private(
    workspace: Workspace, place: Path
) -> None:
    names = {f"done/night/{one.name}" for one in dropped(workspace, "night").iterdir()}
    ended = watched(workspace)
    assert ended.code == 0
    assert {*tree(place)} == {*names, "done/night.report.html"}
    for one in (place / "done", place / "working", place / "done/night.report.html"):
        assert stat.S_IMODE(one.stat().st_mode) & 0o077 == 0
    (run,) = (workspace.state / "runs").iterdir()
    assert workspace.report(run.name)["drop"]["name"] == "night"
    report = (run / "report.html").read_bytes()
    assert (place / "done" / "night.report.html").read_bytes() == report
    again = watched(workspace)
    assert (again.code, again.out) == (0, "")
    assert len([*(workspace.state / "runs").iterdir()]) == 1


def test_what_is_refused_or_held_is_filed_apart(
    workspace: Workspace, place: Path
) -> None:
    (place / "roster.csv").write_text("nothing\nof,this\n", "utf-8")
    ended = watched(workspace)
    assert ended.code == 3
    assert tree(place) == ["rejected/roster.csv", "rejected/roster.csv.report.html"]
    dropped(workspace, "night")
    assert watched(workspace).code == 0
    few = place / "few"
    few.mkdir()
    for one in (place / "done" / "night").iterdir():
        lines = one.read_text("utf-8").splitlines(keepends=True)
        cut = [lines[0], *lines[-2:]] if one.name == "enrollments.csv" else lines
        (few / one.name).write_text("".join(cut), "utf-8")
    held = watched(workspace)
    assert held.code == 4
    assert "held/few.report.html" in tree(place)
    assert "--approve" in held.line


def test_the_command_in_a_filed_report_names_the_drop_where_it_is(
    workspace: Workspace, place: Path
) -> None:
    dropped(workspace, "night")
    assert watched(workspace).code == 0
    new = workspace.drop(slim(), "coming")
    for one in new.iterdir():
        text = one.read_text("utf-8").replace("stu-000001", "stu-900001")
        one.write_text(text, "utf-8")
    new.rename(place / "ids & more")
    assert watched(workspace).code in {1, 4}
    (path,) = place.glob("*/ids & more.report.html")
    report = path.read_text("utf-8")
    filed = str(path.with_name("ids & more")).replace("&", "&amp;")
    assert "--accept-renames" in report
    assert filed in report
    assert "working" not in report


def test_zips_and_loose_files_are_drops_as_well(
    workspace: Workspace, place: Path
) -> None:
    drop = workspace.drop(slim(), "coming")
    with zipfile.ZipFile(place / "night.zip", "w") as archive:
        for one in drop.iterdir():
            archive.write(one, one.name)
    assert watched(workspace).code == 0
    for one in drop.iterdir():
        one.rename(place / one.name)
    ended = watched(workspace, "--json")
    assert ended.code == 0
    (filed,) = ended.document["drops"]
    assert (filed["name"], filed["place"]) == ("files", "done/files")
    assert [one["exit_code"] for one in filed["runs"]] == [0]
    assert {"done/night.zip", "done/files/students.csv"} <= {*tree(place)}


def test_a_sentinel_says_when_it_is_complete(workspace: Workspace, place: Path) -> None:
    workspace.configure(complete="*.done")
    dropped(workspace, "night")
    assert watched(workspace).out == ""
    assert "there is no *.done yet" in watched(workspace).err
    (place / "night.done").touch()
    assert watched(workspace).code == 0
    assert {"done/night.done", "done/night.report.html"} <= {*tree(place)}


def test_several_targets_have_a_report_each(workspace: Workspace, place: Path) -> None:
    tables = {
        TARGET: target_table(workspace.sandbox.url),
        "dead": target_table("http://127.0.0.1:9"),
    }
    workspace.write_config({"state_dir": "state", "targets": tables})
    dropped(workspace, "night")
    asked = ("watch", "in", "--target", "dead", "--target", TARGET, "--once", *QUICK)
    ended = workspace.run(*asked)
    assert ended.code == 5
    assert (
        "night is run again for dead" in ended.err or "dead ended with 5" in ended.err
    )
    assert [one for one in tree(place) if "working/1/night" in one] == tree(place)
    tables["dead"] = target_table(workspace.sandbox.url)
    workspace.write_config({"state_dir": "state", "targets": tables})
    ended = workspace.run(*asked)
    assert {"done/night.dead.report.html", f"done/night.{TARGET}.report.html"} <= {
        *tree(place)
    }
    shown = workspace.run("runs", "--target", TARGET, "--json")
    assert len(shown.document["runs"]) == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("nowhere", "--target", TARGET), "there is no folder nowhere"),
        (("in", "--target", "other"), "other"),
        (("in", "--target", TARGET, "--settle", "soon"), "--settle must be"),
        (("in", "--target", TARGET, "--retry", "x"), "--retry must be"),
        (("in",), "--target"),
    ],
)
def test_wrong_usage_is_told_at_once(
    workspace: Workspace, given: tuple[str, ...], says: str
) -> None:
    (workspace.folder / "in").mkdir()
    ended = workspace.run("watch", *given, "--once")
    assert ended.code == 2
    assert says in ended.line


def test_a_secret_that_is_missing_is_told_before_anything_arrives(
    workspace: Workspace,
) -> None:
    (workspace.folder / "in").mkdir()
    workspace.environment.clear()
    ended = workspace.run("watch", "in", "--target", TARGET, "--once")
    assert ended.code == 2
    assert "TIMEBACK" in ended.line


class Watch:
    """A watcher in a process of its own."""

    def __init__(self, workspace: Workspace, *options: object) -> None:
        given = ("watch", "in", "--target", TARGET, *QUICK, *options)
        self.process = workspace.start(*given)

    def until(self, text: str) -> None:
        """Wait until it has said so."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if text in line:
                return
        raise AssertionError(text)

    def ended(self, number: signal.Signals) -> Ended:
        self.process.send_signal(number)
        return finished(self.process)


@pytest.fixture(name="watch")
def _watch(workspace: Workspace, place: Path) -> Iterator[Watch]:
    assert place.is_dir()
    watch = Watch(workspace)
    try:
        yield watch
    finally:
        if watch.process.poll() is None:
            watch.process.kill()
            watch.process.communicate()


def test_a_watcher_runs_what_arrives_keeps_others_out_and_ends_at_a_signal(
    workspace: Workspace, watch: Watch
) -> None:
    watch.until("watching")
    other = watched(workspace)
    assert other.code == 6
    assert f"process {watch.process.pid}" in other.line
    dropped(workspace, "night")
    watch.until("filed as done/night")
    ended = watch.ended(signal.SIGTERM)
    assert (ended.code, ended.lines) == (0, [])
    assert "all " in ended.out


def test_a_signal_in_the_midst_of_a_run_ends_with_7_and_the_next_start_finishes(
    workspace: Workspace, place: Path, watch: Watch
) -> None:
    workspace.sandbox.configure(latency=0.05)
    watch.until("watching")
    dropped(workspace, "night")
    watch.until("read and validate")
    while not writes(workspace):
        assert watch.process.poll() is None
    ended = watch.ended(signal.SIGINT)
    assert ended.code == 7
    assert len(ended.lines) == 1
    workspace.sandbox.configure(latency=0.0)
    assert watched(workspace).code == 0
    assert "done/night.report.html" in tree(place)
    assert workspace.plan(place / "done" / "night").document["exit_code"] == 0


def writes(workspace: Workspace) -> bool:
    return any(one["method"] == "PUT" for one in workspace.sandbox.requests())


def test_a_drop_with_a_name_that_is_no_text_is_rejected_and_ends_no_watch(
    workspace: Workspace, place: Path
) -> None:
    name = os.fsdecode(b"n\xe9 [red]x")
    dropped(workspace, name)
    ended = watched(workspace)
    assert ended.code == 3
    assert "is no text in UTF-8" in ended.line
    assert (place / "rejected" / name).is_dir()
    (word,) = (place / "rejected").glob("*.report.txt")
    assert "was not run" in word.read_text("utf-8")


def test_the_state_forgets_what_is_filed(workspace: Workspace, place: Path) -> None:
    dropped(workspace, "night")
    watched(workspace)
    assert not [one for one in tree(place) if one.startswith("working")]
    (claims,) = (workspace.state / "watches").iterdir()
    assert [one.name for one in claims.iterdir()] == ["lock"]
    assert json.loads((claims / "lock").read_text("ascii"))["run"] is None
