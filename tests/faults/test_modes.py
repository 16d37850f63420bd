"""S2: whatever the umask, what the program writes is for its user alone.

After a whole cycle of commands the tree is walked: every file is 0600 and every folder
0700, in the state folder and wherever ``--out`` and ``--data`` pointed to.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest

from sync.sandbox import Sandbox
from tests.e2e.test_stops import writes
from tests.faults.offices import PERSON, office, phoned
from tests.faults.proofs import Line
from tests.support.commands import COMMAND, finished
from tests.support.districts import district, slim, without_students
from tests.support.workspace import TARGET, Workspace

UMASKS = (0o000, 0o022)
COLUMNS = [pytest.param(one, id=f"{one:03o}") for one in UMASKS]
FILE, FOLDER = 0o600, 0o700


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Within the block, new files of this process and its children have it."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


class Tree:
    """What is there before, and what comes to be."""

    def __init__(self, *roots: Path) -> None:
        self.roots = roots
        self.before = set(self._all())

    def _all(self) -> Iterator[Path]:
        for root in self.roots:
            yield from root.rglob("*")

    def new(self) -> list[Path]:
        """Everything that came to be."""
        return sorted(set(self._all()) - self.before)

    def open(self) -> list[str]:
        """What of it others can read, write or list."""
        return [f"{mode(one):o} {one}" for one in self.new() if mode(one) != due(one)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def due(path: Path) -> int:
    return FOLDER if path.is_dir() else FILE


def counted(proof: Callable[[str, str], Line], what: str, tree: Tree) -> None:
    """Feed the table with what came to be."""
    new, wide = tree.new(), tree.open()
    row = proof("S2", what)
    row.times = len(new)
    row.all_of("private", len(new) - len(wide), len(new))
    assert not wide, wide
    assert len(new) > 2, new


@pytest.mark.parametrize("mask", COLUMNS)
def test_everything_under_the_state_folder_is_private(
    tmp_path: Path, sandbox: Sandbox, mask: int, proof: Callable[[str, str], Line]
) -> None:
    workspace = Workspace(tmp_path, sandbox)
    workspace.configure(limits={"concurrency": 2})
    workspace.fill()
    drops = [
        workspace.drop(slim(), "first"),
        workspace.drop(phoned("0155"), "second"),
        workspace.drop(without_students(district(), PERSON, "stu-000003"), "third"),
    ]
    wrong = workspace.folder / "wrong.csv"
    wrong.write_text("nothing\nof,this\n", "utf-8")
    tree = Tree(tmp_path)
    with umask(mask):
        killed(workspace, drops[0])
        assert workspace.run("resume").code == 0
        undone(workspace)
        codes = [
            workspace.run("run", one, "--target", TARGET, "--verbose").code
            for one in (*drops[:2], drops[2], wrong, drops[1])
        ]
        planned = workspace.plan(drops[0])
        workspace.run("apply", planned.document["plan"]["path"], "--approve", "0" * 8)
        for command in ("runs", "status"):
            workspace.run(command)
    assert {3, 4} <= set(codes), codes
    counted(proof, f"the state folder under umask {mask:03o}", tree)


def killed(workspace: Workspace, drop: Path) -> None:
    """A run whose process dies in the midst of sending."""
    workspace.sandbox.configure(latency=0.05)
    process = workspace.start("run", drop, "--target", TARGET)
    while writes(workspace) < 10:
        assert process.poll() is None, finished(process)
        sleep(0.02)
    process.kill()
    finished(process)
    workspace.sandbox.configure(latency=0.0)


def undone(workspace: Workspace) -> None:
    """What takes the last run back, planned; where the command is there."""
    run = workspace.run("runs", "--json").document["runs"][0]["run"]
    ended = workspace.run("undo", run)
    assert ended.code in {0, 1, 4}, ended.err


@pytest.mark.parametrize("mask", COLUMNS)
def test_everything_that_was_asked_for_with_out_is_private(
    tmp_path: Path, sandbox: Sandbox, mask: int, proof: Callable[[str, str], Line]
) -> None:
    workspace = office(tmp_path / "office", sandbox)
    drop, out = workspace.drop(phoned("0155"), "next"), tmp_path / "out"
    out.mkdir()
    existing = out / "there.html"
    existing.write_text("it was there", "utf-8")
    existing.chmod(0o666)
    tree = Tree(out)
    with umask(mask):
        last = workspace.run("runs", "--json").document["runs"][0]["run"]
        for arguments in (
            ("plan", drop, "--target", TARGET, "--out", out / "next.rsplan"),
            ("fetch", "--target", TARGET, "--out", out / "fetched"),
            ("convert", drop, "--to", "oneroster-1.2", "--out", out / "one"),
            ("convert", drop, "--to", "four-files", "--zip", "--out", out / "zip"),
            ("convert", drop, "--to", "oneroster-1.1", "--out", out / "a" / "b"),
            ("report", last, "--format", "html", "--out", out / "report.html"),
            ("report", last, "--format", "html", "--out", existing),
            ("report", last, "--format", "json", "--out", out / "c" / "report.json"),
            ("report", last, "--format", "csv", "--out", out / "sheets"),
            ("samples", "--students", "5", "--out", out / "samples"),
            ("undo", last, "--out", out / "undo.rsplan"),
        ):
            ended = workspace.run(*arguments)
            assert ended.code in {0, 1, 4}, (arguments, ended.err)
    tree.before -= {existing}
    counted(proof, f"files asked for with --out under umask {mask:03o}", tree)


@pytest.mark.parametrize("mask", COLUMNS)
def test_the_demo_and_the_data_of_a_sandbox_are_private(
    tmp_path: Path, mask: int, proof: Callable[[str, str], Line]
) -> None:
    tree = Tree(tmp_path)
    with umask(mask):
        arguments = ("demo", "--out", "demo", "--quiet")
        subprocess.run([COMMAND, *arguments], cwd=tmp_path, check=True, timeout=120)  # noqa: S603 - our own command
        served(tmp_path, "sandbox", "--port", "0", "--data", "data", "--json")
    assert any(one.parent.name == "data" for one in tree.new())
    counted(proof, f"demo and sandbox --data under umask {mask:03o}", tree)


def served(folder: Path, *arguments: str) -> None:
    """A sandbox that has begun to serve, and is killed."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [COMMAND, *arguments], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "url" in process.stdout.readline()
        process.send_signal(signal.SIGKILL)
