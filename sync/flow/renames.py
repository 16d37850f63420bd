"""``--accept-renames``: what somebody has confirmed, and whether it can be seen.

In: the file as it came back from people, the differences of this run, the ledger. Out:
the pairs that hold in this run, or ``UsageError`` with the line of one that nobody can
see: a confirmation is for what was shown, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sync.errors import UsageError
from sync.model.entities import PEOPLE, Entity
from sync.model.finding import Severity
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID
from sync.model.renames import RENAME_SCHEMA
from sync.model.roster import KEY, ROW, DropKind, RawTable, Wanted
from sync.read import read_drop
from sync.report import RENAME_COLUMNS, undefused

MISREAD = (
    "give it as the run wrote it, without the rows that nobody confirms; where a "
    "spreadsheet saved it, see whether it changed the ids (leading zeros)"
)
_WHO = [entity.value for entity in PEOPLE]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The rows of a file of renames, as they came back."""

    path: Path
    rows: pl.DataFrame
    """``entity``, ``old``, ``new`` and ``line``, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What of a file holds in this run."""

    renames: pl.DataFrame
    """Of ``RENAME_SCHEMA``, sorted by old key."""
    notes: tuple[str, ...]


def read_confirmed(path: Path) -> Confirmed:
    """The rows of a file of renames. Raises ``UsageError`` with file and line."""
    table = _table(path)
    names = {name.casefold(): name for name in table.headers}
    odd = [name for folded, name in names.items() if folded not in RENAME_COLUMNS]
    missing = [name for name in RENAME_COLUMNS if name not in names]
    if odd or missing:
        what = f'has a column "{odd[0]}"' if odd else f'has no column "{missing[0]}"'
        columns = ", ".join(RENAME_COLUMNS)
        raise _wrong(path, 1, f"{what}; its columns are {columns}")
    rows = table.frame.select(
        *(undefused(pl.col(names[name])).alias(name) for name in RENAME_COLUMNS),
        pl.col(ROW).cast(pl.UInt32).alias("line"),
    )
    _demand_sound(path, rows)
    return Confirmed(path, rows)


def _table(path: Path) -> RawTable:
    if not path.is_file():
        message = f"there is no file {path}"
        raise UsageError(message, do="check the path behind --accept-renames")
    drop, findings = read_drop(path, Wanted(()))
    fatal = [Severity.REFUSED.value, Severity.REJECTED.value]
    wrong = findings.frame.filter(pl.col("severity").is_in(fatal))
    if not wrong.is_empty():
        line, message = wrong.select("line", "message").row(0)
        raise _wrong(path, line, message)
    if drop.kind is not DropKind.CSV or not drop.tables:
        message = f"{path} is not a CSV file"
        raise UsageError(message, do=MISREAD)
    return next(iter(drop.tables.values()))


def _demand_sound(path: Path, rows: pl.DataFrame) -> None:
    """Raises ``UsageError`` for the first line that says nothing, or two things."""
    empty = pl.any_horizontal(pl.col(name) == "" for name in RENAME_COLUMNS)
    people = pl.col("entity").is_in(_WHO)
    checks: tuple[tuple[pl.Expr, pl.Expr | str], ...] = (
        (empty, "a cell is empty"),
        (
            ~people,
            pl.format(
                '"{}" is no entity of people; those are students, users', "entity"
            ),
        ),
        (pl.col("old") == pl.col("new"), "old and new are the same"),
        (~pl.col("old").is_first_distinct(), "a second row for the same old id"),
        (~pl.col("new").is_first_distinct(), "a second row for the same new id"),
    )
    for wrong, why in checks:
        said = pl.lit(why) if isinstance(why, str) else why
        first = rows.filter(wrong).select("line", said.alias("why")).head(1)
        for line, words in first.rows():
            raise _wrong(path, line, words)


def _wrong(path: Path, line: int | None, why: str) -> UsageError:
    place = f"{path}:{line}" if line is not None else f"{path}"
    return UsageError(f"{place}: {why}", do=MISREAD)


