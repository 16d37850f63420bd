"""What a script relies on: one document on standard output, one line for a bad end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sync.samples import sandbox_document
from sync.sandbox import Sandbox
from tests.support.commands import call_cli
from tests.support.districts import slim, without_students
from tests.support.ended import Ended
from tests.support.remote import active
from tests.support.workspace import TARGET, Workspace, target_table, total

Arrange = Callable[[Workspace], str]
RUN = f"run drop --target {TARGET}"


def nothing(_workspace: Workspace) -> str:
    return ""


def plan(workspace: Workspace) -> str:
    return str(workspace.plan(workspace.folder / "drop").document["plan"]["path"])


def held(workspace: Workspace) -> str:
    tables = without_students(slim(), "stu-000001", "stu-000002")
    workspace.configure(guards={"removals": {"count": 1}})
    ended = workspace.plan(workspace.drop(tables, "held"))
    assert ended.code == 4
    return str(ended.document["plan"]["path"])


def last_run(workspace: Workspace) -> str:
    return str(workspace.run("runs", "--json").document["runs"][0]["run"])


def down(workspace: Workspace) -> str:
    workspace.sandbox.set_faults("503=1")
    workspace.configure(limits={"retries": 0})
    return ""


def emptied(workspace: Workspace) -> str:
    (workspace.folder / "drop" / "students.csv").write_text("", "utf-8")
    return ""


COMMANDS: dict[str, tuple[str, Arrange, int]] = {
    "check": ("check drop", nothing, 0),
    "check of nothing": ("check nowhere", nothing, 2),
    "check of a refused drop": ("check drop", emptied, 3),
    "plan": (f"plan drop --target {TARGET}", nothing, 0),
    "run": (RUN, nothing, 0),
    "run refused": (RUN, emptied, 3),
    "run held": (f"run held --target {TARGET}", held, 4),
    "run of nothing": (f"run nowhere --target {TARGET}", nothing, 2),
    "run of a target that is down": (RUN, down, 5),
    "run of an unknown target": ("run drop --target nowhere", nothing, 2),
    "dry run": (f"{RUN} --dry-run", nothing, 0),
    "show": ("show {}", plan, 0),
    "show requests": ("show {} --requests", plan, 0),
    "show of nothing": ("show nowhere", nothing, 2),
    "apply": ("apply {}", plan, 0),
    "apply of a held plan": ("apply {}", held, 4),
    "apply of nothing": ("apply nowhere", nothing, 2),
    "resume of nothing": ("resume", nothing, 0),
    "runs": ("runs", nothing, 0),
    "report": ("report {}", last_run, 0),
    "report as html": ("report {} --format html --out page.html", last_run, 0),
    "report as csv": ("report {} --format csv --out sheets", last_run, 0),
    "report of nothing": ("report nowhere", nothing, 2),
    "fetch": (f"fetch --target {TARGET} --out out", nothing, 0),
    "explain": ("explain", nothing, 0),
    "explain a code": ("explain RS101", nothing, 0),
    "explain nothing": ("explain nowhere", nothing, 2),
    "schema": ("schema config", nothing, 0),
    "samples": ("samples --students 3 --out made", nothing, 0),
    "an unknown command": ("frobnicate", nothing, 2),
    "an unknown option": ("runs --frobnicate", nothing, 2),
    "a missing argument": ("run drop", nothing, 2),
    "an unknown mapping": ("check drop --mapping nowhere", nothing, 2),
    "a bad duration": (f"{RUN} --wait soon", nothing, 2),
}


def done(workspace: Workspace, name: str, option: str) -> Ended:
    """One of the commands, which must end with its code."""
    command, arrange, code = COMMANDS[name]
    ended = workspace.run(*command.format(arrange(workspace)).split(), option)
    assert ended.code == code
    return ended


@pytest.mark.parametrize("name", COMMANDS)
def test_json_prints_one_document_and_a_bad_end_one_line(
    slim_synced: Workspace, name: str
) -> None:
    ended = done(slim_synced, name, "--json")
    document = json.loads(ended.out)
    if name != "report":
        assert document.get("exit_code", 0) == ended.code
    if set(document) == {"format", "exit_code", "message"} and ended.code:
        assert ended.line.endswith(document["message"])


@pytest.mark.parametrize(
    "name", ["run", "run refused", "apply of a held plan", "run of nothing"]
)
def test_quiet_leaves_only_results_and_the_line(
    slim_synced: Workspace, name: str
) -> None:
    ended = done(slim_synced, name, "--quiet")
    assert ended.err.splitlines() == ended.lines


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state_dirr": "x"}, id="an unknown key"),
        pytest.param({"timezone": "Mars/Base"}, id="an unknown time zone"),
        pytest.param({"plan_valid": "soon"}, id="a bad duration"),
    ],
)
def test_a_faulty_configuration_ends_with_2_and_names_the_key(
    synced: Workspace, change: dict[str, Any]
) -> None:
    synced.configure(change)
    ended = synced.run("run", "drop", "--target", TARGET)
    assert ended.code == 2
    assert next(iter(change)) in ended.line


def test_a_missing_secret_ends_with_2_and_names_its_variable(
    synced: Workspace,
) -> None:
    del synced.environment["TIMEBACK_CLIENT_SECRET"]
    ended = synced.process("run", "drop", "--target", TARGET)
    assert ended.code == 2
    assert "TIMEBACK_CLIENT_SECRET" in ended.line


def test_the_installed_command_says_its_version_and_helps(synced: Workspace) -> None:
    assert synced.process("--version").out.startswith("roster-sync ")
    shown = synced.process("--help")
    assert shown.code == 0
    for name in ("check", "plan", "show", "apply", "run", "resume", "report"):
        assert name in shown.out


@pytest.fixture
def two(workspace: Workspace) -> Iterator[tuple[Workspace, Sandbox]]:
    """Two targets on two sandboxes; the second one is returned."""
    with Sandbox() as other:
        other.load(sandbox_document(slim()))
        targets = {
            "first": target_table(workspace.sandbox.url, limits={"retries": 0}),
            "second": target_table(other.url, limits={"retries": 0}),
        }
        workspace.write_config({"state_dir": "state", "targets": targets})
        workspace.drop(slim())
        yield workspace, other


def both(workspace: Workspace, *options: str) -> tuple[int, dict[str, Any]]:
    ended = workspace.run(
        *("run", "drop", "--target", "first", "--target", "second"),
        *(*options, "--json"),
    )
    return ended.code, ended.document


def test_two_targets_each_have_their_run(two: tuple[Workspace, Sandbox]) -> None:
    workspace, other = two
    code, document = both(workspace)
    assert (code, document["exit_code"], document["format"]) == (0, 0, 1)
    assert set(document) == {"format", "exit_code", "runs"}
    assert [one["target"] for one in document["runs"]] == ["first", "second"]
    held = [active(one.dump()) for one in (workspace.sandbox, other)]
    assert held[0]["users"] == held[1]["users"] != set()


def test_a_target_that_is_down_does_not_stop_the_next(
    two: tuple[Workspace, Sandbox],
) -> None:
    workspace, other = two
    workspace.sandbox.set_faults("503=1")
    code, document = both(workspace)
    assert (code, document["exit_code"]) == (5, 5)
    codes = {one["target"]: one["exit_code"] for one in document["runs"]}
    assert codes == {"first": 5, "second": 0}
    assert active(other.dump())["users"] != set()
    workspace.sandbox.set_faults("")
    code, document = both(workspace)
    assert code == 0
    assert total(document["runs"][1], "operations", "planned") == 0


def test_a_refused_drop_is_refused_for_each_target(
    two: tuple[Workspace, Sandbox],
) -> None:
    workspace, _ = two
    (workspace.folder / "drop" / "students.csv").write_text("", "utf-8")
    command = ("run", "drop", "--target", "first", "--target", "second", "--json")
    ended = call_cli(
        *command, folder=workspace.folder, environment=workspace.environment
    )
    assert ended.code == 3
    assert len(ended.lines) == 2
    outcomes = [one["outcome"] for one in ended.document["runs"]]
    assert outcomes == ["refused", "refused"]


def test_out_with_two_targets_ends_with_2(two: tuple[Workspace, Sandbox]) -> None:
    workspace, _ = two
    command = ("plan", "drop", "--target", "first", "--target", "second")
    assert workspace.run(*command, "--out", "p.rsplan").code == 2


def test_one_target_named_twice_runs_once(two: tuple[Workspace, Sandbox]) -> None:
    workspace, _ = two
    command = ("run", "drop", "--target", "first", "--target", "first", "--json")
    assert workspace.run(*command).document["target"] == "first"
    assert len(workspace.run("runs", "--json").document["runs"]) == 1


NOWHERE = "http://127.0.0.1:1"


def test_a_dead_system_is_named_by_its_host_and_of_several_by_its_target(
    synced: Workspace,
) -> None:
    there = {"url": NOWHERE, "token_url": f"{NOWHERE}/secret/token"}
    table = target_table(synced.sandbox.url, limits={"retries": 0})
    dead = {**table, "platform": table["platform"] | there}
    dead["api"] = table["api"] | there
    targets = {"dead": dead, TARGET: table}
    synced.write_config({"state_dir": "state", "targets": targets})
    drop = synced.folder / "drop"
    alone = synced.run("plan", drop, "--target", "dead")
    both = synced.run("plan", drop, "--target", "dead", "--target", TARGET)
    assert alone.code == both.code == 5
    assert "roster-sync: platform: the token service does not answer (" in alone.line
    assert "(127.0.0.1:1: no connection)" in alone.line
    assert "roster-sync: dead: platform: " in both.line
    for line in (alone.line, both.line):
        assert "token_url" not in line
        assert "/secret" not in line


@pytest.mark.parametrize("option", ["--deadline", "--wait"])
def test_a_time_that_is_none_is_told_before_the_drop_is_read(
    workspace: Workspace, option: str
) -> None:
    workspace.configure()
    drop = workspace.drop(slim())
    ended = workspace.run("run", drop, "--target", TARGET, option, "yesterday")
    assert ended.code == 2
    assert option in ended.line
    assert "read and validate" not in ended.err
    assert not list(workspace.folder.glob("state/runs/*"))
