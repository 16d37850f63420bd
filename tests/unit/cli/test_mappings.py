from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.commands import call_cli

PUPILS = "Pupil No,Forename,Surname\n1001,Ada,Ames\n1002,Ben,Bell\n"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_a_proposed_mapping_is_for_its_owner_only_under_any_umask(
    tmp_path: Path, umask: int
) -> None:
    (tmp_path / "pupils.csv").write_text(PUPILS, "utf-8")
    before = os.umask(umask)
    try:
        ended = call_cli(
            *("mappings", "suggest", "pupils.csv", "--out", "mine.toml"),
            folder=tmp_path,
        )
    finally:
        os.umask(before)

    assert ended.code in {0, 1}, ended.err
    assert stat.S_IMODE((tmp_path / "mine.toml").stat().st_mode) == 0o600
    assert "Pupil No" in (tmp_path / "mine.toml").read_text("utf-8")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mine.toml", "pupils.csv"]


def test_a_folder_that_is_made_for_a_proposed_mapping_is_private(
    tmp_path: Path,
) -> None:
    (tmp_path / "pupils.csv").write_text(PUPILS, "utf-8")

    ended = call_cli(
        *("mappings", "suggest", "pupils.csv", "--out", "new/mine.toml"),
        folder=tmp_path,
    )

    assert ended.code in {0, 1}, ended.err
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "pupils.csv").write_text(PUPILS, "utf-8")

    ended = call_cli(
        *("mappings", "suggest", "pupils.csv", "--out", "pupils.csv/mine.toml"),
        folder=tmp_path,
    )

    assert ended.code in {2, 8}, ended.err
    assert "mine.toml" in ended.lines[0]
