from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from sync.flow.context import Context
from sync.flow.kept import DRIFT, keep_drift, recall_drift
from sync.model.operation import DRIFT_SCHEMA
from sync.state import StateFolder

RUN = "20261121T020000-district-7f3a"


def fields(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Id, field and present value."""
    whole = [(one, "students", "s", name, "a", now) for one, name, now in rows]
    return pl.DataFrame(whole, schema=DRIFT_SCHEMA, orient="row")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    folder = StateFolder(tmp_path / "state")
    return cast("Context", SimpleNamespace(folder=folder, run=RUN))


def test_what_was_found_in_several_readings_is_kept_once_as_it_was_last(
    context: Context,
) -> None:
    keep_drift(context, fields(("a", "phone", "1"), ("a", "email", "2")))
    keep_drift(context, fields(("a", "phone", "3"), ("b", "phone", "4")))
    kept = recall_drift(context.folder, RUN).select("id", "field", "now").rows()
    assert sorted(kept) == [
        ("a", "email", "2"),
        ("a", "phone", "3"),
        ("b", "phone", "4"),
    ]


def test_what_is_kept_is_private(context: Context) -> None:
    keep_drift(context, fields(("a", "phone", "1")))
    path = context.folder.runs / RUN / DRIFT
    assert path.stat().st_mode & 0o777 == 0o600


def other_columns(path: Path) -> None:
    pl.DataFrame({"id": ["a"]}).write_parquet(path)


def no_table(path: Path) -> None:
    path.write_bytes(b"no parquet")


@pytest.mark.parametrize("damage", [no_table, other_columns, Path.unlink])
def test_what_cannot_be_read_is_nothing(context: Context, damage: Any) -> None:
    keep_drift(context, fields(("a", "phone", "1")))
    damage(context.folder.runs / RUN / DRIFT)
    found = recall_drift(context.folder, RUN)
    assert (found.height, found.schema) == (0, DRIFT_SCHEMA)
