"""What the documents say about the command line is what the command line takes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sync.cli.sandbox import CREDENTIALS
from sync.cli.session import hoisted
from sync.errors import ExitCode
from sync.samples import read_tables, sandbox_document
from sync.sandbox import Sandbox
from tests.docs.pages import (
    PAGES,
    ROOT,
    blocks,
    command_group,
    command_lines,
    name_of,
    rows,
    section,
    text_of,
)
from tests.support.commands import call_cli
from tests.support.districts import edit

SOURCES = sorted(
    path
    for folder in ("sync", "mappings", "samples")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".toml", ".md", ".j2"}
)
LINES = [
    pytest.param(words, id=f"{name_of(page)}: {' '.join(words)}")
    for page in PAGES
    for words in command_lines(page.read_text("utf-8"))
]


def commands() -> set[str]:
    return set(command_group().commands)


@pytest.mark.parametrize("words", LINES)
def test_every_command_line_of_the_documents_parses(words: list[str]) -> None:
    group = command_group()
    given = hoisted(words)
    place = next(i for i, word in enumerate(given) if word in group.commands)
    name, rest = given[place], given[place + 1 :]
    with group.make_context("roster-sync", list(given)):
        pass
    with group.commands[name].make_context(name, rest):
        pass


def test_no_text_names_a_command_that_does_not_exist() -> None:
    known = commands()
    named = {
        (name_of(path), word)
        for path in [*PAGES, *SOURCES]
        for word in re.findall(r"roster-sync ([a-z][a-z-]*)", path.read_text("utf-8"))
    }
    assert {word for _, word in named} >= {"plan", "apply", "run"}
    assert not {one for one in named if one[1] not in known}


def test_the_table_of_commands_has_every_command_and_no_other() -> None:
    first = [row[0] for row in rows(section(text_of("README.md"), "Commands"))]
    named = re.findall(r"`([a-z]+(?:-[a-z]+)*)[^`]*`", " ".join(first))
    assert len(named) == len(set(named))
    assert set(named) == commands()


def test_the_table_of_exit_codes_has_every_code_and_no_other() -> None:
    table = rows(section(text_of("README.md"), "Exit codes"))
    assert [int(row[0]) for row in table] == sorted(int(code) for code in ExitCode)


def test_every_option_that_a_page_names_exists() -> None:
    group = command_group()
    known = {
        option
        for command in (group, *group.commands.values())
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}
    named = {
        option
        for page in PAGES
        for option in re.findall(r"`[^`\n]*?(--[a-z-]+)", page.read_text("utf-8"))
    }
    assert named <= known


def test_the_first_ten_minutes_end_as_they_say(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    told = section(text_of("README.md"), "The first ten minutes")
    begin, then = blocks(told, "console")
    (_, *made), (_, *served) = command_lines(f"```\n{begin}```")
    assert call_cli("samples", *made, folder=tmp_path).code == 0
    district = tmp_path / served[-1]
    sandbox.load(sandbox_document(read_tables(district)))
    here = then.replace("http://127.0.0.1:8765", sandbox.url)
    first, *rest = command_lines(f"```\n{here}```")
    ended = [call_cli(*first, folder=tmp_path).told_well()]
    edit(tmp_path / "roster-sync.toml", "per_second = 200 ", "per_second = 1000")
    ended += [call_cli(*words, folder=tmp_path).told_well() for words in rest]
    assert [one.code for one in ended] == [0, 0, 0, 0]
    (shown,) = blocks(told, "text")
    lines = [line for line in shown.splitlines() if line != "…"]
    assert set(lines) <= set(ended[0].out.splitlines())
    assert "nothing was written" in ended[1].out
    assert all("changes were made" in one.out for one in ended[2:])


def test_the_readme_step_by_step_ends_as_it_says(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    night = tmp_path / "samples" / "four-files" / "night-1"
    sandbox.load(sandbox_document(read_tables(night)))
    config = tmp_path / "samples" / "roster-sync.toml"
    edit(config, "http://127.0.0.1:8765", sandbox.url)
    edit(config, "requests_per_second = 200", "requests_per_second = 1000")
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    console = blocks(section(text_of("README.md"), "Step by step"), "console")
    first, *_, last = [list(command_lines(f"```\n{one}```")) for one in console[1:]]
    ended = [call_cli(*words, folder=tmp_path).told_well() for words in first]
    assert [one.code for one in ended] == [0] * len(first)
    assert "nothing to change" in ended[-1].out
    shutil.copytree(night, tmp_path / "my-drop")
    edit(tmp_path / "my-drop" / "students.csv", "+1-505-555-0153", "+1-505-555-0199")
    agents = tmp_path / "my-drop" / "agents.csv"
    agents.write_text(agents.read_text("utf-8").rsplit("\n", 2)[0] + "\n", "utf-8")
    (words,) = last
    dry = call_cli(*words, folder=tmp_path).told_well()
    shown = [line for line in console[-1].splitlines() if not line.startswith("$")]
    told = [" ".join(line.split()) for line in dry.out.splitlines()]
    assert shown
    assert [line for line in shown if " ".join(line.split()) not in told] == []
    assert "2 changes" in dry.out
