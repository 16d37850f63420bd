from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sync.errors import ConfigError, RefusedError, RosterSyncError, UsageError
from sync.mapping import data_folder, names
from sync.setup.layout import DRAFT_NAME, look, mapping_from

SAMPLES = data_folder("samples")
DELIVERED = [name for name in names() if name != "four-files"]
ODD = "Pupil No,Forename,Surname,Year,School\n1,Ada,Stone,9,S1\n2,Ben,Cole,10,S1\n"


@pytest.mark.parametrize("name", DELIVERED)
def test_the_sample_of_each_layout_is_recognised(name: str) -> None:
    seen = look(SAMPLES / name)
    assert (seen.mapping, seen.draft) == (name, None)


def test_a_messy_delivery_is_still_one_of_the_four_files() -> None:
    assert look(SAMPLES / "four-files" / "messy").mapping == "four-files"


def test_a_single_file_of_another_name_is_told_by_its_header(tmp_path: Path) -> None:
    night = SAMPLES / "four-files" / "night-1"
    file = tmp_path / "export.csv"
    file.write_bytes((night / "students.csv").read_bytes())
    assert look(file).mapping == "four-files"


def test_for_files_never_seen_a_mapping_is_drafted(tmp_path: Path) -> None:
    (tmp_path / "students.csv").write_text(ODD, "utf-8")
    seen = look(tmp_path)
    assert seen.mapping == DRAFT_NAME
    assert seen.draft is not None
    columns = tomllib.loads(seen.draft.toml)["tables"][0]["columns"]
    assert columns["sourcedId"] == "Pupil No"


def test_what_somebody_says_is_not_looked_for() -> None:
    assert look(SAMPLES / "clever", "four-files").mapping == "four-files"


@pytest.mark.parametrize(
    ("drop", "mapping", "error", "said"),
    [
        ("nowhere", None, UsageError, "there is no file or folder"),
        ("x" * 300, None, UsageError, "there is no file or folder"),
        ("empty", None, RefusedError, "nothing can be made of the files"),
        ("empty", "cleverr", ConfigError, "cleverr"),
    ],
)
def test_what_cannot_be_looked_at_is_said(
    drop: str,
    mapping: str | None,
    error: type[RosterSyncError],
    said: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(error) as raised:
        look(tmp_path / drop, mapping)
    assert said in raised.value.message


def test_why_a_file_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n1,"2\n', "utf-8")
    with pytest.raises(RefusedError) as raised:
        look(tmp_path)
    assert ": a.csv: " in raised.value.message


def test_a_delivery_that_fits_several_layouts_is_not_guessed(tmp_path: Path) -> None:
    orgs = SAMPLES / "four-files" / "night-1" / "orgs.csv"
    (tmp_path / "orgs.csv").write_bytes(orgs.read_bytes())
    (tmp_path / "demographics.csv").write_text("sourcedId,birthDate\n", "utf-8")
    with pytest.raises(UsageError) as raised:
        look(tmp_path)
    assert "--mapping" in (raised.value.do or "")


@pytest.mark.parametrize(
    ("mapping", "written"),
    [
        ("clever", "clever"),
        (DRAFT_NAME, DRAFT_NAME),
        ("/srv/etc/own.toml", "own.toml"),
        ("/srv/etc/maps/own.toml", "maps/own.toml"),
        ("/srv/etc/own", "./own"),
        ("/srv/own.toml", "/srv/own.toml"),
    ],
)
def test_a_mapping_is_named_as_the_configuration_finds_it(
    mapping: str, written: str
) -> None:
    assert mapping_from(mapping, Path("/srv/etc")) == written
