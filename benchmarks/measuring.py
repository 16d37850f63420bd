"""How things are measured: in turn, each in a process of its own, three times at least.

A piece of work is a function of a module of benchmarks; ``run`` calls it in a new
process (``python -m MODULE work NAME ...``), which prints its time as JSON. A line of
the table divides the times of two of them. Whatever fails ends with an error: a wrong
number is worse than none.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS = 3
PEEK_SECONDS = 0.01
"""How often the memory of a process is looked at."""
START_SECONDS = 120.0
"""So long may a server take to listen."""
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; ``holds`` is null where it could not be measured here."""

    number: int
    measure: str
    target: str
    value: str
    holds: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured run: seconds of the work alone, peak anonymous bytes of its process
    (0 where the system does not tell), and what the work counted."""

    seconds: float
    anonymous: int
    count: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a piece of work did; ``seconds`` where it timed itself."""

    count: int
    seconds: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


Work = Callable[..., Counted]


class MeasuringError(Exception):
    """A piece of work failed, so that there is nothing to tell."""


def run(command: Sequence[str | Path]) -> Sample:
    """One piece of work, whose last line of output is its JSON object.

    Raises ``MeasuringError`` with the end of what it wrote to its error output.
    """
    process, text, anonymous = _watched(command)
    lines = text[0].strip().splitlines()
    if process.returncode or not lines:
        message = f"{_named(command)} ended with {process.returncode}:\n{text[1]}"
        raise MeasuringError(message)
    told = json.loads(lines[-1])
    return Sample(told["seconds"], anonymous, told["count"], told.get("facts", {}))


def timed(
    command: Sequence[str | Path],
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Sample:
    """A whole command, from its start to its end; its count is 1.

    Raises ``MeasuringError`` where it does not end with 0.
    """
    began = time.perf_counter()
    process, text, anonymous = _watched(command, folder, environment)
    seconds = time.perf_counter() - began
    if process.returncode:
        message = f"{_named(command)} ended with {process.returncode}:\n{text[1]}"
        raise MeasuringError(message)
    return Sample(seconds, anonymous, 1, {"output": text[0]})


def _named(command: Sequence[str | Path]) -> str:
    return " ".join(map(str, command[1:]))


def _watched(
    command: Sequence[str | Path],
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> tuple[subprocess.Popen[str], tuple[str, str], int]:
    """Run a command to its end while looking at its memory."""
    process = subprocess.Popen(  # noqa: S603 - ourselves, and what we installed
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
    )
    ended = threading.Event()
    peaks = [0]
    watch = threading.Thread(target=_watch, args=(process.pid, ended, peaks))
    watch.start()
    try:
        text = process.communicate()
    finally:
        ended.set()
        watch.join()
    return process, text, max(peaks)


def _watch(process: int, ended: threading.Event, peaks: list[int]) -> None:
    while not ended.wait(PEEK_SECONDS):
        peaks[0] = max(peaks[0], anonymous(process))


def anonymous(process: int) -> int:
    """Anonymous resident bytes of a process just now; 0 where nobody tells."""
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii")
    except OSError:
        return 0
    parts = status.split("RssAnon:")
    return int(parts[1].split()[0]) * 1024 if len(parts) > 1 else 0


def of_module(module: str, *arguments: object) -> list[str]:
    """The command of a piece of work of a module of benchmarks."""
    return [sys.executable, "-m", module, "work", *map(str, arguments)]


def in_turn(
    *works: Callable[[], Sample], rounds: int = ROUNDS
) -> tuple[list[Sample], ...]:
    """Each piece of work once per round, one after the other."""
    found = [[work() for work in works] for _ in range(rounds)]
    return tuple(list(samples) for samples in zip(*found, strict=True))


@dataclass(frozen=True, slots=True)
class Ratio:
    """One side over the other: of the minima, and of the medians."""

    least: float
    middle: float

    def __str__(self) -> str:
        """Both, for the table."""
        return f"{self.least:.2f} (median {self.middle:.2f})"


def ratio(ours: Iterable[float], theirs: Iterable[float]) -> Ratio:
    """Seconds over seconds: noise only ever adds, so that the minima say most."""
    a, b = list(ours), list(theirs)
    return Ratio(min(a) / min(b), statistics.median(a) / statistics.median(b))


def rate_ratio(ours: Iterable[Sample], theirs: Iterable[Sample]) -> Ratio:
    """So many a second over so many a second."""
    a = [1 / rate(one) for one in ours]
    return ratio([1 / rate(one) for one in theirs], a)


def rate(sample: Sample) -> float:
    """So many a second."""
    return sample.count / sample.seconds


@contextmanager
def served(module: str, *arguments: object) -> Iterator[str]:
    """A server in a process of its own, which is given its port before ``arguments``;
    gives its address. Raises ``MeasuringError`` where it does not begin to listen."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name, *rest = arguments
    command = of_module(module, name, port, *rest)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT) as server:  # noqa: S603 - ourselves
        try:
            _wait_for(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = "a server of the benchmark does not listen"
    raise MeasuringError(message)


def do_work(works: Mapping[str, Work], name: str, arguments: Sequence[str]) -> None:
    """Do one piece of work in this process and print what it took."""
    began = time.perf_counter()
    done = works[name](*arguments)
    seconds = time.perf_counter() - began
    told = {
        "seconds": done.seconds or seconds,
        "count": done.count,
        "facts": dict(done.facts),
    }
    print(json.dumps(told))


def row(line: Line) -> str:
    """A line as Markdown."""
    holds = {True: "yes", False: "**no**", None: "not measured"}[line.holds]
    cells = (line.measure, line.target, line.value, holds, line.detail)
    return f"| {line.number} | {' | '.join(cells)} |"


HEAD = (
    "| # | measure | target | value | holds | measured |",
    "|---|---|---|---|---|---|",
)


def main(
    lines: Callable[[bool], Iterator[Line]], works: Mapping[str, Work] | None = None
) -> None:
    """``python -m benchmarks.NAME [--full]``, or one of its pieces of work."""
    if works is not None and sys.argv[1:2] == ["work"]:
        do_work(works, sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="the large sizes")
    asked = parser.parse_args()
    print("\n".join(HEAD))
    for line in lines(asked.full):
        print(row(line), flush=True)
