from __future__ import annotations

import io
import sys

import pytest

from sync.cli import explain
from sync.cli.main import main
from sync.errors import ExitCode


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_output_that_cannot_be_written_anywhere_ends_with_8(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    monkeypatch.setattr(sys, "stderr", Full())
    assert main(["mappings", "list"]) == ExitCode.LOCAL_FAILED


def test_ctrl_c_ends_with_7_and_says_so_where_no_other_rule_of_signals_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(*_: object) -> ExitCode:
        raise KeyboardInterrupt

    monkeypatch.setattr(explain, "explain", pressed)
    assert main(["explain"]) == ExitCode.INTERRUPTED
    err = capsys.readouterr().err
    assert err == "roster-sync: stopped before anything was sent\n"
