"""``renames.csv``: the proposals of a run, for people to confirm and to give back.

In: the proposals. Out: a sheet of those that are clear, which ``--accept-renames``
reads back; the cells are defused as in the other sheets, here so that it can be undone.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sync.report.as_csv import TRIGGER
from sync.report.files import private_file

RENAMES = "renames.csv"
RENAME_COLUMNS = ("entity", "old", "new")

_ESCAPED = f"^'*(?:{TRIGGER})"
"""What a spreadsheet would run, also behind apostrophes that stand there already: only
so is the first apostrophe always ours."""
_DEFUSED = f"^'+(?:{TRIGGER})"


def write_renames(proposals: pl.DataFrame, path: Path) -> bool:
    """Write those that can be told apart; whether there are any proposals at all.

    ``proposals`` is of ``PROPOSAL_SCHEMA``. Nothing is written where there are none.
    """
    if proposals.is_empty():
        return False
    rows = proposals.filter("clear").sort("entity", "new").select(RENAME_COLUMNS)
    with private_file(path) as file:
        rows.select(defused(pl.col(n)).alias(n) for n in RENAME_COLUMNS).write_csv(
            file, quote_style="always"
        )
    return True


def defused(cell: pl.Expr) -> pl.Expr:
    """A cell with an apostrophe before what a spreadsheet would run."""
    return pl.when(cell.str.contains(_ESCAPED)).then(pl.lit("'") + cell).otherwise(cell)


def undefused(cell: pl.Expr) -> pl.Expr:
    """A cell as it was before, without spaces around it."""
    bare = cell.str.strip_chars(" \t")
    return pl.when(bare.str.contains(_DEFUSED)).then(bare.str.slice(1)).otherwise(bare)
