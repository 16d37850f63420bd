from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync.config import Config, load
from sync.config.notify import Webhook
from sync.errors import ExitCode
from sync.notify import Ended, tell
from sync.notify.memory import told
from sync.notify.tell import wanted
from sync.state import StateFolder
from sync.targets.registry import SETTINGS
from tests.support.exposition import parsed
from tests.support.listener import Listener
from tests.support.toml import toml_text
from tests.unit.notify.conftest import finding

Make = Callable[..., Ended]
EVERY = ["done", "partial", "refused", "held", "target_failed", "locked", "failed"]
QUIET = {"on": EVERY, "on_new_only": True}


def channel(url: str = "https://hooks.example/", **parts: Any) -> Webhook:
    table = {"kind": "webhook", "url": url, "secret": {"env": "HS"}}
    return Webhook.model_validate({**table, **parts})


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HS", "key")


@pytest.mark.parametrize(
    ("parts", "case", "expected"),
    [
        ({}, (ExitCode.DONE, None, True), False),
        ({}, (ExitCode.LOCKED, None, False), False),
        ({}, (ExitCode.PARTIAL, "partial", False), True),
        ({}, (ExitCode.USAGE, None, False), True),
        ({"on": ["held"]}, (ExitCode.PARTIAL, "held", True), False),
        ({"on": ["held"]}, (ExitCode.HELD, "held", False), True),
        ({"targets": ["other"]}, (ExitCode.PARTIAL, None, True), False),
        ({"targets": ["district"]}, (ExitCode.PARTIAL, None, True), True),
        (QUIET, (ExitCode.PARTIAL, "partial", False), False),
        (QUIET, (ExitCode.PARTIAL, "partial", True), True),
        (QUIET, (ExitCode.PARTIAL, "done", False), True),
        (QUIET, (ExitCode.PARTIAL, None, False), True),
        (QUIET, (ExitCode.DONE, "done", False), False),
        (QUIET, (ExitCode.DONE, "target_failed", False), True),
        (QUIET, (ExitCode.HELD, "held", False), True),
        (QUIET, (ExitCode.REFUSED, "refused", False), True),
        (QUIET, (ExitCode.TARGET_FAILED, "target_failed", False), True),
        (QUIET, (ExitCode.LOCAL_FAILED, "failed", False), True),
    ],
)
def test_who_is_told_of_which_end(
    make_ended: Make,
    parts: dict[str, Any],
    case: tuple[ExitCode, str | None, bool],
    *,
    expected: bool,
) -> None:
    """A case: the code, how the run before ended, and whether something is new."""
    code, last, new = case
    ended = make_ended(code, [finding(new=new)])
    assert wanted(channel(**parts), ended, last) is expected


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture
def config(tmp_path: Path, listener: Listener) -> Config:
    """Everything is told to one listener, but nothing twice."""
    service = {"client_id": {"env": "A"}, "client_secret": {"env": "B"}}
    target = {"kind": "edubridge", "environment": "staging", **service}
    hook = {"kind": "webhook", "url": listener.url, "secret": {"env": "HS"}, **QUIET}
    document = {
        "metrics": "roster.prom",
        "targets": {"district": target, "pilot": target},
        "notify": {"hook": hook},
    }
    path = tmp_path / "roster-sync.toml"
    path.write_text(toml_text(document), "utf-8")
    return load(path, SETTINGS)


def test_a_month_of_the_same_is_told_once(
    config: Config, listener: Listener, make_ended: Make
) -> None:
    bad = make_ended(rows=[finding()])
    assert [tell(config, bad) for _ in range(3)] == [(), (), ()]
    assert len(listener.posted) == 1
    tell(config, make_ended(rows=[finding(new=True)]))
    assert len(listener.posted) == 2


def test_a_message_that_did_not_arrive_is_owed(
    config: Config, listener: Listener, make_ended: Make
) -> None:
    bad = make_ended(rows=[finding()])
    listener.status = 500
    (problem,) = tell(config, bad)
    assert problem.startswith("notify.hook could not be told: 127.0.0.1:")
    assert problem.endswith(" answered 500")
    listener.status = 204
    assert tell(config, bad) == ()
    assert tell(config, bad) == ()
    assert len(listener.posted) == 2


def test_a_start_that_found_the_lock_taken_changes_no_news(
    config: Config, listener: Listener, make_ended: Make, not_begun: Ended
) -> None:
    bad = make_ended(rows=[finding()])
    for ended in (bad, not_begun, bad):
        assert tell(config, ended) == ()
    assert len(listener.posted) == 2


def test_a_state_that_cannot_be_kept_stops_no_message(
    config: Config, listener: Listener, held: Ended, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("in the way", "ascii")
    (problem,) = tell(config, held)
    assert problem.startswith("what was told cannot be kept: ")
    assert len(listener.posted) == 1


def test_the_metrics_of_all_targets_stand_in_one_file_that_others_may_read(
    config: Config, held: Ended, make_ended: Make
) -> None:
    tell(config, held)
    tell(config, replace(make_ended(), target="pilot"))
    path = config.metrics
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o644
    runs = parsed(path.read_text("utf-8"))["roster_sync_last_run_exit_code"].samples
    assert runs == {
        frozenset({("target", "district")}): 4,
        frozenset({("target", "pilot")}): 1,
    }


def test_metrics_that_cannot_be_written_are_told(
    config: Config, held: Ended, tmp_path: Path
) -> None:
    path = tmp_path / "away" / "roster.prom"
    (problem,) = tell(replace(config, metrics=path), held)
    why = "cannot be written: No such file or directory"
    assert problem == f"metrics: {path} {why}"


def test_what_was_told_is_private_and_names_nobody(config: Config, held: Ended) -> None:
    tell(config, held)
    path = config.state_dir / "targets" / "district.told.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert told(StateFolder(config.state_dir), "district")["notify"] == {"hook": "held"}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"notify": 3, "metrics": []}'])
def test_what_was_told_and_is_damaged_counts_as_nothing(
    config: Config, listener: Listener, make_ended: Make, content: str
) -> None:
    tell(config, make_ended())
    (config.state_dir / "targets" / "district.told.json").write_text(content, "ascii")
    assert tell(config, make_ended()) == ()
    assert len(listener.posted) == 2
