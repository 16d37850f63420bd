"""Takes drops in within a process of its own, and says what each of them cost.

``python -m tests.faults.child DROP…`` prints one JSON document for each drop: the
codes of the findings, whether the drop is refused, the seconds of processor time and
by how many megabytes the process grew at its peak beyond what it held before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 20)
FORGET_PEAK = "5"
"""Written to ``clear_refs``, it lets the peak begin anew (proc(5))."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What came of one drop."""

    drop: str
    refused: bool
    codes: list[str]
    seconds: float
    megabytes: float
    peak: float
    """Megabytes of the whole process."""


def costs(drops: Sequence[Path], *, mapping: str | None = None) -> list[Cost]:
    """Take the drops in, one after the other, in one new process."""
    argv = [sys.executable, "-m", "tests.faults.child", mapping or "", *map(str, drops)]
    ended = subprocess.run(  # noqa: S603 - this very file
        argv, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    found = [Cost(**json.loads(line)) for line in ended.stdout.splitlines()]
    assert len(found) == len(drops), ended.stderr
    return found


def resident(name: str) -> float:
    """Megabytes of this process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    message = f"the system does not tell {name}"
    raise LookupError(message)


def measured(drops: Sequence[Path], mapping: str | None) -> Iterator[Cost]:
    """Take each of the drops in."""
    from sync.flow.intake import How, take_in  # noqa: PLC0415 - the child's own work

    for drop in drops:
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK, "ascii")
        before, began = resident("VmRSS"), time.process_time()
        intake = take_in(drop, How(mapping=mapping), TODAY)
        seconds = time.process_time() - began
        yield Cost(
            drop.name,
            intake.refused,
            sorted(set(intake.findings.frame["code"])),
            seconds,
            max(0.0, resident("VmHWM") - before),
            resident("VmHWM"),
        )


def main(mapping: str, *drops: str) -> None:
    """Print what each drop cost."""
    from dataclasses import asdict  # noqa: PLC0415 - the child's own work

    for cost in measured([Path(one) for one in drops], mapping or None):
        print(json.dumps(asdict(cost)))  # noqa: T201 - read by the parent


if __name__ == "__main__":
    main(*sys.argv[1:])
