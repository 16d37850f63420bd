from .as_csv import (
    OUTCOME_SCHEMA,
    UNTOUCHED_SCHEMA,
    operations_table,
    outcomes_table,
    write_findings,
    write_operations,
    write_sheet,
)
from .as_html import page
from .as_json import document, documents, schema
from .as_text import finding_lines, left_lines, preview, summary
from .balance import (
    PARTS,
    Account,
    Difference,
    Equation,
    balance,
    equations,
)
from .left import left_by_undo, left_words
from .renames import RENAME_COLUMNS, RENAMES, undefused, write_renames
from .sentences import came_empty, tripped, worst_held
from .stage import Stage
from .write import write_report

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
    "write_sheet",
]
