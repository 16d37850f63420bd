from __future__ import annotations

import os
from pathlib import Path

import pytest

from sync.watch.content import digest
from sync.watch.look import inside


def told(base: Path, *files: str) -> str | None:
    return digest(base, inside(base, files).stamp, lambda: False)


@pytest.fixture(name="night")
def _night(tmp_path: Path) -> Path:
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"one")
    (folder / "b.csv").write_bytes(b"two")
    return tmp_path


def test_the_same_bytes_under_the_same_names_have_the_same_digest(night: Path) -> None:
    before = told(night, "night")
    os.utime(night / "night" / "a.csv", ns=(1, 1))
    assert told(night, "night") == before is not None


def test_other_bytes_of_the_same_size_and_time_have_another(night: Path) -> None:
    path = night / "night" / "a.csv"
    before, moment = told(night, "night"), path.stat().st_mtime_ns
    path.write_bytes(b"eno")
    os.utime(path, ns=(moment, moment))
    assert told(night, "night") != before


def test_so_have_the_same_bytes_under_another_name(night: Path) -> None:
    before = told(night, "night")
    (night / "night" / "a.csv").rename(night / "night" / "c.csv")
    assert told(night, "night") != before


def test_a_file_that_goes_away_meanwhile_leaves_no_digest(night: Path) -> None:
    stamp = inside(night, ["night"]).stamp
    (night / "night" / "b.csv").unlink()
    assert digest(night, stamp, lambda: False) is None


def test_reading_stops_when_it_is_told_to(night: Path) -> None:
    assert digest(night, inside(night, ["night"]).stamp, lambda: True) is None


def test_neither_a_pipe_nor_what_a_link_leads_to_is_read(night: Path) -> None:
    secret = night / "secret"
    secret.write_bytes(b"1")
    (night / "night" / "link.csv").symlink_to(secret)
    os.mkfifo(night / "night" / "pipe.csv")
    before = told(night, "night")
    secret.write_bytes(b"2")
    assert told(night, "night") == before is not None


def test_what_may_not_be_read_counts_as_it_is_and_a_run_says_so(
    night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr("sync.watch.content.os.open", denied)
    assert told(night, "night") is not None
