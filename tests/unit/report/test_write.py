"""The folder of a run gets all four files, private and whole."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import polars as pl

from sync.report import OUTCOME_SCHEMA, Account, document, write_report


def test_a_report_is_four_private_files(
    tmp_path: Path,
    make_account: Callable[..., Account],
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    account = make_account()

    write_report(tmp_path, account, make_operations({}), OUTCOME_SCHEMA.to_frame())

    files = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()
    }
    assert files == {
        "report.json": 0o600,
        "report.html": 0o600,
        "findings.csv": 0o600,
        "operations.csv": 0o600,
    }
    assert json.loads((tmp_path / "report.json").read_bytes()) == document(account)


def test_writing_a_report_again_gives_the_same_bytes(
    tmp_path: Path,
    make_account: Callable[..., Account],
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    def written() -> dict[str, bytes]:
        write_report(
            *(tmp_path, make_account(), make_operations({}, {"verb": "create"})),
            OUTCOME_SCHEMA.to_frame(),
        )
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert written() == written()
