"""Two drops beside each other: what changed from one delivery to the next.

Front door of the package; everything else in it is internal.
"""

from __future__ import annotations

from sync.compare.account import SHEET, Shown, document, lines, sheet
from sync.compare.changes import CHANGE_SCHEMA
from sync.compare.found import Columns, Comparison, FileChanges
from sync.compare.run import compare

__all__ = [
    "CHANGE_SCHEMA",
    "SHEET",
    "Columns",
    "Comparison",
    "FileChanges",
    "Shown",
    "compare",
    "document",
    "lines",
    "sheet",
]
