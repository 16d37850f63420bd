from __future__ import annotations

import io
import sys

import pytest

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
