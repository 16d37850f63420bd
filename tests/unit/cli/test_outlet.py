"""Standard output that fails: what the command did holds, and the end tells of it."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.cli.outlet import Outlet
from sync.errors import ExitCode
from sync.sandbox import Sandbox
from tests.support.commands import COMMAND, PATIENCE
from tests.support.districts import slim
from tests.support.ended import Ended
from tests.support.workspace import TARGET, Workspace, target_table

FULL = Path("/dev/full")
TOLD = "standard output could not be written: "


def full() -> int:
    return os.open(FULL, os.O_WRONLY)


def unread() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@dataclass(frozen=True)
class Sink:
    """What standard output is, and why it cannot be written."""

    open: Callable[[], int]
    why: str


SINKS = [
    pytest.param(
        Sink(full, "No space left on device"),
        id="full",
        marks=pytest.mark.skipif(not FULL.exists(), reason="a device of Linux"),
    ),
    pytest.param(Sink(unread, "Broken pipe"), id="unread"),
]


def into(sink: Sink, folder: Path, *arguments: object, both: bool = False) -> Ended:
    """Run the installed command with such a standard output; ``both``: and error."""
    out = sink.open()
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [COMMAND, *map(str, arguments)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out if both else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=PATIENCE,
        )
    finally:
        os.close(out)
    return Ended(done.returncode, "", done.stderr or "")


@pytest.fixture
def district(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a drop, whose credentials the command has."""
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    workspace.fill(slim())
    workspace.drop(slim())
    return workspace


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize(
    "command", ["explain", "explain --json", "schema report", "--help", "--version"]
)
def test_output_that_cannot_be_written_is_told_on_standard_error_and_ends_with_8(
    tmp_path: Path, sink: Sink, command: str
) -> None:
    ended = into(sink, tmp_path, *command.split()).told_well()

    assert ended.code == ExitCode.LOCAL_FAILED
    assert ended.err.count("\n") == 1
    assert ended.line.startswith(f"roster-sync: {TOLD}{sink.why}; ")


@pytest.mark.parametrize("sink", SINKS)
def test_a_worse_end_keeps_its_code_and_its_line(tmp_path: Path, sink: Sink) -> None:
    ended = into(sink, tmp_path, "frobnicate", "--json")

    assert ended.code == ExitCode.USAGE
    usage, told = ended.lines
    assert "frobnicate" in usage
    assert TOLD + sink.why in told


@pytest.mark.parametrize("sink", SINKS)
def test_a_sandbox_whose_address_is_lost_does_not_begin(
    tmp_path: Path, sink: Sink
) -> None:
    ended = into(sink, tmp_path, "sandbox", "--port", "0")

    assert ended.code == ExitCode.LOCAL_FAILED
    assert "Traceback" not in ended.err
    assert TOLD + sink.why in ended.lines[-1]


@pytest.mark.parametrize("sink", SINKS)
def test_where_nothing_can_be_said_the_code_is_all_there_is(
    tmp_path: Path, sink: Sink
) -> None:
    assert into(sink, tmp_path, "explain", both=True).code == ExitCode.LOCAL_FAILED


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"]])
def test_a_run_is_carried_out_without_its_output_and_its_report_is_named(
    district: Workspace, sink: Sink, options: list[str]
) -> None:
    command = ("run", "drop", "--target", TARGET, *options)

    ended = into(sink, district.folder, *command).told_well()

    assert ended.code == ExitCode.LOCAL_FAILED
    assert TOLD + sink.why in ended.line
    (folder,) = (district.state / "runs").iterdir()
    name = "report.json" if "--json" in options else "report.html"
    assert ended.line.endswith(f"; the report is {folder / name}")
    assert (folder / name).exists()
    report = json.loads((folder / "report.json").read_bytes())
    assert (report["exit_code"], report["converged"]) == (0, True)


@pytest.mark.parametrize("sink", SINKS)
def test_a_plan_that_is_applied_names_its_report_as_well(
    district: Workspace, sink: Sink
) -> None:
    plan = district.plan(district.folder / "drop").document["plan"]["path"]

    ended = into(sink, district.folder, "apply", plan).told_well()

    assert TOLD + sink.why in ended.line
    found = re.search(r"the report is (.*report\.html)$", ended.line)
    assert found is not None
    assert Path(found[1]).exists()


@pytest.mark.parametrize("sink", SINKS[:1])
def test_each_of_two_targets_has_its_run_and_its_report_is_named(
    district: Workspace, sink: Sink
) -> None:
    with Sandbox() as other:
        tables = {
            "first": target_table(district.sandbox.url),
            "second": target_table(other.url, limits={"retries": 0}),
        }
        district.write_config({"state_dir": "state", "targets": tables})

        ended = into(
            sink,
            district.folder,
            *("run", "drop", "--target", "first", "--target", "second"),
        )

    assert ended.code == ExitCode.LOCAL_FAILED
    assert ended.lines[-1].startswith(f"roster-sync: {TOLD}")
    named = ended.lines[-1].partition("the reports are ")[2].split(" and ")
    assert {Path(one).parent for one in named} == set(
        (district.state / "runs").iterdir()
    )
    assert len(named) == 2


def test_a_completion_is_no_failure(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [COMMAND, "--show-completion", "bash"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"complete" in done.stdout


class Failing(io.StringIO):
    """A stream that takes so many texts."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes

    def write(self, text: str) -> int:
        self.takes -= 1
        if self.takes < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_nothing_is_written_behind_what_was_lost() -> None:
    file = Failing(1)
    outlet = Outlet(file)

    written = [outlet.write("one"), outlet.write("two")]
    file.takes = 1
    written.append(outlet.write("three"))
    outlet.flush()

    assert written == [3, 3, 5]
    assert file.getvalue() == "one"
    assert outlet.error is not None
    assert outlet.error.errno == errno.ENOSPC


def test_what_else_is_asked_of_it_the_stream_within_answers() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert Outlet(file).encoding == "ascii"
    assert Outlet(file).error is None
