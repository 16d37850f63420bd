"""``findings.csv`` and ``operations.csv``: every finding and operation, for sheets.

In: frames. Out: CSV in UTF-8, all cells quoted, nothing in it that a spreadsheet would
run as a formula. These two files are never cut, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from sync.model.finding import FINDING_SCHEMA, Findings
from sync.model.outcome import Outcome, State
from sync.report.files import private_file

OUTCOME_SCHEMA = pl.Schema(
    {
        "operation": pl.String,
        "state": pl.String,
        "status": pl.Int64,
        "code": pl.String,
        "message": pl.String,
    }
)
"""What became of operations, one row for each ``operation`` id."""

UNTOUCHED_SCHEMA = pl.Schema(
    {
        "entity": pl.String,
        "key": pl.String,
        "state": pl.String,
        "reason": pl.String,
        "file": pl.String,
        "line": pl.UInt32,
    }
)
"""Rows and remote records that no operation touches, and why: ``state`` is ``kept``,
``proposed``, ``frozen``, ``deferred`` or ``unsupported``."""

OPERATION_COLUMNS = (
    *("id", "entity", "verb", "key", "state", "fields", "reason"),
    *("file", "line", "status", "code", "message", "changed", "needs", "new", "since"),
)
FINDING_COLUMNS = (*FINDING_SCHEMA.names(), "key", "new", "since", "known")
NEWS = ("new", "since")
"""Of a finding, and of what became of an operation: whether the last night had it not,
and the day since when it is so."""

_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
TRIGGER = f"[\\s\\p{{Z}}\\p{{C}}]*[{_FORMULA}]|[\\t\\r\\n\\x00]"
"""OWASP, "CSV injection": = + - @ TAB CR, besides LF, NUL and the wide forms that
spreadsheets fold; spaces before them, and what has no shape, may be trimmed on
import. Where a cell begins."""


def write_findings(findings: Findings, path: Path) -> None:
    """Write every finding; columns ``FINDING_COLUMNS``.

    The last four are empty where the frame of the findings lacks them.
    """
    _write(_with(findings.frame, FINDING_COLUMNS), path)


def write_operations(operations: pl.DataFrame, path: Path) -> None:
    """Write a frame of ``operations_table``; columns ``OPERATION_COLUMNS``.

    ``changed``, ``new`` and ``since`` are empty where the frame lacks them.
    """
    _write(_with(operations, OPERATION_COLUMNS), path)


def write_sheet(frame: pl.DataFrame, path: Path) -> None:
    """Write any other frame in the same way."""
    _write(frame, path)


def operations_table(
    operations: pl.DataFrame,
    outcomes: pl.DataFrame,
    untouched: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Operations with what became of them, in their order, then what none touches.

    ``operations`` is of ``OPERATION_SCHEMA``, ``outcomes`` of ``OUTCOME_SCHEMA``,
    ``untouched`` of ``UNTOUCHED_SCHEMA``. An operation without outcome is planned.
    """
    known = set(outcomes.columns)
    joined = operations.join(
        outcomes.select(*OUTCOME_SCHEMA.names(), *(n for n in NEWS if n in known)),
        left_on="id",
        right_on="operation",
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.col("state").fill_null(State.PLANNED.value),
        pl.col("fields", "needs").list.join("; "),
    )
    if untouched is None:
        return joined
    return pl.concat([joined, untouched.sort("entity", "key")], how="diagonal_relaxed")


def outcomes_table(outcomes: Iterable[Outcome]) -> pl.DataFrame:
    """Outcomes as a frame of ``OUTCOME_SCHEMA``."""
    rows = [
        (
            outcome.operation,
            outcome.state.value,
            outcome.status,
            outcome.failure.code if outcome.failure else None,
            outcome.failure.message if outcome.failure else None,
        )
        for outcome in outcomes
    ]
    return pl.DataFrame(rows, schema=OUTCOME_SCHEMA, orient="row")


def _with(frame: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """The columns in order; those that the frame lacks are empty."""
    names = set(frame.columns)
    return frame.select(
        pl.col(name) if name in names else pl.lit(None, pl.String).alias(name)
        for name in columns
    )


def _write(frame: pl.DataFrame, path: Path) -> None:
    with private_file(path) as file:
        _defused(frame).write_csv(file, quote_style="always")


def _defused(frame: pl.DataFrame) -> pl.DataFrame:
    """Every cell as text; one that would be a formula begins with an apostrophe."""
    cells = {name: pl.col(name).cast(pl.String) for name in frame.columns}
    return frame.select(
        pl.when(cell.str.contains(f"^(?:{TRIGGER})"))
        .then(pl.lit("'") + cell)
        .otherwise(cell)
        .alias(name)
        for name, cell in cells.items()
    )
