"""Runs the command line, in this process or as the installed command."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from sync.cli.main import main
from tests.support.ended import Ended

COMMAND = Path(sys.executable).parent / "roster-sync"
"""The console script of the environment that runs the tests."""
PATIENCE = 60
"""Seconds after which a command hangs."""


def run_cli(
    *arguments: object, folder: Path, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run the installed command to its end in ``folder``."""
    with start_cli(*arguments, folder=folder, environment=environment) as process:
        return finished(process)


def start_cli(
    *arguments: object, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start the installed command in ``folder``; the caller waits for it."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [COMMAND, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def finished(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command that was started."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ended(process.returncode, out, err)


def call_cli(
    *arguments: object, folder: Path, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run the command line in this process, which is ten times as fast."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        _environment(environment or {}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main([str(one) for one in arguments])
    return Ended(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
