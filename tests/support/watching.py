"""A watched folder without the program behind it: whoever runs drops is made up.

What was run stands in a ``World``, which outlives the watchers, as the state of a
target does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sync.errors import ExitCode, LocalError
from sync.watch import Claims, End, Watched, Watcher
from sync.watch.claims import FINAL

Judge = Callable[[str, str], ExitCode]
"""From a target and the content of a drop."""


class DiedError(BaseException):
    """The process is gone."""


def content_of(drop: Path) -> str:
    """The text of all files of a drop."""
    files = [drop] if drop.is_file() else sorted(drop.rglob("*.csv"))
    return "|".join(one.read_text("utf-8") for one in files)


@dataclass
class Made:
    """One run."""

    target: str
    content: str
    code: ExitCode | None = None


@dataclass
class World:
    """The targets, the clock, and what people were told."""

    judge: Judge = lambda _target, _content: ExitCode.DONE
    runs: dict[str, Made] = field(default_factory=dict)
    now: float = 0.0
    told: list[str] = field(default_factory=list)
    signal: bool = False
    reports: bool = True
    meanwhile: Callable[[Path], object] = lambda _: None
    """What happens while a drop is run."""
    step: Callable[[], object] = lambda: None

    def run(
        self, drop: Path, targets: Sequence[str], on_run: Callable[[str, str], None]
    ) -> Sequence[End]:
        return [self._run(drop, target, on_run) for target in targets]

    def _run(self, drop: Path, target: str, on_run: Callable[[str, str], None]) -> End:
        run = f"run-{len(self.runs) + 1}"
        content = content_of(drop)
        code = self.judge(target, content)
        if code in {ExitCode.LOCKED, ExitCode.USAGE}:
            return End(target, code)
        try:
            on_run(target, run)
        except LocalError:
            return End(target, ExitCode.LOCAL_FAILED)
        self.step()
        made = self.runs[run] = Made(target, content)
        self.step()
        self.meanwhile(drop)
        made.code = code
        self.step()
        return End(target, code)

    def ended(self, target: str, run: str) -> ExitCode | None:
        found = self.runs.get(run)
        assert found is None or found.target == target
        return None if found is None else found.code

    def report(self, run: str) -> bytes | None:
        return f"report of {run}".encode() if self.reports else None

    def tell(self, name: str, text: str) -> None:
        self.told.append(f"{name}: {text}")

    def warn(self, name: str, text: str) -> None:
        self.told.append(f"{name}: {text}")

    def clock(self) -> float:
        return self.now

    def stopped(self) -> bool:
        return self.signal

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def good(self) -> Counter[tuple[str, str]]:
        """How often each content was run to an end that counts, by target."""
        ended = (one for one in self.runs.values() if one.code in FINAL)
        return Counter((one.target, one.content) for one in ended)


@dataclass
class Yard:
    """A watched folder, and a folder in the state for its claims."""

    root: Path
    targets: tuple[str, ...] = ("a",)
    sentinels: tuple[str, ...] = ()
    world: World = field(default_factory=World)
    retry: float = 300.0

    def __post_init__(self) -> None:
        for one in (self.folder, self.place):
            one.mkdir(parents=True, exist_ok=True)

    @property
    def folder(self) -> Path:
        return self.root / "in"

    @property
    def place(self) -> Path:
        return self.root / "claims"

    def lay(self, **drops: str) -> None:
        """Folders with one file of that content; names end with ``_zip`` for a file."""
        for name, content in drops.items():
            if name.endswith("_csv"):
                path = self.folder / name.replace("_csv", ".csv")
            else:
                (self.folder / name).mkdir()
                path = self.folder / name / "students.csv"
            path.write_text(content, "utf-8")

    def watcher(self) -> Watcher:
        """As a new process makes it."""
        watched = Watched(self.folder, self.targets, self.sentinels, 10.0, self.retry)
        return Watcher(watched, Claims(self.place), self.world)

    def once(self) -> ExitCode:
        """A process of ``--once``."""
        return self.watcher().once(self.world.wait)

    def turns(self, watcher: Watcher, seconds: float) -> None:
        """Let it watch for so long; soon it looks but once in a while."""
        end = self.world.now + seconds
        pause = watcher.pause
        while self.world.now < end:
            watcher.turn()
            self.world.wait(min(pause, 60.0))
            pause *= 1.1

    def tree(self) -> list[str]:
        """Every file of the folder."""
        found = (one for one in self.folder.rglob("*") if not one.is_dir())
        return sorted(one.relative_to(self.folder).as_posix() for one in found)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def claims(self) -> list[str]:
        """The names of the files in the state."""
        return sorted(one.name for one in self.place.iterdir())


STEPS = (
    *("pathlib.Path.rename", "pathlib.Path.replace", "pathlib.Path.unlink"),
    *("pathlib.Path.mkdir", "pathlib.Path.rmdir", "os.fsync"),
)
"""What changes a disk."""


@contextmanager
def dying_at(number: int, world: World) -> Iterator[Counter[str]]:
    """Within it the process dies before the n-th thing that it does to the disk or to a
    target; what it counts under ``steps`` says how many there were."""
    counted: Counter[str] = Counter()

    def step() -> None:
        counted["steps"] += 1
        if counted["steps"] == number:
            raise DiedError

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            _wrap(patch, name, step)
        patch.setattr(world, "step", step)
        yield counted


def _wrap(patch: pytest.MonkeyPatch, name: str, step: Callable[[], None]) -> None:
    module, _, attribute = name.rpartition(".")
    holder: Any = Path if module == "pathlib.Path" else __import__(module)
    call = getattr(holder, attribute)

    def around(*given: Any, **named: Any) -> Any:
        step()
        return None if name == "os.fsync" else call(*given, **named)

    patch.setattr(holder, attribute, around)
