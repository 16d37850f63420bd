from __future__ import annotations

import gc
import signal
import time
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync.cli.session import Session, deadline, duration, hoisted, until
from sync.config import Config
from sync.errors import UsageError

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["run", "drop"], ["run", "drop"]),
        (["run", "drop", "--json"], ["--json", "run", "drop"]),
        (["run", "-q", "drop", "-v"], ["-q", "-v", "run", "drop"]),
        (["run", "--config", "a.toml", "d"], ["--config", "a.toml", "run", "d"]),
        (["run", "--config=a.toml", "d"], ["--config=a.toml", "run", "d"]),
        (["run", "d", "--config"], ["--config", "run", "d"]),
        (["run", "d", "--yes", "--no-color"], ["--yes", "--no-color", "run", "d"]),
        (["run", "--", "--json"], ["run", "--", "--json"]),
        (["--quiet", "run"], ["--quiet", "run"]),
        (["run", "--target", "district"], ["run", "--target", "district"]),
    ],
)
def test_the_options_of_every_command_may_stand_anywhere(
    given: list[str], expected: list[str]
) -> None:
    assert hoisted(given) == expected


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("here", "clock", "hours"),
    [
        ("2026-09-15T02:00", "04:30", 2.5),
        ("2026-09-15T22:00", "04:30", 6.5),
        ("2026-09-15T04:30", "04:30", 24),
        ("2026-09-15T04:29:30", "04:30", 1 / 120),
        ("2026-09-15T04:31", "04:30", 23 + 59 / 60),
        # Clocks go forward on 8 March and back on 1 November 2026.
        ("2026-03-07T22:00", "04:30", 5.5),
        ("2026-10-31T22:00", "04:30", 7.5),
    ],
)
def test_a_time_of_day_is_the_next_time_that_the_clock_shows_it(
    here: str, clock: str, hours: float
) -> None:
    found = until(clock_time.fromisoformat(clock), at(here))
    assert found == timedelta(hours=hours)


CONFIG = Config(
    path=Path("roster-sync.toml"),
    state_dir=Path("state"),
    plan_valid=timedelta(hours=24),
    timezone=CHICAGO,
    targets={},
)


@pytest.mark.parametrize(
    ("text", "most"),
    [("2h", 7200), ("90m", 5400), ("30s", 30), ("04:30", 90_000)],
)
def test_a_deadline_is_a_duration_or_a_time_of_day(text: str, most: float) -> None:
    began = time.monotonic()
    found = deadline(text, CONFIG)
    assert found is not None
    assert began < found.at <= time.monotonic() + most
    if ":" not in text:
        assert found.at >= began + most


@pytest.mark.parametrize("text", ["soon", "25:00", "04:30:00", "", "-1h", "4.30"])
def test_anything_else_is_a_mistake_that_names_the_option(text: str) -> None:
    with pytest.raises(UsageError, match="--deadline"):
        deadline(text, CONFIG)


def test_without_a_deadline_there_is_none() -> None:
    assert deadline(None, CONFIG) is None
    assert duration(None, "--wait") is None


def test_a_wait_is_a_duration() -> None:
    assert duration("30m", "--wait") == timedelta(minutes=30)
    with pytest.raises(UsageError, match="--wait"):
        duration("long", "--wait")


def test_a_deadline_that_is_none_is_told_both_forms() -> None:
    with pytest.raises(UsageError) as told:
        deadline("yesterday", CONFIG)
    assert "such as 2h" in told.value.line()
    assert "time of day; such as 04:30" in told.value.line()


@pytest.mark.parametrize("slowed", [None, (701, 10, 10)])
def test_work_that_may_take_long_has_the_collector_as_it_was(
    slowed: tuple[int, int, int] | None,
) -> None:
    before = gc.get_threshold()

    async def work() -> tuple[int, int, int]:
        return gc.get_threshold()

    try:
        assert Session(collector=slowed).run(work) == (slowed or before)
    finally:
        gc.set_threshold(*before)


def test_a_signal_while_it_waits_wakes_it_and_what_runs_next_is_stopped() -> None:
    session, woken = Session(), []
    before = signal.getsignal(signal.SIGTERM)
    with session.waiting(lambda: woken.append(True)):
        signal.raise_signal(signal.SIGTERM)
        assert woken == [True]
    assert session.stopped
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_collector_is_handed_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a long command leaves behind run after run must not be frozen."""
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    threshold = gc.get_threshold()
    session = Session(collector=threshold)
    for _ in range(3):
        session.settle_in()
    assert (frozen, gc.get_threshold()) == ([True], threshold)
