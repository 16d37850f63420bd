"""``status``: the last good run of each target, and the alarm for a silent cron."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.table import Table
from rich.text import Text

from sync.cli.session import Session, duration
from sync.config import Config
from sync.errors import ExitCode, TargetError
from sync.model.plain import plain
from sync.state import GoodDrop, RunRecord, StateFolder, TargetState

SLACK = timedelta(minutes=5)
"""By so much a clock may have been set back without anybody having to look at it."""


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one target stands."""

    target: str
    good: GoodDrop | None
    last: RunRecord | None
    age: timedelta | None
    """Since the end of the last good run; null where there was none."""

    def alarm(self, limit: timedelta, given: str) -> str | None:
        """Why somebody must look; null where all is well."""
        if self.good is None or self.age is None:
            return f"{self.target} has had no good run yet"
        ended = f"the last good run of {self.target}, {self.good.run}, ended"
        if self.age < -SLACK:
            return f"{ended} in the future: the clock of this machine was set back"
        if self.age > limit:
            return f"{ended} {hours(self.age)} ago, which is more than {given}"
        return None


def status(session: Session, targets: Sequence[str], max_age: str | None) -> ExitCode:
    """Tell of each target when its last good run ended."""
    config = session.config()
    limit = duration(max_age, "--max-age")
    names = [config.target(name).name for name in targets] or list(config.targets)
    found = list(_standings(config, names))
    alarms: list[str] = []
    if limit is not None:
        said = (one.alarm(limit, str(max_age)) for one in found)
        alarms = [one for one in said if one is not None]
    code = ExitCode.TARGET_FAILED if alarms else ExitCode.DONE
    told = [_facts(one) for one in found]
    session.console.document({"format": 1, "exit_code": int(code), "targets": told})
    session.console.result(_table(found))
    if alarms:
        do = "see whether the nightly job runs, and what roster-sync runs says"
        session.console.fail(TargetError("; ".join(alarms), do=do))
    return code


def _standings(config: Config, names: Sequence[str]) -> Iterator[Standing]:
    folder = StateFolder(Path(config.state_dir))
    for name in dict.fromkeys(names):
        with TargetState.open(folder, name) as state:
            good, last = state.last_good_of_any(), state.last_run()
        ended = None if good is None else good.finished
        yield Standing(name, good, last, None if ended is None else now() - ended)


def _facts(one: Standing) -> dict[str, object]:
    good, last = one.good, one.last
    return {
        "target": one.target,
        "good": good
        and {
            "run": good.run,
            "finished": good.finished and good.finished.isoformat(),
            "age_seconds": one.age and round(one.age.total_seconds()),
            "drop": good.name,
        },
        "last": last
        and {"run": last.run, "outcome": last.outcome, "exit_code": last.exit_code},
    }


def _table(found: Sequence[Standing]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("target", "last good run", "ended", "last run"):
        table.add_column(heading, overflow="fold")
    for one in found:
        ended = "never" if one.age is None else ago(one.age)
        last = "none" if one.last is None else one.last.outcome or "open"
        cells = (one.target, one.good.run if one.good else "", ended, last)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def ago(age: timedelta) -> str:
    """When that was."""
    return "in the future" if age < -SLACK else f"{hours(age)} ago"


def hours(age: timedelta) -> str:
    """An age as people say it: ``26.5 h``."""
    return f"{age.total_seconds() / 3600:.1f} h"
