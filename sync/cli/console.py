"""The one writer to the terminal.

Results go to standard output, everything about how they come about to standard error:
messages, the ``roster-sync:`` line, and progress, which is live on a terminal and one
line every few seconds elsewhere. With ``--json`` standard output carries one document
and nothing else.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TextIO

from sync.cli.outlet import Outlet, escaping, is_terminal
from sync.cli.pipe import Pipe
from sync.errors import RosterSyncError
from sync.model.plain import plain

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress, TaskID

    from sync.cli.screen import Screen

INTERVAL = 5.0
"""Seconds between two progress lines where nobody watches live."""


class Console:
    """Everything that a person or a pipe sees of one command."""

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        color: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Standard output and error as they are now; ``NO_COLOR`` switches colour off.

        ``quiet`` silences messages and progress, never results and never errors.
        """
        self.json = json
        self.quiet = quiet
        self.verbose = verbose and not quiet
        self._clock = clock
        self._documented = False
        self._advice: str | None = None
        self._color = color
        self._stdout = escaping(sys.stdout)
        self._stderr = escaping(sys.stderr)
        self._bars: Progress | None = None

    @cached_property
    def _out(self) -> Screen | Pipe:
        return self._on(self._stdout)

    @cached_property
    def _err(self) -> Screen | Pipe:
        return self._on(self._stderr)

    def _on(self, file: TextIO) -> Screen | Pipe:
        screen = partial(self._screen, file)
        return screen() if is_terminal(file) else Pipe(file, screen)

    def _screen(self, file: TextIO) -> Screen:
        from sync.cli.screen import Screen

        return Screen(file, color=self._color)

    def result(self, *parts: RenderableType, whole: bool = False) -> None:
        """Print a result; plain strings are made harmless. Nothing with ``--json``.

        ``whole``: where no terminal limits them, lines of a table are not broken.
        """
        for part in () if self.json else parts:
            if self.lost:
                return
            self._out.show(part, whole=whole)

    @property
    def lost(self) -> bool:
        """Whether nothing arrives any more, so that a long result need not be made."""
        file: object = self._stdout
        return isinstance(file, Outlet) and file.error is not None

    def text(self, content: str) -> None:
        """Print lines such as a CSV or a schema that was asked for.

        A pipe gets them as they are, a terminal with each line made harmless.
        """
        if self.json:
            return
        file = self._stdout
        if is_terminal(file):
            content = "\n".join(plain(line) for line in content.splitlines())
        file.write(content if content.endswith("\n") else f"{content}\n")
        file.flush()

    def document(self, value: Mapping[str, Any]) -> None:
        """Print the one JSON document; indented when a person watches.

        Raises RuntimeError on the second: a program that reads it expects one.
        """
        if not self.json:
            return
        if self._documented:
            msg = "a command prints one JSON document"
            raise RuntimeError(msg)
        self._documented = True
        file = self._stdout
        indent = 2 if is_terminal(file) else None
        file.write(json.dumps(value, indent=indent, allow_nan=False))
        file.write("\n")
        file.flush()

    def conclude(self, code: int) -> None:
        """Print how the command ended, where it had no document of its own."""
        if not self._documented:
            self.document({"format": 1, "exit_code": code, "message": self._advice})

    def message(self, text: str) -> None:
        """Say something about the run; not with ``--quiet``."""
        if not self.quiet:
            self._err.say(text)

    def warn(self, text: str) -> None:
        """Say what went wrong beside the run; with ``--quiet`` too."""
        self._err.say(text)

    def detail(self, text: str) -> None:
        """Say something that only ``--verbose`` wants to know."""
        if self.verbose:
            self.message(text)

    def fail(self, error: RosterSyncError) -> None:
        """Print the ``roster-sync:`` line of this error: one, whatever it holds."""
        self.advice(error.line())

    def advice(self, text: str) -> None:
        """Print one ``roster-sync:`` line: what happened and what to do next."""
        self._advice = _one_line(text)
        self._err.say(self._advice, head="roster-sync:")

    @property
    def attended(self) -> bool:
        """Whether there is a person at a terminal, who can be asked."""
        return is_terminal(sys.stdin) and is_terminal(self._stderr)

    def answer(self, question: str) -> str | None:
        """What the person types; null where he ends the input."""
        self._err.say(f"{question} ", end="")
        line = _as_typed(sys.stdin).readline()
        return line.strip() if line else None

    def ask(self, question: str) -> bool:
        """Whether the person at the terminal says yes; no where there is no person."""
        if not self.attended:
            return False
        return (self.answer(f"{question} [y/N]") or "").lower() in {"y", "yes"}

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = ""
    ) -> Iterator[Stage]:
        """Show that a step is going on, and how far it is, until the block ends."""
        if self.quiet:
            yield Stage(name, total, unit, self._clock, None)
        elif is_terminal(self._stderr):
            with self._live() as bars:
                live = _LiveStage(name, total, self._clock, bars)
                yield live
                live.finish()
        else:
            stage = Stage(name, total, unit, self._clock, self.message)
            yield stage
            stage.finish()

    @contextmanager
    def _live(self) -> Iterator[Progress]:
        """One set of bars for stages within stages."""
        if self._bars is not None:
            yield self._bars
            return
        self._bars = self._err.bars()
        try:
            with self._bars:
                yield self._bars
        finally:
            self._bars = None


