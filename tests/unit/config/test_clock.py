from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync.config import clock
from sync.config.clock import machine_timezone, named_timezone

CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture(name="machine")
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(clock, "_LOCALTIME", tmp_path / "localtime")
    monkeypatch.setattr(clock, "_NAME_FILE", tmp_path / "timezone")
    return tmp_path


@pytest.mark.usefixtures("machine")
def test_a_machine_that_says_nothing_is_in_utc() -> None:
    assert machine_timezone() == ZoneInfo("UTC")


def test_the_link_names_the_zone(machine: Path) -> None:
    (machine / "localtime").symlink_to("/usr/share/zoneinfo/America/Chicago")
    assert machine_timezone() == CHICAGO


def test_the_written_name_is_the_zone(machine: Path) -> None:
    (machine / "timezone").write_text("America/Chicago\n")
    assert machine_timezone() == CHICAGO


@pytest.mark.parametrize("value", ["America/Chicago", ":America/Chicago"])
def test_the_variable_goes_before_the_machine(
    machine: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    (machine / "timezone").write_text("Europe/Vienna\n")
    monkeypatch.setenv("TZ", value)
    assert machine_timezone() == CHICAGO


@pytest.mark.parametrize("value", ["CST6CDT,M3.2.0,M11.1.0", "/etc/passwd", "no zone"])
def test_a_variable_that_names_no_zone_is_passed_over(
    machine: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    (machine / "timezone").write_text("America/Chicago\n")
    monkeypatch.setenv("TZ", value)
    assert machine_timezone() == CHICAGO


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("America/Chicgo", 'did you mean "America/Chicago"'),
        ("qqqqqqqq", 'such as "America/Chicago"'),
        ("/etc/passwd", "no such time zone"),
        ("", "no such time zone"),
    ],
)
def test_a_name_of_no_zone_is_refused(name: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        named_timezone(name)


def test_a_name_is_its_zone() -> None:
    assert named_timezone("America/Chicago") == CHICAGO
