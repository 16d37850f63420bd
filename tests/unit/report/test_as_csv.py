"""The sheets hold every row, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.finding import Finding, Findings, Severity
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.report import (
    UNTOUCHED_SCHEMA,
    operations_table,
    outcomes_table,
    write_findings,
    write_operations,
)

TRIGGERS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
PAYLOADS = [
    *(f"{trigger}cmd|' /C calc'!A0" for trigger in TRIGGERS),
    '=HYPERLINK("http://x.example","click")',
    " =1+1",
    "\ufeff=1+1",
    "\u200b@SUM(A1)",
]


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "field", ["file", "column", "value", "message", "hint", "entity", "code"]
)
def test_a_cell_of_a_finding_that_would_be_a_formula_is_defused(
    tmp_path: Path, payload: str, field: str
) -> None:
    given_fields: dict[str, Any] = {"code": "RS1", "message": "m", field: payload}
    finding = Finding(severity=Severity.WARNING, **given_fields)

    write_findings(Findings.of([finding]), tmp_path / "findings.csv")

    (row,) = _read(tmp_path / "findings.csv")
    assert row[field] == f"'{payload}"


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "field", ["key", "reason", "file", "message", "code", "fields"]
)
def test_a_cell_of_an_operation_that_would_be_a_formula_is_defused(
    tmp_path: Path,
    make_operations: Callable[..., pl.DataFrame],
    payload: str,
    field: str,
) -> None:
    told = {"code": "c", "message": "m"}
    row: dict[str, Any] = {}
    if field in told:
        told[field] = payload
    else:
        row[field] = [payload] if field == "fields" else payload
    failure = Failure(FailureKind.REJECT, 422, told["code"], told["message"])
    outcomes = outcomes_table([Outcome("op-0", State.FAILED, 422, None, failure)])

    table = operations_table(make_operations(row), outcomes)
    write_operations(table, tmp_path / "operations.csv")

    (written,) = _read(tmp_path / "operations.csv")
    assert written[field] == f"'{payload}"


@settings(deadline=None)  # each case waits for the disk
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_value_comes_back_as_it_was_or_behind_one_apostrophe(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    path = tmp_path_factory.mktemp("sheet") / "findings.csv"
    finding = Finding("RS1", Severity.NOTE, "m", value=value)

    write_findings(Findings.of([finding]), path)

    (row,) = _read(path)
    assert row["value"] in {value, f"'{value}"}
    assert row["value"][:1] not in set(TRIGGERS)


def test_the_columns_of_findings_end_with_since_and_known(tmp_path: Path) -> None:
    found = Findings.of([Finding("RS1", Severity.NOTE, "m", line=7)])
    dated = found.frame.with_columns(since=pl.lit("2026-11-01"), known=pl.lit(True))

    write_findings(Findings(dated), tmp_path / "findings.csv")

    (row,) = _read(tmp_path / "findings.csv")
    assert list(row)[:3] == ["code", "severity", "entity"]
    assert list(row.items())[-2:] == [("since", "2026-11-01"), ("known", "true")]


def test_an_operation_without_an_outcome_is_planned(
    tmp_path: Path, make_operations: Callable[..., pl.DataFrame]
) -> None:
    outcomes = outcomes_table([Outcome("op-1", State.DONE, 201)])

    table = operations_table(make_operations({}, {}, {"needs": ["op-0"]}), outcomes)
    write_operations(table, tmp_path / "operations.csv")

    written = _read(tmp_path / "operations.csv")
    assert [(row["id"], row["state"], row["status"]) for row in written] == [
        ("op-0", "planned", ""),
        ("op-1", "done", "201"),
        ("op-2", "planned", ""),
    ]
    assert written[2]["needs"] == "op-0"


def test_what_no_operation_touches_follows_with_its_reason(
    tmp_path: Path, make_operations: Callable[..., pl.DataFrame]
) -> None:
    kept = pl.DataFrame(
        [("students", "s-9", "kept", "policy keep", None, None)],
        schema=UNTOUCHED_SCHEMA,
        orient="row",
    )

    table = operations_table(make_operations({}), outcomes_table([]), kept)
    write_operations(table, tmp_path / "operations.csv")

    last = _read(tmp_path / "operations.csv")[-1]
    assert (last["key"], last["state"], last["reason"], last["verb"]) == (
        *("s-9", "kept", "policy keep", ""),
    )


@pytest.mark.long
def test_a_million_operations_are_written(
    tmp_path: Path, make_operations: Callable[..., pl.DataFrame]
) -> None:
    many = pl.concat([make_operations({})] * 1_000_000, rechunk=True)

    write_operations(
        operations_table(many, outcomes_table([])), tmp_path / "operations.csv"
    )

    lines = pl.scan_csv(tmp_path / "operations.csv").select(pl.len()).collect().item()
    assert lines == 1_000_000


def test_the_sheets_are_their_owners_alone(tmp_path: Path) -> None:
    write_findings(Findings.none(), tmp_path / "findings.csv")

    mode = stat.S_IMODE((tmp_path / "findings.csv").stat().st_mode)
    assert mode == 0o600


def test_what_was_not_made_says_since_when_and_whether_it_is_new(
    tmp_path: Path, make_operations: Callable[..., pl.DataFrame]
) -> None:
    failed = outcomes_table([Outcome("op-0", State.FAILED, 422)])
    dated = failed.with_columns(new=pl.lit(value=False), since=pl.lit("2026-10-22"))

    table = operations_table(make_operations({}, {}), dated)
    write_operations(table, tmp_path / "operations.csv")

    told = [(row["new"], row["since"]) for row in _read(tmp_path / "operations.csv")]
    assert told == [("false", "2026-10-22"), ("", "")]
