"""One output stream as rich sees it: text that stays as it is, tables, live bars.

Loaded when something is shown, so that a command which only writes lines does not
wait for it.
"""

from __future__ import annotations

import os
from typing import TextIO

import rich.console
from rich.console import RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from sync.cli.outlet import is_terminal
from sync.model.plain import plain

_WIDTH = 80
"""Columns where there is no terminal to ask."""
_UNBROKEN = 100_000
"""Columns that no line of ours needs."""


class Screen:
    """What is shown to a person, or written to a pipe, line by line."""

    def __init__(self, file: TextIO, *, color: bool) -> None:
        """Without markup, highlighting or emoji; ``NO_COLOR`` switches colour off."""
        self._file = file
        self._console = rich.console.Console(
            file=file,
            markup=False,
            highlight=False,
            emoji=False,
            no_color=not color or bool(os.environ.get("NO_COLOR")),
            force_terminal=is_terminal(file),
            width=None if is_terminal(file) else _WIDTH,
        )

    def show(self, part: RenderableType, *, whole: bool = False) -> None:
        """Print a text or a table; a plain string is made harmless.

        ``whole``: where no terminal limits them, lines of a table are not broken.
        """
        shown = Text(plain(part)) if isinstance(part, str) else part
        unbroken = whole and not is_terminal(self._file)
        if unbroken:
            self._console.width = _UNBROKEN
        self._console.print(shown, soft_wrap=self._is_soft(shown))
        if unbroken:
            self._console.width = _WIDTH

    def _is_soft(self, part: RenderableType) -> bool:
        """Whether a line stays one: in a pipe, and where somebody will copy it."""
        if not isinstance(part, Text):
            return False
        return bool(part.no_wrap) or not is_terminal(self._file)

    def say(self, text: str, *, head: str = "", end: str = "\n") -> None:
        """Print a line that is never wrapped, with a red word at its head."""
        words = (((head, "bold red"), " ") if head else ()) + (plain(text),)
        self._console.print(Text.assemble(*words), soft_wrap=True, end=end)

    def bars(self) -> Progress:
        """Live bars, one for each stage that is going on."""
        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
