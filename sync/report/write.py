"""The four files of a run's folder: report.json, report.html and the two sheets."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sync.report.as_csv import operations_table, write_findings, write_operations
from sync.report.as_html import page
from sync.report.as_json import document, encode
from sync.report.balance import Account
from sync.report.drift import with_drift
from sync.report.files import write_private
from sync.report.renames import RENAMES, write_renames


def write_report(
    folder: Path,
    account: Account,
    operations: pl.DataFrame,
    outcomes: pl.DataFrame,
    *,
    untouched: pl.DataFrame | None = None,
) -> None:
    """Write the report of a run into its folder, which exists, each file atomically.

    ``operations`` is of ``OPERATION_SCHEMA``, ``outcomes`` of ``OUTCOME_SCHEMA``,
    ``untouched`` of ``UNTOUCHED_SCHEMA``. ``report.json`` comes last: where it stands,
    the others do. Raises OSError when the disk is full or the folder not writable.
    """
    table = operations_table(operations, outcomes, untouched)
    write_findings(account.findings, folder / "findings.csv")
    write_renames(account.proposals, folder / RENAMES)
    write_operations(with_drift(table, account.drift), folder / "operations.csv")
    write_private(folder / "report.html", page(account, table).encode("utf-8"))
    write_private(folder / "report.json", encode(document(account)))