def assumed(confirmed: Confirmed, ledger: LedgerView) -> pl.DataFrame:
    """What holds if all that was confirmed can be seen, of ``RENAME_SCHEMA``: what is
    read depends on it, and only what was read tells whether it can be."""
    people = ledger.records.filter(pl.col("entity").is_in(_WHO))
    held = people.select(pl.col("key").alias("old"), "remote_id").unique("old")
    given = people.filter(pl.col("remote_id") != pl.col("key"))
    return (
        confirmed.rows.join(given, left_on="new", right_on="key", how="anti")
        .join(held, on="old", how="left")
        .with_columns(pl.coalesce("remote_id", "old").alias("remote_id"))
        .select(RENAME_SCHEMA.names())
        .sort("old")
    )


def judged(
    confirmed: Confirmed,
    proposals: pl.DataFrame,
    joined: Mapping[Entity, pl.DataFrame],
) -> Accepted:
    """The confirmed pairs that this run proposes; those that are known already are
    said. Raises ``UsageError`` for any other."""
    people = _people(joined)
    shown = proposals.select("old", "new", pl.col("remote_id").alias("_id"))
    rows = confirmed.rows.join(shown, on=["old", "new"], how="left")
    seen = pl.col("_id").is_not_null()
    there = people.select(pl.col(KEY).alias("new"), "in_drop", "in_remote", "_now")
    again = rows.filter(~seen).join(there, on="new", how="left")
    fresh = again.filter(~_known(people)).sort("line")
    for line, old, new in fresh.select("line", "old", "new").head(1).rows():
        why = _why_not(people, old, new)
        raise _wrong(
            confirmed.path, line, f"{old} is not proposed to have become {new}: {why}"
        )
    known = again.height
    renames = rows.filter(seen).with_columns(pl.col("_id").alias("remote_id"))
    notes = [f"{known:,} of the renames were accepted before"] if known else []
    if confirmed.rows.is_empty():
        notes = [f"{confirmed.path.name} confirms nothing: it has no rows"]
    return Accepted(
        renames.select(RENAME_SCHEMA.names()).sort("old"), notes=tuple(notes)
    )


def _people(joined: Mapping[Entity, pl.DataFrame]) -> pl.DataFrame:
    parts = [
        frame.select(
            KEY,
            "in_drop",
            "in_remote",
            "was_active",
            (
                pl.col(f"r:{REMOTE_ID}")
                if f"r:{REMOTE_ID}" in frame.columns
                else pl.lit(None, dtype=pl.String)
            ).alias("_now"),
        )
        for entity, frame in joined.items()
        if entity in PEOPLE
    ]
    empty = {
        KEY: pl.String(),
        "in_drop": pl.Boolean(),
        "in_remote": pl.Boolean(),
        "was_active": pl.Boolean(),
        "_now": pl.String(),
    }
    return pl.concat([pl.DataFrame(schema=empty), *parts])


def _known(people: pl.DataFrame) -> pl.Expr:
    """Whether the new key means that record by now: it is there under the identifier,
    or under another one than its own while the old key is nowhere."""
    nowhere = ~pl.col("old").is_in(people[KEY].implode())
    given = pl.col("_now") != pl.col("new")
    named = (pl.col("_now") == pl.col("old")) | (given & nowhere)
    return (pl.col("in_remote") & named).fill_null(value=False)


def _why_not(people: pl.DataFrame, old: str, new: str) -> str:
    facts = {
        key: (in_drop, in_remote, active)
        for key, in_drop, in_remote, active in people.filter(
            pl.col(KEY).is_in([old, new])
        )
        .select(KEY, "in_drop", "in_remote", "was_active")
        .rows()
    }
    none = (False, False, False)
    old_in_drop, old_there, active = facts.get(old, none)
    new_in_drop, new_there, _ = facts.get(new, none)
    reasons = (
        (not new_in_drop, "the drop has no such row"),
        (not old_there, "the target holds no such record"),
        (new_there, "the target holds the new id itself"),
        (old_in_drop, "the drop has a row of the old id as well"),
        (not active, "that record has ended"),
    )
    nothing = "they have no e-mail, username, identifier or birth date in common, or "
    return next(
        (why for met, why in reasons if met),
        f"{nothing}not the given name",
    )
