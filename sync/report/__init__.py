"""The account of one run: whether it adds up, and every form in which it is shown.

In: an ``Account`` made of counts, findings and the operations with their outcomes.
Out: ``report.json``, ``report.html``, ``findings.csv``, ``operations.csv`` and the
summary on the terminal.
"""

from __future__ import annotations

from sync.report.as_csv import (
    OUTCOME_SCHEMA,
    UNTOUCHED_SCHEMA,
    operations_table,
    outcomes_table,
    write_findings,
    write_operations,
)
from sync.report.as_html import page
from sync.report.as_json import document, documents, schema
from sync.report.as_text import finding_lines, left_lines, preview, summary
from sync.report.balance import (
    PARTS,
    Account,
    Difference,
    Equation,
    Stage,
    balance,
    equations,
)
from sync.report.left import left_by_undo, left_words
from sync.report.plain import plain
from sync.report.renames import RENAME_COLUMNS, RENAMES, undefused, write_renames
from sync.report.sentences import came_empty, tripped, worst_held
from sync.report.write import write_report

__all__ = [
    "OUTCOME_SCHEMA",
    "PARTS",
    "RENAMES",
    "RENAME_COLUMNS",
    "UNTOUCHED_SCHEMA",
    "Account",
    "Difference",
    "Equation",
    "Stage",
    "balance",
    "came_empty",
    "document",
    "documents",
    "equations",
    "finding_lines",
    "left_by_undo",
    "left_lines",
    "left_words",
    "operations_table",
    "outcomes_table",
    "page",
    "plain",
    "preview",
    "schema",
    "summary",
    "tripped",
    "undefused",
    "worst_held",
    "write_findings",
    "write_operations",
    "write_renames",
    "write_report",
]
