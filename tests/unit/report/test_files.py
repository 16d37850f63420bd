"""A file of the run's folder is whole, private, and never half there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sync.report.files import private_file, write_private


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_the_mode_holds_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_private(tmp_path / "report.json", b"{}")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600


def test_a_failure_leaves_what_stood_there_and_nothing_else(tmp_path: Path) -> None:
    write_private(tmp_path / "report.json", b"first")

    def half() -> None:
        with private_file(tmp_path / "report.json") as file:
            file.write(b"sec")
            raise OSError(28, "disk full")

    with pytest.raises(OSError, match="disk full"):
        half()

    assert (tmp_path / "report.json").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_what_an_earlier_crash_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f".report.json.{os.getpid()}.part").write_bytes(b"half")

    write_private(tmp_path / "report.json", b"whole")

    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
