"""A drop that is still being written is not read, however well it can be read."""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.model.roster import Wanted
from sync.read import read_drop

WANTED = Wanted(["students.csv", "users.csv"])
ROWS = b"a,b\n" + b"1,2\n" * 200_000
"""Enough to take longer than what a writer does meanwhile."""


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Another thread that does something again and again, from before to after."""
    begun, stop = threading.Event(), threading.Event()

    def work() -> None:
        while not stop.is_set():
            act()
            begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"1,2\n")


def touch(path: Path) -> None:
    path.touch()


def put_another_in_its_place(path: Path) -> None:
    other = path.with_name(".other")
    other.write_bytes(path.read_bytes()[: len(ROWS)])
    other.replace(path)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    for name in ("students.csv", "users.csv"):
        (tmp_path / name).write_bytes(ROWS)
    return tmp_path


def found(path: Path) -> list[tuple[str, str | None]]:
    _, findings = read_drop(path, WANTED)
    assert findings.refuses == (not findings.frame.is_empty())
    return findings.frame.select("code", "file").rows()


@pytest.mark.parametrize("act", [append, touch, put_another_in_its_place])
@pytest.mark.parametrize("name", ["students.csv", "users.csv"])
def test_a_file_that_changes_while_the_drop_is_read_refuses_it(
    drop: Path, act: Callable[[Path], None], name: str
) -> None:
    with meanwhile(lambda: act(drop / name)):
        assert found(drop) == [("RS012", name)]


def test_a_single_file_that_grows_is_refused(drop: Path) -> None:
    path = drop / "students.csv"
    with meanwhile(lambda: append(path)):
        assert found(path) == [("RS012", "students.csv")]


def test_a_zip_that_changes_is_refused_as_a_whole(drop: Path) -> None:
    path = drop / "drop.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("students.csv", ROWS)
    with meanwhile(lambda: touch(path)):
        assert found(path) == [("RS012", None)]


def test_a_file_that_arrives_or_leaves_meanwhile_refuses_the_drop(
    drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.read_bytes
    late = drop / "users.csv"
    away = drop / "away"
    late.rename(away)

    def read_bytes(path: Path) -> bytes:
        source, to = (away, late) if away.exists() else (late, away)
        source.rename(to)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert found(drop) == [("RS002", "away"), ("RS012", "users.csv")]


def test_what_nobody_reads_may_change_and_looking_changes_nothing(drop: Path) -> None:
    other = drop / "notes.txt"
    other.write_bytes(b"")
    with meanwhile(lambda: append(other)):
        assert found_codes(drop) == ["RS002"]
    os.utime(drop / "students.csv", (0, 0))
    assert found_codes(drop) == ["RS002"]


def found_codes(path: Path) -> list[str]:
    _, findings = read_drop(path, WANTED)
    return findings.frame["code"].to_list()
