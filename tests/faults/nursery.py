"""Processes of the program by the hundred, each for the price of a fork.

Importing takes a second of a processor, and the proofs need a thousand processes that
are killed. So one process imports and reads everything that is the same each time,
starts nothing, and forks: each child calls the command line with a folder, an
environment and two files for what it says, like the installed command, and can be
signalled, stopped and killed like it.

``Nursery`` is the tests' side; this module, run, is the other. They talk in lines of
JSON; ``nursery()`` is the one of this process.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from tests.support.commands import PATIENCE
from tests.support.ended import Ended

ROOT = Path(__file__).parents[2]
PAUSE = 0.005
"""Seconds between two looks at a child."""
ONE_THREAD = {"POLARS_MAX_THREADS": "1"}
"""Of polars, in each of many processes: their districts are small."""
Before = tuple[str, Sequence[object]]
"""``module:function`` and its arguments, which JSON can carry: called in the child
before the command."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process of the program."""

    nursery: Nursery
    pid: int
    out: Path
    err: Path

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; a child that has ended hears nothing."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, without a word."""
        self.signal(signal.SIGKILL)

    @property
    def code(self) -> int | None:
        """How it ended (minus the number of a signal); null while it runs."""
        return self.nursery.code(self.pid)

    def until(self, holds: Callable[[], object]) -> bool:
        """Wait until something holds; False where the child ended before."""
        end = time.monotonic() + PATIENCE
        while not holds():
            if self.code is not None:
                return False
            assert time.monotonic() < end, "it did not come about"
            time.sleep(PAUSE)
        return True

    def ended(self) -> Ended:
        """Wait for its end."""
        end = time.monotonic() + PATIENCE
        while (code := self.code) is None:
            if time.monotonic() > end:
                self.kill()
                message = f"process {self.pid} hangs: {self.err.read_text('utf-8')}"
                raise TimeoutError(message)
            time.sleep(PAUSE)
        return Ended(code, self.out.read_text("utf-8"), self.err.read_text("utf-8"))


class Nursery:
    """The tests' side of the process that forks."""

    def __init__(self) -> None:
        """Start it; the first child waits until it has imported everything."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._born: list[int] = []
        self._codes: dict[int, int] = {}
        self._numbers = itertools.count()

    def start(
        self,
        arguments: Sequence[object],
        folder: Path,
        environment: Mapping[str, str],
        before: Before | None = None,
    ) -> Child:
        """A command in a folder."""
        number = next(self._numbers)
        out, err = (folder / f"child-{number}.{name}" for name in ("out", "err"))
        pid = self._ask(
            arguments=[str(one) for one in arguments],
            folder=str(folder),
            environment={**ONE_THREAD, **environment},
            streams=[str(out), str(err)],
            before=before,
            seed=number,
        )
        self._born.append(pid)
        return Child(self, pid, out, err)

    def code(self, pid: int) -> int | None:
        """How a child ended, or null."""
        if pid not in self._codes:
            code = self._ask(look=pid)
            if code is None:
                return None
            self._codes[pid] = code
        return self._codes[pid]

    def kill_all(self) -> None:
        """End the children that a test which failed has left at work."""
        for pid in self._born:
            if self.code(pid) is None:
                os.kill(pid, signal.SIGKILL)
        self._born.clear()

    def close(self) -> None:
        """End it and its children."""
        self.kill_all()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def _ask(self, **question: object) -> Any:
        into, out = self._process.stdin, self._process.stdout
        assert into is not None
        assert out is not None
        into.write(json.dumps(question) + "\n")
        into.flush()
        return json.loads(out.readline())


@cache
def nursery() -> Nursery:
    """The nursery of this process."""
    made = Nursery()
    atexit.register(made.close)
    return made


def _serve() -> None:
    for line in sys.stdin:
        question = json.loads(line)
        answer = _looked(question["look"]) if "look" in question else _forked(question)
        os.write(1, f"{json.dumps(answer)}\n".encode())


def _looked(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _forked(question: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _live(question)
    return pid


def _live(question: Mapping[str, Any]) -> NoReturn:
    """The whole life of a child."""
    from sync.cli.main import main  # noqa: PLC0415 - imported long before

    code = 99
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        streams = [
            nothing,
            *(os.open(one, flags, 0o600) for one in question["streams"]),
        ]
        for number, one in enumerate(streams):
            os.dup2(one, number)
        os.chdir(question["folder"])
        os.environ.update(question["environment"])
        random.seed(question["seed"])
        if question["before"] is not None:
            called, given = question["before"]
            module, _, name = called.partition(":")
            getattr(importlib.import_module(module), name)(*given)
        code = main(question["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _import_everything() -> None:
    """What a run loads on its way. Nothing of it may start a thread of its own that a
    child would miss: polars makes its pool when it is first used."""
    for name in (
        *("main", "session", "apply", "night", "runs", "show"),
        *("fetch", "explain", "watch"),
    ):
        importlib.import_module(f"sync.cli.{name}")
    for name in (
        *("anyio._backends._asyncio", "httpcore", "h11", "rich.progress"),
        *("sync.flow", "sync.targets.registry", "sync.report", "defusedxml"),
        *("tests.faults.points", "tests.faults.disk", "tests.faults.gate"),
    ):
        importlib.import_module(name)


def _read_everything() -> None:
    """What a run reads of the program's own files: the templates of its report, and
    the mappings."""
    environment = importlib.import_module("sync.report.as_html")._ENVIRONMENT
    for name in environment.list_templates():
        environment.get_template(name)
    load = importlib.import_module("sync.mapping.load")
    for name in load.names():
        load.shipped(name)


def _be_alone() -> None:
    """Ends where importing made polars' pool, which no child would have: each would
    wait for it for ever."""
    tasks = Path("/proc/self/task").glob("*/comm")
    pool = [name for one in tasks if (name := one.read_text()).startswith("polars-0")]
    if pool:
        message = "a module calls polars when it is imported: forks of it would hang"
        raise RuntimeError(message)


if __name__ == "__main__":
    _import_everything()
    _read_everything()
    _be_alone()
    gc.freeze()  # so that no collection in a child copies all of it
    _serve()
