"""The rows of a file with the cells of other files beside them.

In: a raw table, the joins of a mapping's table, and the drop. Out: the same rows, with
columns ``NAME.header`` for what the mapping uses of a joined file, and which of them
cannot be told because the other file says different things under one key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sync.mapping.model import Join, MappingFile, TableModel
from sync.mapping.steps import chosen
from sync.model.roster import ROW, Drop, RawTable, matches

AMBIGUOUS = "_ambiguous"
"""The first join whose file has several different rows for the key of this one."""

_KEY = "_on"


@dataclass(frozen=True, slots=True)
class Beside:
    """A joined file: its frame under the names ``NAME.header``, with ``_on``."""

    name: str
    join: Join
    on: str
    """The header of the table's own file, or of an earlier join, as it is written."""
    frame: pl.DataFrame
    files: tuple[str, ...]


Aliases = Mapping[str, Sequence[str]]
"""Header in lower case -> its known misspellings."""


def aliases_of(mapping: MappingFile) -> Aliases:
    """The misspellings that a mapping knows, in whichever table."""
    found: dict[str, list[str]] = {}
    for one in mapping.tables:
        for steps in one.columns.values():
            for header in steps.from_ or ():
                found.setdefault(header.casefold(), []).extend(steps.aliases)
    return found


def beside(
    raw: RawTable, table: TableModel, drop: Drop, aliases: Aliases
) -> list[Beside]:
    """The joined files that are there and have the key; the others have no columns."""
    found: list[Beside] = []
    for name, join in table.join.items():
        on = header_of((*raw.headers, *headers(found)), join.on, aliases)
        others = [_keyed(other, join, aliases) for other in files_of(drop, join)]
        frames = [frame for frame in others if frame is not None]
        if on is None or not frames:
            continue
        whole = pl.concat(frames, how="diagonal").with_columns(
            pl.all().exclude(_KEY).fill_null("")
        )
        whole = _standing(whole)
        named = whole.rename(
            {one: f"{name}.{one}" for one in whole.columns if one != _KEY}
        )
        files = tuple(other.file for other in files_of(drop, join))
        found.append(Beside(name, join, on, named, files))
    return found


def _standing(rows: pl.DataFrame) -> pl.DataFrame:
    """Without rows that are to be deleted, where their key has others."""
    status = header_of(rows.columns, "status")
    if status is None:
        return rows
    gone = _trimmed(status).str.to_lowercase() == "tobedeleted"
    return rows.filter(~gone | gone.all().over(_KEY))


def lacking(table: TableModel, drop: Drop) -> list[str]:
    """The patterns of the joined files of which the drop has none, or no row."""
    return [
        ", ".join(join.files)
        for join in table.join.values()
        if not _has_rows(drop, join)
    ]


def _has_rows(drop: Drop, join: Join) -> bool:
    return any(raw.rows for raw in files_of(drop, join))


def absent(table: TableModel, drop: Drop) -> tuple[str, ...]:
    """How the headers of joined files begin that are not in the drop, or that are
    joined through one that is not."""
    names: tuple[str, ...] = ()
    for name, join in table.join.items():
        if not files_of(drop, join) or join.on.startswith(names):
            names = (*names, f"{name}.")
    return names


def join_of(table: TableModel, header: str) -> str | None:
    """The name of the join whose header this is; None for the file's own."""
    return next((name for name in table.join if header.startswith(f"{name}.")), None)


def headers(joined: Iterable[Beside]) -> list[str]:
    """The names under which cells of the joined files can be used."""
    return [one for each in joined for one in each.frame.columns if one != _KEY]


def only(
    frame: pl.DataFrame,
    joined: Sequence[Beside],
    conditions: Mapping[str, Sequence[str]],
    *,
    keep: bool,
) -> pl.DataFrame:
    """The rows that every condition lets through, or that none of them takes out.

    Of a joined file one row that has the value is enough. A header that is not there
    takes nothing out; of those that let rows through none is missing here.
    """
    for header, values in conditions.items():
        other = _with(header, joined)
        if other is not None:
            met = _leads_to(other.frame.filter(chosen(values, header)), other, joined)
        elif header in frame.columns:
            met = chosen(values, header)
        else:
            continue
        frame = frame.filter(met if keep else ~met)
    return frame


def _with(header: str, joined: Iterable[Beside]) -> Beside | None:
    return next((one for one in joined if header in one.frame.columns), None)


def _leads_to(rows: pl.DataFrame, other: Beside, joined: Sequence[Beside]) -> pl.Expr:
    """Whether a row of the table's own file comes to one of the rows of ``other``,
    through however many joins."""
    met = _trimmed(other.on).is_in(rows[_KEY].unique().implode())
    before = _with(other.on, joined)
    if before is None:
        return met
    return _leads_to(before.frame.filter(met), before, joined)


def with_joined(
    frame: pl.DataFrame, joined: Sequence[Beside], used: Iterable[str]
) -> pl.DataFrame:
    """The rows with the used columns of the joined files, and ``_ambiguous``."""
    wanted = {*used, *(one.on for one in joined)}
    frame = frame.with_columns(pl.lit(None, pl.String).alias(AMBIGUOUS))
    for one in joined:
        names = [name for name in one.frame.columns if name in wanted]
        if names:
            frame = _with_one(frame, one, names)
    return frame


def _with_one(frame: pl.DataFrame, one: Beside, names: list[str]) -> pl.DataFrame:
    rows = one.frame.select(_KEY, *map(_trimmed, names)).unique(maintain_order=True)
    frame = frame.with_columns(_trimmed(one.on).alias(_KEY))
    if not one.join.many:
        again = rows.filter(pl.col(_KEY).is_duplicated())[_KEY].unique()
        rows = rows.unique(_KEY, keep="none", maintain_order=True)
        several = pl.when(pl.col(_KEY).is_in(again.implode())).then(pl.lit(one.name))
        frame = frame.with_columns(pl.coalesce(AMBIGUOUS, several).alias(AMBIGUOUS))
    return (
        frame.join(rows, on=_KEY, how="left", maintain_order="left")
        .with_columns(pl.col(names).fill_null(""))
        .drop(_KEY)
    )


def root(one: Beside, joined: Sequence[Beside]) -> str:
    """The header of the table's own file that in the end leads to a joined one."""
    before = _with(one.on, joined)
    return one.on if before is None else root(before, joined)


def roots(joined: Sequence[Beside]) -> dict[str, str]:
    """``NAME.header`` -> the header of the table's own file that leads to it."""
    return {
        name: root(one, joined)
        for one in joined
        for name in one.frame.columns
        if name != _KEY
    }


def files_of(drop: Drop, join: Join) -> list[RawTable]:
    """The files of the drop that a join names."""
    return [
        raw for file, raw in sorted(drop.tables.items()) if matches(file, join.files)
    ]


def _keyed(other: RawTable, join: Join, aliases: Aliases) -> pl.DataFrame | None:
    key = header_of(other.headers, join.key or join.on, aliases)
    if key is None:
        return None
    rows = other.frame.drop(ROW).with_columns(_trimmed(key).alias(_KEY))
    return rows.filter(pl.col(_KEY) != "")


def header_of(
    headers: Iterable[str], name: str, aliases: Aliases | None = None
) -> str | None:
    """A header as it is written, in any case, or else a known misspelling of it."""
    known = {one.casefold(): one for one in headers}
    wanted = name.strip().casefold()
    names = (wanted, *(one.casefold() for one in (aliases or {}).get(wanted, ())))
    return next((known[one] for one in names if one in known), None)


def _trimmed(header: str) -> pl.Expr:
    return pl.col(header).str.strip_chars()
