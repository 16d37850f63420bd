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
    TALLY_SCHEMA,
    Account,
    Difference,
    Equation,
    balance,
    equations,
)
from .causes import Cause, causes
from .left import left_by_undo, left_words
from .mask import header_is_open, without_addresses
from .renames import RENAME_COLUMNS, RENAMES, undefused, write_renames
from .sentences import (
    approval,
    came_empty,
    headline,
    holding,
    once_more,
    remarks,
    since,
    tripped,
    when,
    worst_held,
    would,
)
from .stage import Stage
from .write import write_report

__all__ = [
    "OUTCOME_SCHEMA",
    "PARTS",
    "RENAMES",
    "RENAME_COLUMNS",
    "TALLY_SCHEMA",
    "UNTOUCHED_SCHEMA",
    "Account",
    "Cause",
    "Difference",
    "Equation",
    "Stage",
    "approval",
    "balance",
    "came_empty",
    "causes",
    "document",
    "documents",
    "equations",
    "finding_lines",
    "header_is_open",
    "headline",
    "holding",
    "left_by_undo",
    "left_lines",
    "left_words",
    "once_more",
    "operations_table",
    "outcomes_table",
    "page",
    "preview",
    "remarks",
    "schema",
    "since",
    "summary",
    "tripped",
    "undefused",
    "when",
    "without_addresses",
    "worst_held",
    "would",
    "write_findings",
    "write_operations",
    "write_renames",
    "write_report",
    "write_sheet",
]
