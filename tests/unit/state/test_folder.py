from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from sync.errors import ExitCode, LocalError, UsageError
from sync.state import STATE_VERSION, StateFolder, write_atomic

EVERYTHING = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
import anyio, polars as pl
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.state import (Journal, RunEnd, RunRecord, StateFolder, TargetState, hold,
    save_mirror, seal, write_atomic)

os.umask(int(sys.argv[2], 8))
now = datetime(2026, 11, 21, tzinfo=UTC)
folder = StateFolder(Path(sys.argv[1]) / "deep" / "state")
run = folder.new_run_id(now, "district")
frame = pl.DataFrame({"id": ["a"], "entity": ["users"]})

def modes(moment):
    for path in sorted(folder.path.parent.rglob("*")):
        print(moment, oct(path.stat().st_mode), path)

with hold(folder, "district", run=run, started=now), TargetState.open(
    folder, "district"
) as state:
    seal(folder)
    state.begin_run(RunRecord(run, now))
    save_mirror(folder, "district", Mirror({Entity.USERS: frame}, {}, {}, now))
    journal = Journal.create(folder.run_folder(run) / "journal.sqlite", frame)
    anyio.run(journal.sent, ["a"])
    write_atomic(folder.run_folder(run) / "plan.rsplan", b"x")
    modes("during")
    journal.close()
    state.end_run(run, RunEnd("done", 0, now, ledger=LedgerView.empty()))
modes("after")
"""


@pytest.mark.parametrize("umask", ["000", "022", "077", "277"])
def test_every_file_is_0600_in_folders_of_0700_under_any_umask(
    tmp_path: Path, umask: str
) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", EVERYTHING, str(tmp_path), umask],
        capture_output=True,
        text=True,
        check=True,
    )
    seen = [line.split(" ", 2) for line in done.stdout.splitlines()]
    for _, mode, path in seen:
        expected = "0o40700" if Path(path).is_dir() else "0o100600"
        if not path.endswith(("-wal", "-shm")):
            assert (path, mode) == (path, expected)
        assert mode in {"0o40700", "0o100600"}, path
    names = {Path(path).name for moment, _, path in seen if moment == "during"}
    assert {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"} <= names
    assert {"district.lock", "district.sqlite", "seal.key", "version"} <= names
    assert {"users.parquet", "current.json", "plan.rsplan"} <= names


def test_a_folder_that_is_there_keeps_its_mode_and_its_files(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir()
    path.chmod(0o755)
    (path / "note").write_text("mine")
    StateFolder(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert (path / "note").read_text() == "mine"
    assert stat.S_IMODE((path / "runs").stat().st_mode) == 0o700


def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    first = StateFolder(tmp_path / "state")
    (first.run_folder("r") / "x").write_text("x")
    before = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")}
    again = StateFolder(tmp_path / "state")
    assert {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")} == before
    assert again.run_folder("r") == first.run_folder("r")


def test_a_run_is_named_by_its_begin_in_utc_and_its_target(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    zone = timezone(timedelta(hours=-6))
    run = folder.new_run_id(datetime(2026, 11, 21, 5, 45, tzinfo=zone), "district")
    assert re.fullmatch(r"20261121T114500Z-district-[0-9a-f]{4}", run)


def test_a_name_that_a_run_has_is_not_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(tmp_path)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    tokens: Iterator[str] = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(tokens))
    folder.run_folder(folder.new_run_id(now, "t"))
    assert folder.new_run_id(now, "t").endswith("-bbbb")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", "a\0b", "x" * 256]
)
def test_a_run_named_outside_of_the_folder_is_refused(
    tmp_path: Path, name: str
) -> None:
    folder = StateFolder(tmp_path / "state")
    with pytest.raises(UsageError):
        folder.run_folder(name)
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    ("version", "kind", "says"),
    [
        (str(STATE_VERSION + 1), UsageError, "newer roster-sync"),
        ("0", LocalError, "damaged"),
        ("", LocalError, "damaged"),
        ("one", LocalError, "damaged"),
        ("-1", LocalError, "damaged"),
        ("ü", LocalError, "damaged"),
    ],
)
def test_a_state_of_another_version_is_refused(
    tmp_path: Path, version: str, kind: type[Exception], says: str
) -> None:
    StateFolder(tmp_path)
    (tmp_path / "version").write_text(version, "utf-8")
    with pytest.raises(kind, match=says):
        StateFolder(tmp_path)
    assert (tmp_path / "version").read_text("utf-8") == version


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(LocalError) as caught:
        StateFolder(tmp_path / "state")
    assert str(tmp_path / "state") in caught.value.line()
    assert caught.value.exit_code is ExitCode.LOCAL_FAILED


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "give the user of this command write permission in"),
        (errno.EROFS, "give the user of this command write permission in"),
        (errno.ENOSPC, "make room on that disk"),
        (errno.EDQUOT, "make room on that disk"),
        (errno.EIO, "look at that path"),
    ],
)
def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(LocalError) as caught:
        StateFolder(tmp_path / "state")
    assert str(tmp_path / "state") in caught.value.line()
    assert os.strerror(number) in caught.value.line()
    assert advice in caught.value.line()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_of_somebody_else_is_not_writable(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from sync.state import StateFolder\n"
        "from sync.errors import LocalError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: StateFolder(Path(sys.argv[1]))\n"
        "except LocalError as error: print(error.line())\n"
    )
    for each in (tmp_path, *list(tmp_path.parents)[:2]):
        each.chmod(0o755)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, str(tmp_path / "state")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{tmp_path / 'state'} cannot be used: Permission denied" in done.stdout


def test_a_version_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "version").mkdir()
    with pytest.raises(LocalError, match=r"version cannot be used: Is a directory"):
        StateFolder(tmp_path)


def test_a_version_of_many_digits_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("9" * 5000, "ascii")
    with pytest.raises(LocalError, match=r"version is damaged"):
        StateFolder(tmp_path)


def test_a_pipe_in_the_place_of_the_version_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "version")
    with pytest.raises(LocalError, match="not a regular file"):
        StateFolder(tmp_path)


def test_it_is_shown_by_its_path(tmp_path: Path) -> None:
    assert repr(StateFolder(tmp_path)) == f"StateFolder({str(tmp_path)!r})"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"old")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(step, fail)
    with pytest.raises(LocalError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def traced_sync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("sync folder" if folder else "sync file")
        sync(descriptor)

    def traced_replace(draft: Path, path: Path) -> Path:
        steps.append("replace")
        return replace(draft, path)

    monkeypatch.setattr(os, "fsync", traced_sync)
    monkeypatch.setattr(Path, "replace", traced_replace)
    write_atomic(tmp_path / "a", b"x")
    assert steps == ["sync file", "replace", "sync folder"]
