"""The documents of the project as tests read them: pages, tables, blocks, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from typer.core import TyperGroup
from typer.main import get_command

from sync.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
        ROOT / "samples" / "README.md",
        ROOT / "CHANGELOG.md",
    ]
)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    """A page's path as people say it; the id of a test."""
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    """A page by that name."""
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of that language."""
    return [body for found, body in _BLOCK.findall(text) if found == language]


def prose(text: str) -> str:
    """The page without its fenced blocks."""
    return _BLOCK.sub("", text)


def anchors(text: str) -> set[str]:
    """What links may name behind ``#``, as the usual renderers make it."""
    headings = _HEADING.findall(prose(text))
    plain = (re.sub(r"[^\w\- ]", "", one.lower()) for one in headings)
    return {one.strip().replace(" ", "-") for one in plain}


def section(text: str, heading: str) -> str:
    """What stands below that heading, up to the next one of any level."""
    start = text.index(f"# {heading}\n")
    rest = text[start + len(heading) + 3 :]
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in a text, without headings and rules."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", one)[1:-1]]
        for one in lines
    ]
    rules = {i for i, row in enumerate(cells) if set("".join(row)) <= set("-: ")}
    return [row for i, row in enumerate(cells) if not {i, i + 1} & rules]


def command_group() -> TyperGroup:
    """The command line as typer has it."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each ``roster-sync`` command in the fenced blocks of a text."""
    for body in (part for _, part in _BLOCK.findall(text)):
        for line in body.splitlines():
            found = re.search(r"(?:^\$ |^[\d* ]+)(roster-sync .*)$", line)
            if found:
                yield shlex.split(found[1])[1:]
