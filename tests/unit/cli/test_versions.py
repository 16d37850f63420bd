from __future__ import annotations

import json
import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sync.cli.main import main
from sync.cli.versions import PACKAGES, lines, versions
from sync.version import VERSION


def test_what_is_told_is_what_is_installed() -> None:
    told = versions()
    assert next(iter(told.items())) == ("roster-sync", VERSION)
    assert told["python"].startswith(sys.version.split()[0].rstrip("+"))
    assert told["sqlite"] == sqlite3.sqlite_version
    assert {name: told[name] for name in PACKAGES} == {
        name: version(name) for name in PACKAGES
    }


def test_of_two_the_one_that_is_imported_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, number in (("first", "1.0"), ("second", "2.0")):
        (tmp_path / folder / f"polars-{number}.dist-info").mkdir(parents=True)
    paths = [str(tmp_path / one) for one in ("none", "first", "second")]
    monkeypatch.setattr(sys, "path", paths)
    told = versions()
    assert (told["polars"], told["httpx"]) == ("1.0", "not found")


@pytest.mark.parametrize("options", [("--version",), ("--version", "--json")])
def test_the_command_tells_them_all(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 0
    out = capsys.readouterr().out
    if options[1:]:
        assert json.loads(out) == {"format": 1, "versions": dict(versions())}
    else:
        assert out.splitlines() == list(lines(versions()))