class Stage:
    """One step that is going on, where nobody watches live."""

    def __init__(
        self,
        name: str,
        total: int | None,
        unit: str,
        clock: Callable[[], float],
        say: Callable[[str], None] | None,
    ) -> None:
        """Begin; ``say`` takes a line of text, null says nothing."""
        self.name = name
        self.total = total
        self.done = 0
        self._unit = f" {unit}" if unit else ""
        self._clock = clock
        self._say = say
        self._began = self._last = clock()

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self.done += count
        now = self._clock()
        if self._say is not None and now - self._last >= INTERVAL:
            self._last = now
            self._say(self._line(now))

    def expect(self, total: int) -> None:
        """The total is known now, or has changed."""
        self.total = total

    def finish(self) -> None:
        """Say how much it was and how long it took."""
        if self._say is not None:
            self._say(self._line(self._clock()))

    def _line(self, now: float) -> str:
        """``plan: fetched enrollments 60,000 of 120,000 (12 s)``."""
        seconds = f"({now - self._began:.0f} s)"
        if not self.done and self.total is None:
            return f"{self.name} {seconds}"
        ended = self.total is None or self.done == self.total
        of = "" if ended else f" of {self.total:,}"
        return f"{self.name} {self.done:,}{of}{self._unit} {seconds}"


class _LiveStage(Stage):
    """One bar on a terminal."""

    def __init__(
        self,
        name: str,
        total: int | None,
        clock: Callable[[], float],
        bars: Progress,
    ) -> None:
        """Add a bar for this stage."""
        super().__init__(name, total, "", clock, None)
        self._bars = bars
        self._task: TaskID = bars.add_task(plain(name), total=total)

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        super().advance(count)
        self._bars.advance(self._task, count)

    def expect(self, total: int) -> None:
        """The total is known now, or has changed."""
        super().expect(total)
        self._bars.update(self._task, total=total)

    def finish(self) -> None:
        """Fill the bar."""
        self._bars.update(self._task, total=self.done or 1, completed=self.done or 1)


def _one_line(text: str) -> str:
    return plain(" ".join(text.split()))


def _as_typed(file: TextIO) -> TextIO:
    """The file; the name of a folder may be in another encoding than it has."""
    reconfigure = getattr(file, "reconfigure", None)
    if reconfigure is not None:
        with suppress(ValueError):  # it was read from before, and so is set already
            reconfigure(errors="surrogateescape")
    return file
