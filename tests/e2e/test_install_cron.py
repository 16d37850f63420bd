"""``install-cron``: lines that name this program, this configuration, this folder."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.support.commands import COMMAND, call_cli
from tests.support.workspace import Workspace

HOURLY = ("--at", "23:05", "--deadline", "90m", "--user", "sync")


def test_the_line_of_the_crontab_is_a_command_that_runs(workspace: Workspace) -> None:
    drop = workspace.drop(name="in")
    ended = workspace.run("install-cron", "in", "--print", *HOURLY)
    assert ended.code == 0
    (line,) = [one for one in ended.out.splitlines() if one.startswith("5 23 * * *")]
    _, _, command = line.partition(".env; ")
    program, *words = shlex.split(command.removesuffix(" >/dev/null"))
    assert Path(program) == COMMAND
    assert words[:2] == ["run", str(drop)]
    assert words[4:6] == ["--deadline", "90m"]
    assert workspace.run(*words).code == 0
    (status,) = [one for one in ended.out.splitlines() if one.startswith("0 7 * * *")]
    again = shlex.split(status.partition("* * *")[2].removesuffix(" >/dev/null"))
    assert workspace.run(*again[1:]).code == 0


def test_every_secret_that_the_target_needs_is_named(workspace: Workspace) -> None:
    told = workspace.run("install-cron", "in", "--print", "--json").document
    service = told["files"]["roster-sync-district.service"]
    named = {one[4:] for one in service.splitlines() if one.startswith("#   ")}
    assert named == {
        f"TIMEBACK_{part}CLIENT_{what}"
        for part in ("", "API_")
        for what in ("ID", "SECRET")
    }


def test_a_folder_takes_a_file_for_each_and_is_never_written_over(
    workspace: Workspace,
) -> None:
    first = workspace.run("install-cron", "in", "--out", "units")
    assert first.code == 0
    names = {one.name for one in (workspace.folder / "units").iterdir()}
    assert len(names) == first.out.count("written: ") == 5
    assert workspace.run("install-cron", "in", "--out", "units").code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--print"),
        (("--print", "--at", "2 am"), "--at takes a time of day; such as 02:30"),
        (("--print", "--deadline", "soon"), "--deadline must be a duration"),
        (("--print", "--target", "distrikt"), 'did you mean "district"'),
        (("--print", "--user", "a b"), "--user takes the name of a user"),
    ],
)
def test_what_it_cannot_take_is_named(
    options: tuple[str, ...], said: str, workspace: Workspace
) -> None:
    ended = workspace.run("install-cron", *options)
    assert ended.code == 2
    assert said in ended.line


def test_without_a_drop_the_folder_beside_the_configuration_is_named(
    workspace: Workspace,
) -> None:
    ended = workspace.run("install-cron", "--print")
    assert ended.code == 0
    assert f"no DROP was named, so it is {workspace.folder / 'drop'}" in ended.err
    assert f"run {workspace.folder / 'drop'} " in ended.out


def test_without_a_configuration_it_says_so(tmp_path: Path) -> None:
    assert call_cli("install-cron", "--print", folder=tmp_path).told_well().code == 2
