from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from sync.errors import ExitCode, LocalError, LockedError, UsageError
from sync.state import StateFolder, hold, watch_alone

NOW = datetime(2026, 11, 21, 11, 45, tzinfo=UTC)

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sync.errors import LockedError
from sync.state import StateFolder, hold, watch_alone

folder = StateFolder(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
try:
    with hold(folder, "district", run=sys.argv[2], started=datetime.now(UTC)):
        print("held", flush=True)
        sys.stdin.readline()
except LockedError as error:
    print(error.line(), flush=True)
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


def ask(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@contextmanager
def another(folder: StateFolder, run: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLDER, str(folder.path), run],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert answer(process) == "ready"
            yield process
        finally:
            process.kill()


def take(folder: StateFolder, wait: timedelta | None = None) -> None:
    with hold(folder, "district", run="mine", started=NOW, wait=wait):
        pass


def test_a_lock_that_is_held_names_its_holder(folder: StateFolder) -> None:
    with hold(folder, "district", run="first", started=NOW):
        with pytest.raises(LockedError) as caught:
            take(folder)
        line = caught.value.line()
    holder = f"run first, process {os.getpid()} on {socket.gethostname()}"
    assert f"target district is in the hands of {holder} since 2026-11-21T11:45" in line
    assert "--wait" in line
    assert caught.value.exit_code is ExitCode.LOCKED


def test_it_is_free_after_the_block_also_after_an_error(folder: StateFolder) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        hold(folder, "district", run="first", started=NOW),
    ):
        _ = 1 / 0
    take(folder)


def test_targets_do_not_share_a_lock(folder: StateFolder) -> None:
    with hold(folder, "other", run="first", started=NOW):
        take(folder)


def test_the_file_stays_and_says_who_held_it_last(folder: StateFolder) -> None:
    take(folder)
    note = json.loads((folder.locks / "district.lock").read_text())
    assert note == {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "run": "mine",
        "started": "2026-11-21T11:45:00Z",
    }


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", "3", '{"pid": 1}'])
def test_a_holder_who_has_not_said_who_he_is_is_another_command(
    folder: StateFolder, note: str
) -> None:
    with hold(folder, "district", run="first", started=NOW):
        (folder.locks / "district.lock").write_text(note)
        with pytest.raises(LockedError, match="another command"):
            take(folder)


def test_a_shorter_note_replaces_a_longer_one_whole(folder: StateFolder) -> None:
    with hold(folder, "district", run="x" * 500, started=NOW):
        pass
    take(folder)
    assert json.loads((folder.locks / "district.lock").read_text())["run"] == "mine"


def test_a_target_named_outside_of_the_folder_is_refused(folder: StateFolder) -> None:
    with (
        pytest.raises(UsageError),
        hold(folder, "../x", run="first", started=NOW),
    ):
        pass


def test_it_is_free_at_once_when_its_holder_is_killed(folder: StateFolder) -> None:
    with another(folder, "first") as process:
        ask(process)
        assert answer(process) == "held"
        with pytest.raises(LockedError, match=f"run first, process {process.pid} "):
            take(folder)
        process.send_signal(signal.SIGKILL)
        process.wait()
        take(folder)


def test_waiting_ends_when_the_holder_ends(folder: StateFolder) -> None:
    with another(folder, "first") as first:
        ask(first)
        assert answer(first) == "held"
        first.send_signal(signal.SIGKILL)
        take(folder, wait=timedelta(minutes=5))


def test_waiting_has_an_end(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    # Of the lock alone: a server in this process must not sleep by another clock.
    time = SimpleNamespace(
        monotonic=lambda: clock[0], sleep=lambda each: clock.append(clock.pop() + each)
    )
    monkeypatch.setattr("sync.state.lock.time", time)
    with (
        hold(folder, "district", run="first", started=NOW),
        pytest.raises(LockedError),
    ):
        take(folder, wait=timedelta(minutes=30))
    assert clock[0] == pytest.approx(1800, abs=1)


def test_waiting_takes_the_lock_when_it_is_given_back(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as held:
        held.enter_context(hold(folder, "district", run="first", started=NOW))
        time = SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: held.close())
        monkeypatch.setattr("sync.state.lock.time", time)
        take(folder, wait=timedelta(minutes=30))


def test_of_ten_that_start_together_exactly_one_runs(folder: StateFolder) -> None:
    with ExitStack() as stack:
        started = [stack.enter_context(another(folder, f"r{n}")) for n in range(10)]
        for each in started:
            ask(each)
        answers = [answer(each) for each in started]
    refused = [each for each in answers if each != "held"]
    assert len(refused) == 9
    assert all(each.startswith("target district is in the hands") for each in refused)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_refused_and_named(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Some network file systems have none: then two runs could go at once."""

    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LocalError) as caught:
        take(folder, timedelta(hours=1))
    assert "district.lock cannot be locked on this file system" in caught.value.message
    assert caught.value.do == "set state_dir to a folder on a local disk"


def test_a_folder_has_one_watcher_who_is_named(folder: StateFolder) -> None:
    place = folder.watch_folder(Path("drops"))
    with (
        watch_alone(place / "lock", Path("/drops"), NOW),
        pytest.raises(LockedError, match=f"watched already, by process {os.getpid()}"),
        watch_alone(place / "lock", Path("/drops"), NOW),
    ):
        pass
    with watch_alone(place / "lock", Path("/drops"), NOW):
        pass


def test_a_watched_folder_is_the_same_by_whatever_path(
    folder: StateFolder, tmp_path: Path
) -> None:
    (tmp_path / "drops").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "drops")
    places = {folder.watch_folder(tmp_path / name) for name in ("drops", "link")}
    assert len(places) == 1
    assert folder.watch_folder(tmp_path / "others") not in places
