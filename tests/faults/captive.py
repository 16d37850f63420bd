"""A process of its own that runs commands one after the other, as it is told.

In: lines of JSON, each a folder and the arguments of a command. Out: for each a line
with the exit code, both streams, and the most memory ever used (``VmHWM``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.closing import Closing
from tests.support.commands import call_cli
from tests.support.ended import Ended

ROOT = Path(__file__).parents[2]


class Captive(Closing):
    """``with Captive(environment) as captive: captive.run(folder, "ping", ...)``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it with these variables for its commands."""
        self.peak = 0
        """Kibibytes."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.captive"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._say(dict(environment))

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()

    def run(self, folder: Path, *arguments: object) -> Ended:
        """One command in this folder, to its end."""
        self._say([str(folder), *map(str, arguments)])
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        self.peak = told["peak"]
        return Ended(told["code"], told["out"], told["err"])

    def _say(self, words: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()


def peak() -> int:
    """The most memory that this process has used, in kibibytes."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (found,) = (one for one in lines if one.startswith("VmHWM:"))
    return int(found.split()[1])


def main() -> None:
    """Do as told until nobody says anything any more."""
    environment = json.loads(sys.stdin.readline())
    out = sys.stdout
    for line in sys.stdin:
        folder, *words = json.loads(line)
        ended = call_cli(*words, folder=Path(folder), environment=environment)
        told = {"code": ended.code, "out": ended.out, "err": ended.err, "peak": peak()}
        out.write(json.dumps(told) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
