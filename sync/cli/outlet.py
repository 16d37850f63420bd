"""Standard output that may fail: a full disk, or a pipe that nobody reads any more.

A command goes on without it, since what it does outlives what it prints: a run is
carried out, and its report stands in the state folder. Why nothing more was printed
is told at the end, by whoever asks for ``error``.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO, TextIO


class Outlet:
    """A text stream that takes everything; after its first failure it prints nothing.

    Whatever else is asked of it, the stream within answers.
    """

    def __init__(self, file: TextIO) -> None:
        """Nothing has failed yet."""
        self._file = file
        self.error: OSError | None = None
        """Why what was written did not arrive."""

    def write(self, text: str) -> int:
        """All of the text, as far as the caller knows."""
        if self.error is None:
            try:
                return self._file.write(text)
            except OSError as error:
                self._lost(error)
        return len(text)

    def flush(self) -> None:
        """Let what was written arrive."""
        if self.error is None:
            try:
                self._file.flush()
            except OSError as error:
                self._lost(error)

    def __getattr__(self, name: str) -> object:
        """Of the stream within."""
        return getattr(self._file, name)

    def _lost(self, error: OSError) -> None:
        self.error = error
        # What is still in its buffer would fail once more when the process ends, with
        # a trace and another exit code. A stream of a test may have no descriptor.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())
            os.close(nowhere)


def is_terminal(file: IO[str]) -> bool:
    """Whether a person watches."""
    try:
        return file.isatty()
    except ValueError:
        return False


def escaping(file: TextIO) -> TextIO:
    """The file; a terminal of another encoding shows an escape, and ends no run."""
    reconfigure = getattr(file, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return file
