"""One output stream that nobody watches: each text is one line, as it is.

What ``Screen`` writes there too, without the library that knows terminals, whose
loading takes longer than most commands. A table is still drawn by it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from sync.model.plain import plain

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

    from sync.cli.screen import Screen


class Pipe:
    """What is written to a pipe or a file, line by line."""

    def __init__(self, file: TextIO, screen: Callable[[], Screen]) -> None:
        """``screen`` is asked for what is no text."""
        self._file = file
        self._make = screen

    @cached_property
    def _screen(self) -> Screen:
        return self._make()

    def show(self, part: RenderableType, *, whole: bool = False) -> None:
        """Write a text, made harmless, or a table; see ``Screen.show``."""
        if isinstance(part, str):
            self._write(f"{plain(part)}\n")
        else:
            self._screen.show(part, whole=whole)

    def say(self, text: str, *, head: str = "", end: str = "\n") -> None:
        """Write a line with a word at its head."""
        self._write(f"{head} {plain(text)}{end}" if head else f"{plain(text)}{end}")

    def bars(self) -> Progress:
        """As those of a terminal."""
        return self._screen.bars()

    def _write(self, text: str) -> None:
        """Raises SystemExit where the reader has gone: nobody can be told of it."""
        try:
            self._file.write(text)
            self._file.flush()
        except BrokenPipeError:
            # What is left in the buffer would fail once more when the process ends.
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._file.fileno())
                os.close(nowhere)
            raise SystemExit(1) from None
